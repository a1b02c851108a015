//! What the world file tells, as records.

use std::sync::Arc;

use authz::{
    policy::Policy,
    world::{self, AttachedPolicy, Identity, PolicyOrigin, World},
};
use aws_model::{AccountId, Arn};
use jiff::Timestamp;

use super::{Carried, Group, ManagedPolicy, Role, User, Version};
use crate::{
    accounts::unique_id,
    iam::{documents::Trust, state::key},
};

/// The entities of a world, with their accounts.
#[derive(Default)]
pub(in crate::iam) struct Told {
    pub(in crate::iam) policies: Vec<(AccountId, ManagedPolicy)>,
    pub(in crate::iam) users: Vec<(AccountId, User)>,
    pub(in crate::iam) groups: Vec<(AccountId, Group)>,
    pub(in crate::iam) roles: Vec<(AccountId, Role)>,
}

impl Told {
    /// They were made now, as far as anybody knows.
    pub(in crate::iam) fn of(world: &World, now: Timestamp) -> Self {
        let mut told = Self::default();
        for (id, account) in world.accounts() {
            told.policies.extend(
                account
                    .managed_policies()
                    .filter_map(|(arn, policy)| Some((id, self::policy(arn.parse().ok()?, policy, now)))),
            );
            told.users.extend(account.users().map(|user| (id, self::user(user, now))));
            told.groups.extend(account.groups().map(|group| (id, self::group(group, now))));
            told.roles.extend(account.roles().map(|role| (id, self::role(role, now))));
        }
        told
    }
}

fn policy(arn: Arn, policy: &Arc<Policy>, now: Timestamp) -> ManagedPolicy {
    let (path, name) = path_and_name(&arn);
    let version = Version { document: text(policy), created: now };
    ManagedPolicy {
        id: unique_id("ANPA", &arn),
        arn,
        path,
        name,
        description: None,
        created: now,
        updated: now,
        versions: [(1, version)].into(),
        default: 1,
        next: 2,
        tags: Default::default(),
    }
}

fn user(user: &world::User, now: Timestamp) -> User {
    let identity = &user.identity;
    let (path, name) = path_and_name(&identity.arn);
    User {
        arn: identity.arn.clone(),
        id: identity.unique_id.to_string(),
        path,
        name,
        created: now,
        keys: Vec::new(),
        credentials: Default::default(),
        carried: of_identity(identity),
        tags: identity.tags.clone().into_iter().collect(),
    }
}

fn group(group: &world::Group, now: Timestamp) -> Group {
    let (path, name) = path_and_name(&group.arn);
    let members = group.members().filter_map(|arn| arn.parse::<Arn>().ok());
    Group {
        arn: group.arn.clone(),
        id: unique_id("AGPA", &group.arn),
        path,
        name,
        created: now,
        members: members.map(|arn| (key(&path_and_name(&arn).1), arn)).collect(),
        carried: carried(&group.policies),
    }
}

fn role(role: &world::Role, now: Timestamp) -> Role {
    let identity = &role.identity;
    let (path, name) = path_and_name(&identity.arn);
    let saved_ids = role.trust.saved_ids.iter().map(|(arn, id)| (arn.to_string(), id.to_string())).collect();
    Role {
        arn: identity.arn.clone(),
        id: identity.unique_id.to_string(),
        path,
        name,
        created: now,
        description: None,
        max_session: role.max_session.as_secs(),
        trust: Trust { document: text(&role.trust.policy), saved_ids },
        carried: of_identity(identity),
        tags: identity.tags.clone().into_iter().collect(),
    }
}

fn of_identity(identity: &Identity) -> Carried {
    let boundary = identity.boundary.as_ref().map(|boundary| boundary.origin.name().to_owned());
    Carried { boundary, ..carried(&identity.policies) }
}

/// The policies of one's own; those of groups are the groups'.
fn carried(policies: &[AttachedPolicy]) -> Carried {
    let mut carried = Carried::default();
    for AttachedPolicy { origin, policy } in policies {
        match origin {
            PolicyOrigin::Inline(name) => {
                carried.inline.insert(name.to_string(), text(policy));
            }
            PolicyOrigin::Managed(arn) => {
                carried.attached.insert(arn.to_string());
            }
            PolicyOrigin::GroupInline { .. } | PolicyOrigin::GroupManaged { .. } => {}
        }
    }
    carried
}

fn text(policy: &Policy) -> String {
    policy.source().text().to_owned()
}

/// `/a/b/` and `c` of `role/a/b/c`.
pub(in crate::iam) fn path_and_name(arn: &Arn) -> (String, String) {
    let (_, rest) = arn.resource().split_once('/').unwrap_or_default();
    match rest.rsplit_once('/') {
        Some((path, name)) => (format!("/{path}/"), name.to_owned()),
        None => ("/".to_owned(), rest.to_owned()),
    }
}
