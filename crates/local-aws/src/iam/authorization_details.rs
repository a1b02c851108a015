//! `GetAccountAuthorizationDetails`: all users, groups, roles and policies at once.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    attached_policies,
    call::{Call, input},
    documents::url_encoded,
    groups, instance_profiles,
    managed_policies::{self, of_aws, told_version},
    paging::{Entry, Page},
    records::{Carried, Group, ManagedPolicy, Role, User},
    roles::{self, Detail},
    state::{Realm, key},
    users,
};
use crate::ServiceError;

const USERS: &str = "UserDetailList";
const GROUPS: &str = "GroupDetailList";
const ROLES: &str = "RoleDetailList";
const POLICIES: &str = "Policies";

#[derive(Deserialize)]
struct Get {
    #[serde(rename = "Filter", default)]
    filter: Vec<Kind>,
    #[serde(flatten)]
    page: Page,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
enum Kind {
    User,
    Role,
    Group,
    LocalManagedPolicy,
    #[serde(rename = "AWSManagedPolicy")]
    AwsManagedPolicy,
}

/// What is told of, before it is.
enum Entity<'r> {
    User(&'r User),
    Group(&'r Group),
    Role(&'r Role),
    Policy(&'r ManagedPolicy),
    /// Of AWS, by its ARN.
    PolicyOfAws(&'r str),
}

pub(super) fn get(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Get { filter, page } = input(value)?;
    let realm = call.realm();
    let is_meant = |kind| filter.is_empty() || filter.contains(&kind);
    let users = realm.users.iter().filter(|_| is_meant(Kind::User));
    let users = users.map(|(key, user)| entry(0, USERS, key, Entity::User(user)));
    let groups = realm.groups.iter().filter(|_| is_meant(Kind::Group));
    let groups = groups.map(|(key, group)| entry(1, GROUPS, key, Entity::Group(group)));
    let roles = realm.roles.iter().filter(|_| is_meant(Kind::Role));
    let roles = roles.map(|(key, role)| entry(2, ROLES, key, Entity::Role(role)));
    let own = realm.policies.iter().filter(|_| is_meant(Kind::LocalManagedPolicy));
    let own = own.map(|(key, policy)| entry(3, POLICIES, key, Entity::Policy(policy)));
    // Of AWS's own those that somebody carries.
    let of_aws = realm
        .policies_in_use()
        .into_iter()
        .filter(|arn| is_meant(Kind::AwsManagedPolicy) && of_aws::is_known(call, arn));
    let of_aws = of_aws.map(|arn| entry(4, POLICIES, arn, Entity::PolicyOfAws(arn)));
    page.of_lists(
        &[USERS, GROUPS, ROLES, POLICIES],
        users.chain(groups).chain(roles).chain(own).chain(of_aws),
        |entity| told(call, &realm, entity),
    )
}

fn entry<'r>(order: u8, list: &'static str, key: &str, entity: Entity<'r>) -> Entry<Entity<'r>> {
    (format!("{order}/{key}"), list, entity)
}

fn told(call: &Call<'_>, realm: &Realm, entity: Entity<'_>) -> Value {
    match entity {
        Entity::User(user) => {
            let member = key(&user.name);
            let groups = realm.groups.values().filter(|group| group.members.contains_key(&member));
            let names: Vec<&str> = groups.map(|group| group.name.as_str()).collect();
            let carried = [("GroupList", json!(names)), ("UserPolicyList", inline(&user.carried))];
            with(users::told(user, true), &user.carried, carried)
        }
        Entity::Group(group) => {
            with(groups::told(group), &group.carried, [("GroupPolicyList", inline(&group.carried))])
        }
        Entity::Role(role) => {
            let profiles = instance_profiles::of_role(realm, &role.name);
            let profiles: Vec<Value> =
                profiles.map(|profile| instance_profiles::told(call, realm, profile, false)).collect();
            let carried = [("InstanceProfileList", json!(profiles)), ("RolePolicyList", inline(&role.carried))];
            let mut told = with(roles::told(call, role, Detail::Whole), &role.carried, carried);
            if let Some(fields) = told.as_object_mut() {
                // The details have neither.
                fields.remove("Description");
                fields.remove("MaxSessionDuration");
            }
            told
        }
        Entity::Policy(policy) => whole(realm, policy),
        // It was known when the page was made.
        Entity::PolicyOfAws(arn) => of_aws::find(call, arn).map_or(Value::Null, |policy| whole(realm, &policy)),
    }
}

fn whole(realm: &Realm, policy: &ManagedPolicy) -> Value {
    let versions = policy.versions.iter().rev();
    let versions: Vec<Value> =
        versions.map(|(number, version)| told_version(*number, version, *number == policy.default, true)).collect();
    let mut told = managed_policies::told(realm, &policy.head());
    if let Some(fields) = told.as_object_mut() {
        fields.insert("PolicyVersionList".into(), versions.into());
    }
    told
}

fn with<const N: usize>(mut told: Value, carried: &Carried, more: [(&str, Value); N]) -> Value {
    let attached: Vec<Value> = carried.attached.iter().map(|arn| attached_policies::told(arn)).collect();
    if let Some(fields) = told.as_object_mut() {
        fields.insert("AttachedManagedPolicies".into(), attached.into());
        fields.extend(more.into_iter().map(|(member, value)| (member.to_owned(), value)));
    }
    told
}

fn inline(carried: &Carried) -> Value {
    let policies = carried.inline.iter();
    policies.map(|(name, document)| json!({ "PolicyName": name, "PolicyDocument": url_encoded(document) })).collect()
}
