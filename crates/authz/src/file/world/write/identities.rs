//! Users, roles, groups and managed policies.

use std::collections::{BTreeMap, HashMap};

use aws_model::Arn;

use super::{Json, Written, no_form, saved_policy};
use crate::world::{Account, AttachedPolicy, Group, Identity, PolicyOrigin, Role, User, World};

pub(super) fn write(json: &mut Json, world: &World) -> Written {
    let managed: BTreeMap<_, _> = world.managed_policies().collect();
    json.mapping("managedPolicies", managed, |json, policy| json.text(policy.source().text()))?;

    let accounts = || world.accounts().map(|(_, account)| account);
    let groups: BTreeMap<_, _> = accounts().flat_map(Account::groups).map(|group| (&group.arn, group)).collect();
    json.mapping("groups", by_text(groups), |json, group: &Group| json.map(|json| policies(json, &group.policies)))?;

    let groups = groups_of_users(world);
    let users: BTreeMap<_, _> = accounts().flat_map(Account::users).map(|user| (&user.identity.arn, user)).collect();
    json.mapping("users", by_text(users), |json, user: &User| {
        json.map(|json| {
            json.entry("id")?.text(&user.identity.unique_id)?;
            json.words("groups", groups.get(user.identity.arn.as_str()).into_iter().flatten())?;
            carried(json, &user.identity)
        })
    })?;

    let roles: BTreeMap<_, _> = accounts().flat_map(Account::roles).map(|role| (&role.identity.arn, role)).collect();
    json.mapping("roles", by_text(roles), |json, role: &Role| json.map(|json| self::role(json, world, role)))
}

fn role(json: &mut Json, world: &World, role: &Role) -> Written {
    json.entry("id")?.text(&role.identity.unique_id)?;
    saved_policy(json, "trust", world, &role.trust)?;
    carried(json, &role.identity)?;
    if role.max_session.subsec_nanos() != 0 {
        return Err(no_form(role.identity.arn.as_str(), "its sessions last no whole number of seconds"));
    }
    json.entry("maxSession")?.number(role.max_session.as_secs())
}

/// What users and roles have in common.
fn carried(json: &mut Json, identity: &Identity) -> Written {
    policies(json, &identity.policies)?;
    match identity.boundary.as_ref().map(|boundary| &boundary.origin) {
        None => {}
        Some(PolicyOrigin::Managed(arn)) => json.entry("boundary")?.text(arn)?,
        Some(_) => return Err(no_form(identity.arn.as_str(), "its boundary is no managed policy")),
    }
    json.texts("tags", &identity.tags)
}

/// What is carried, but for what comes by a group, which is written there.
fn policies(json: &mut Json, carried: &[AttachedPolicy]) -> Written {
    let inline = carried.iter().filter_map(|attached| match &attached.origin {
        PolicyOrigin::Inline(name) => Some((name, &attached.policy)),
        _ => None,
    });
    json.mapping("policies", inline, |json, policy| json.text(policy.source().text()))?;
    let managed = carried.iter().filter_map(|attached| match &attached.origin {
        PolicyOrigin::Managed(arn) => Some(arn),
        _ => None,
    });
    json.words("managed", managed)
}

/// The names of each user's groups, by the user's ARN.
fn groups_of_users(world: &World) -> HashMap<&str, Vec<&str>> {
    let mut of_users: HashMap<&str, Vec<&str>> = HashMap::new();
    for (_, account) in world.accounts() {
        // By name, which no two groups of an account have in common.
        let named: BTreeMap<&str, &Group> = account.groups().map(|group| (group.name(), group)).collect();
        for (name, group) in named {
            group.members().for_each(|user| of_users.entry(user).or_default().push(name));
        }
    }
    of_users
}

fn by_text<T>(by_arn: BTreeMap<&Arn, T>) -> impl Iterator<Item = (&str, T)> {
    by_arn.into_iter().map(|(arn, of)| (arn.as_str(), of))
}
