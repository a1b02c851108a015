//! One account.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use aws_model::{AccountId, KeyArn};

use super::{Group, Key, ResourcePolicy, Role, User, aliases::Aliases, managed::ManagedPolicies};

/// What is known of one account. An account of which nothing is known is not in the world, and what it allows is
/// unknown, not denied.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// What people call it.
    pub name: Option<Box<str>>,
    /// Whether it may have users and roles that nobody told of. What those may do is unknown; where it is `false`, who
    /// is not here does not exist.
    pub identities_are_partial: bool,
    /// By ARN.
    pub(crate) users: HashMap<Box<str>, Arc<User>>,
    /// By ARN.
    pub(crate) roles: HashMap<Box<str>, Arc<Role>>,
    pub(super) keys: HashMap<KeyArn, Arc<Key>>,
    pub(super) aliases: Aliases,
    /// Other resources that have a policy or tags, by ARN.
    pub(crate) resources: HashMap<Box<str>, OtherResource>,
    /// By ARN.
    pub(super) groups: HashMap<Box<str>, Group>,
    /// The account's own managed policies, and who carries those and AWS's.
    pub(super) managed: ManagedPolicies,
}

/// A resource that is neither a role nor a key.
#[derive(Clone, Debug, Default)]
pub struct OtherResource {
    /// Its policy, if it has one.
    pub policy: Option<ResourcePolicy>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

impl Account {
    /// A user by its ARN.
    #[must_use]
    pub fn user(&self, arn: &str) -> Option<&User> {
        self.users.get(arn).map(Arc::as_ref)
    }

    /// A role by its ARN.
    #[must_use]
    pub fn role(&self, arn: &str) -> Option<&Role> {
        self.roles.get(arn).map(Arc::as_ref)
    }

    /// A role by its name, which is unique in an account whatever the path. Looks at every role.
    #[must_use]
    pub fn role_named(&self, name: &str) -> Option<&Role> {
        self.roles.values().map(Arc::as_ref).find(|role| role.identity.name() == name)
    }

    /// A group by its ARN.
    #[must_use]
    pub fn group(&self, arn: &str) -> Option<&Group> {
        self.groups.get(arn)
    }

    /// A key by its ARN.
    #[must_use]
    pub fn key(&self, arn: &KeyArn) -> Option<&Key> {
        self.keys.get(arn).map(Arc::as_ref)
    }

    /// Another resource by its ARN.
    #[must_use]
    pub fn resource(&self, arn: &str) -> Option<&OtherResource> {
        self.resources.get(arn)
    }

    /// Every user, in no order.
    pub fn users(&self) -> impl Iterator<Item = &User> {
        self.users.values().map(Arc::as_ref)
    }

    /// Every role, in no order.
    pub fn roles(&self) -> impl Iterator<Item = &Role> {
        self.roles.values().map(Arc::as_ref)
    }

    /// Every key, in no order.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.keys.values().map(Arc::as_ref)
    }

    /// Every group, in no order.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.values()
    }

    /// Every other resource that has a policy or tags, by ARN, in no order.
    pub fn resources(&self) -> impl Iterator<Item = (&str, &OtherResource)> {
        self.resources.iter().map(|(arn, resource)| (arn.as_ref(), resource))
    }
}

impl super::World {
    /// Puts the policy and tags of a resource that is neither a role nor a key, in place of what was known of it.
    ///
    /// `owner` is the account of the ARN, or whose it is where the ARN does not say.
    pub fn put_resource(&mut self, owner: AccountId, arn: &str, resource: OtherResource) {
        self.account_mut(owner).resources.insert(arn.into(), resource);
    }

    /// Takes such a resource away. Answers whether it was known.
    pub fn remove_resource(&mut self, owner: AccountId, arn: &str) -> bool {
        let account = self.accounts.get_mut(&owner).map(Arc::make_mut);
        account.is_some_and(|account| account.resources.remove(arn).is_some())
    }
}
