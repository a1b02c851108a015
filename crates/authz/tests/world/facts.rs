//! All that a world says, as texts that can be compared: told by what the world answers, not by what writes it.

use authz::{
    policy::Policy,
    world::{AttachedPolicy, Group, Identity, Key, OrganizationNode, PolicyOrigin, ResourcePolicy, World},
};

/// Every fact of a world, in order.
pub(crate) fn facts(world: &World) -> Vec<String> {
    let mut facts = Vec::new();
    for (id, account) in world.accounts() {
        facts.push(format!("account {id} {:?} {}", account.name, account.identities_are_partial));
        facts.extend(account.users().map(|user| format!("{id} user {}", identity(&user.identity))));
        facts.extend(account.roles().map(|role| {
            let trust = saved(&role.trust);
            format!("{id} role {} trusts {trust} for {:?}", identity(&role.identity), role.max_session)
        }));
        facts.extend(account.groups().map(|group| format!("{id} group {}", self::group(group))));
        facts.extend(account.keys().map(|key| format!("{id} key {}", self::key(key))));
        facts.extend(account.resources().map(|(arn, resource)| {
            format!("{id} resource {arn} {:?} {:?}", resource.policy.as_ref().map(saved), resource.tags)
        }));
    }
    facts.extend(world.managed_policies().map(|(arn, policy)| format!("managed {arn} {}", text(policy))));
    if let Some(organization) = world.organization() {
        facts.push(format!("organization {} {}", organization.id, organization.management_account));
        facts.extend(organization.levels().map(|(above, node)| format!("below {above:?} {}", level(node))));
        facts.extend(organization.accounts.iter().map(|(id, path)| {
            format!("path of {id} {:?}", path.levels.iter().map(|node| level(node)).collect::<Vec<_>>())
        }));
    }
    facts.sort();
    facts
}

fn text(policy: &Policy) -> String {
    format!("{:?} {:?}", policy.kind(), policy.source().text())
}

fn attached(policies: &[AttachedPolicy]) -> Vec<(&PolicyOrigin, String)> {
    let mut policies: Vec<_> =
        policies.iter().map(|attached| (&attached.origin, self::text(&attached.policy))).collect();
    policies.sort();
    policies
}

fn saved(saved: &ResourcePolicy) -> String {
    format!("{} {:?}", text(&saved.policy), saved.saved_ids)
}

fn identity(identity: &Identity) -> String {
    let Identity { arn, unique_id, policies, boundary, tags } = identity;
    format!("{arn} {unique_id} {:?} within {:?} {tags:?}", attached(policies), attached(boundary.as_slice()))
}

fn group(group: &Group) -> String {
    format!("{} {:?} {:?}", group.arn, attached(&group.policies), group.members().collect::<Vec<_>>())
}

fn key(key: &Key) -> String {
    let Key { arn, policy, state, usage, manager, attributes, tags, aliases, grants, untold } = key;
    let mut grants: Vec<_> = grants.iter().map(|grant| format!("{grant:?}")).collect();
    grants.sort();
    let policy = saved(policy);
    format!("{arn} {policy} {state:?} {usage:?} {manager:?} {attributes:?} {tags:?} {aliases:?} {grants:?} {untold:?}")
}

fn level(node: &OrganizationNode) -> String {
    let OrganizationNode { id, service_control, resource_control } = node;
    format!("{id} {:?} {:?}", service_control.as_deref().map(attached), resource_control.as_deref().map(attached))
}
