//! The facts that decisions rest on: accounts and their principals, the organization, keys and grants, the policies
//! of all of them.
//!
//! Plain data, compiled as it is put in, changed entry by entry: each change touches what it names and those that carry
//! it, never the whole. Everything below an account is shared, so a copy of a world is cheap. The first change to the
//! copy copies the tables of the account that it touches, which only point to its roles, keys and policies, and of a key
//! its grants' tables; the benchmark `decide` tells what that takes in a large world.

mod account;
mod aliases;
mod change;
mod grant;
mod group;
mod identities;
mod key;
mod keys;
mod managed;
mod names;
mod organization;
mod principal;

use std::{collections::HashMap, sync::Arc};

use aws_model::{AccountId, Arn, KeyArn};

pub use account::{Account, OtherResource};
pub(crate) use change::nearest;
pub use change::{ChangeError, Thing};
pub use grant::{
    ContextConstraint, Grant, GrantConstraints, GrantOperation, GrantOperations, GrantPrincipal, Grants,
    InvalidGrantPrincipal,
};
pub use group::Group;
pub use key::{Key, KeyManager, KeyState, KeyUsage, Untold};
pub use organization::{FULL_RESOURCE_CONTROL, FULL_SERVICE_CONTROL, Organization, OrganizationNode, OrganizationPath};
pub use principal::{AttachedPolicy, Identity, PolicyOrigin, ResourcePolicy, Role, User};

use self::managed::ManagedPolicies;

/// Everything that is known.
#[derive(Clone, Debug, Default)]
pub struct World {
    pub(crate) accounts: HashMap<AccountId, Arc<Account>>,
    pub(crate) organization: Option<Organization>,
    /// Whose the resources are whose ARNs tell no account, as those of buckets: their names are unique everywhere.
    owners: HashMap<Box<str>, AccountId>,
    /// The managed policies of AWS itself, which belong to no account.
    aws_policies: Arc<ManagedPolicies>,
}

impl World {
    /// A world of which nothing is known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What is known of an account.
    #[must_use]
    pub fn account(&self, id: AccountId) -> Option<&Account> {
        self.accounts.get(&id).map(Arc::as_ref)
    }

    /// Every account of which something is known, in no order.
    pub fn accounts(&self) -> impl Iterator<Item = (AccountId, &Account)> {
        self.accounts.iter().map(|(id, account)| (*id, account.as_ref()))
    }

    /// An account, made known if it was not.
    pub fn account_mut(&mut self, id: AccountId) -> &mut Account {
        Arc::make_mut(self.accounts.entry(id).or_default())
    }

    /// Forgets an account: what it allows is unknown from now on. Answers whether it was known.
    pub fn remove_account(&mut self, id: AccountId) -> bool {
        self.owners.retain(|_, owner| *owner != id);
        self.accounts.remove(&id).is_some()
    }

    /// A user, if it is known.
    #[must_use]
    pub fn user(&self, arn: &Arn) -> Option<&User> {
        self.account(arn.account().parse().ok()?)?.user(arn.as_str())
    }

    /// A role, if it is known.
    #[must_use]
    pub fn role(&self, arn: &Arn) -> Option<&Role> {
        self.account(arn.account().parse().ok()?)?.role(arn.as_str())
    }

    /// What a user or role has in common, if it is known.
    #[must_use]
    pub fn identity(&self, arn: &Arn) -> Option<&Identity> {
        self.user(arn).map(|user| &user.identity).or_else(|| self.role(arn).map(|role| &role.identity))
    }

    /// A key, if it is known.
    #[must_use]
    pub fn key(&self, arn: &KeyArn) -> Option<&Key> {
        self.account(arn.account())?.key(arn)
    }

    /// A managed policy of an account or of AWS, if it is known. One of AWS that nobody told is as AWS publishes it.
    #[must_use]
    pub fn managed_policy(&self, arn: &str) -> Option<&Arc<crate::policy::Policy>> {
        let own = arn.parse::<Arn>().ok().and_then(|arn| arn.account().parse().ok()).and_then(|id| self.account(id));
        let of_aws = || self.aws_policies.get(arn).or_else(|| managed::published(arn));
        own.map_or_else(of_aws, |account| account.managed.get(arn))
    }

    /// Every managed policy of AWS itself that was told, by ARN, in no order.
    pub fn aws_managed_policies(&self) -> impl Iterator<Item = (&str, &Arc<crate::policy::Policy>)> {
        self.aws_policies.iter()
    }

    /// The organization, if one is known.
    #[must_use]
    pub const fn organization(&self) -> Option<&Organization> {
        self.organization.as_ref()
    }
}
