//! The facts that decisions rest on: accounts and their principals, the organization, keys and grants, the policies
//! of all of them. Plain data, compiled as it is put in, changed entry by entry.

mod grant;
mod key;
mod organization;
mod principal;

use std::collections::HashMap;

use aws_model::{AccountId, KeyArn};

pub use grant::{
    ContextConstraint, Grant, GrantConstraints, GrantOperation, GrantOperations, GrantPrincipal, Grants,
    InvalidGrantPrincipal,
};
pub use key::{Key, KeyManager, KeyState, KeyUsage};
pub use organization::{Organization, OrganizationNode, OrganizationPath};
pub use principal::{AttachedPolicy, Identity, PolicyOrigin, ResourcePolicy, Role, User};

/// Everything that is known.
#[derive(Clone, Debug, Default)]
pub struct World {
    pub(crate) accounts: HashMap<AccountId, Account>,
    pub(crate) organization: Option<Organization>,
}

/// What is known of one account. An account of which nothing is known is not in the world, and what it allows is
/// unknown, not denied.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// By ARN.
    pub(crate) users: HashMap<Box<str>, User>,
    /// By ARN.
    pub(crate) roles: HashMap<Box<str>, Role>,
    pub(crate) keys: HashMap<KeyArn, Key>,
    /// Other resources that have a policy or tags, by ARN.
    pub(crate) resources: HashMap<Box<str>, OtherResource>,
}

/// A resource that is neither a role nor a key.
#[derive(Clone, Debug, Default)]
pub struct OtherResource {
    /// Its policy, if it has one.
    pub policy: Option<ResourcePolicy>,
    /// Its tags.
    pub tags: std::collections::BTreeMap<String, String>,
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
        self.accounts.get(&id)
    }

    /// An account, made known if it was not.
    pub fn account_mut(&mut self, id: AccountId) -> &mut Account {
        self.accounts.entry(id).or_default()
    }

    /// A key, if it is known.
    #[must_use]
    pub fn key(&self, arn: &KeyArn) -> Option<&Key> {
        self.accounts.get(&arn.account())?.keys.get(arn)
    }

    /// The organization, if one is known.
    #[must_use]
    pub const fn organization(&self) -> Option<&Organization> {
        self.organization.as_ref()
    }
}
