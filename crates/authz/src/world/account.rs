//! One account.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use aws_model::{AccountId, KeyArn};

use super::{Group, Key, ResourcePolicy, Role, Thing, User, aliases::Aliases, managed::ManagedPolicies, names::Names};
use crate::policy::{Policy, limits::SizeQuota};

/// What is known of one account. An account of which nothing is known is not in the world, and what it allows is
/// unknown, not denied.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// What people call it.
    pub name: Option<Box<str>>,
    /// Whether it may have users and roles that nobody told of. What those may do is unknown; where it is `false`, who
    /// is not here does not exist.
    pub identities_are_partial: bool,
    /// AWS's quota `Role trust policy length` of this account, where it was raised.
    pub raised_role_trust_policy_length: Option<usize>,
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
    /// The ARNs of users, roles and groups by kind and name, which is unique whatever the path and the case.
    pub(super) names: Names,
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
    /// How long the trust policies of its roles may be, in characters that are no white space.
    #[must_use]
    pub fn role_trust_policy_length(&self) -> usize {
        self.raised_role_trust_policy_length.unwrap_or(SizeQuota::Trust.limit())
    }

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

    /// A role by its name, which is unique in an account whatever the path.
    #[must_use]
    pub fn role_named(&self, name: &str) -> Option<&Role> {
        self.role(self.names.get(Thing::Role, name)?).filter(|role| role.identity.name() == name)
    }

    /// A group by its name, which is unique in an account whatever the path.
    #[must_use]
    pub fn group_named(&self, name: &str) -> Option<&Group> {
        self.group(self.names.get(Thing::Group, name)?).filter(|group| group.name() == name)
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

    /// Every managed policy of its own, by ARN, in no order.
    pub fn managed_policies(&self) -> impl Iterator<Item = (&str, &Arc<Policy>)> {
        self.managed.iter()
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
        if tells_no_account(arn) {
            self.owners.insert(arn.into(), owner);
        }
    }

    /// Takes such a resource away. Answers whether it was known.
    pub fn remove_resource(&mut self, owner: AccountId, arn: &str) -> bool {
        let account = self.accounts.get_mut(&owner).map(Arc::make_mut);
        let was_known = account.is_some_and(|account| account.resources.remove(arn).is_some());
        if self.owners.get(arn) == Some(&owner) {
            self.owners.remove(arn);
        }
        was_known
    }

    /// Such a resource whose ARN tells no account, as those of buckets, with the account that has it.
    pub(crate) fn resource_of_anybody(&self, arn: &str) -> Option<(AccountId, &OtherResource)> {
        let owner = *self.owners.get(arn)?;
        Some((owner, self.account(owner)?.resource(arn)?))
    }
}

fn tells_no_account(arn: &str) -> bool {
    arn.split(':').nth(4).is_none_or(str::is_empty)
}
