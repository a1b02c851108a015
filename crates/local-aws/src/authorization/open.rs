//! Accounts of which nobody told the users and roles.
//!
//! An account that was merely named (an option, a credential, the admin route), or whose entry in the world file says
//! `identities: partial`, is *open*: a role or user of it that nobody declared is an administrator. It carries a policy
//! that allows everything, a trust policy that lets everybody assume it whose own account lets them, and sessions of up
//! to twelve hours. It is put into the world when it is first met, so that from then on the model decides about it as
//! about any other. In every other account, who is not declared does not exist.
//!
//! An open account is one until IAM makes its first user or role: from then on it has those that were made or met, and
//! no others. What it keeps of its openness is that its root user may assume roles. An account that the world file
//! calls partial stays open.

use std::sync::{Arc, PoisonError};

use authz::{
    policy::{Policy, PolicyKind},
    principal::Principal,
    text::SourceText,
    world::{ChangeError, World},
};
use aws_model::{AccountId, Arn, Partition};
use jiff::SignedDuration;

use super::Authorizer;
use crate::accounts::unique_id;

/// How many roles an account has at most, so that nobody fills the memory with names.
///
/// Source: IAM User Guide, "IAM and AWS STS quotas": 1,000 roles in an account, up to 5,000 on request.
const MOST_ROLES: usize = 5000;

/// The most that a role's `MaxSessionDuration` can be.
///
/// Source: IAM API Reference, "CreateRole".
const LONGEST_SESSION: SignedDuration = SignedDuration::from_hours(12);

const EVERYTHING: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
const EVERYBODY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity","sts:SetContext"]}]}"#;

/// What an undeclared user or role carries.
#[derive(Debug)]
pub(super) struct Administrators {
    // INVARIANT: both are there, since both texts are policies; a test reads them. Without them nobody is declared.
    policy: Option<Arc<Policy>>,
    trust: Option<Arc<Policy>>,
}

impl Administrators {
    pub(super) fn new() -> Self {
        let read = |name: &str, text: &str, kind| Policy::parse(SourceText::new(name, text), kind).ok().map(Arc::new);
        Self {
            policy: read("of an undeclared user or role", EVERYTHING, PolicyKind::Identity),
            trust: read("trust policy of an undeclared role", EVERYBODY, PolicyKind::Trust),
        }
    }
}

impl Authorizer {
    /// Makes an account known, as an open one if nothing was known of it.
    pub(crate) fn name(&self, account: AccountId) {
        if self.world().account(account).is_none() {
            self.change(|world| open(world, account));
        }
    }

    /// Declares the caller, if it is an undeclared one of an open account. A signature proved who it is.
    pub(crate) fn admit(&self, principal: &Principal) {
        let arn = match principal {
            Principal::User(arn) => arn,
            Principal::Session(session) => &session.role,
            _ => return,
        };
        let Some(account) = principal.account() else { return };
        // A role of a service itself (`aws:ec2-infrastructure`) is nobody's to declare, and may what grants let it.
        if arn.resource().starts_with("role/aws:") {
            return;
        }
        let is_known = {
            let world = self.world();
            world.account(account).is_some_and(|known| !known.identities_are_partial) || world.identity(arn).is_some()
        };
        if !is_known {
            self.change(|world| {
                open(world, account);
                self.declare(world, account, arn);
            });
        }
    }

    /// Declares a role that is to be assumed, if it is an undeclared one of an open account that is known.
    pub(crate) fn admit_role(&self, role: &Arn, partition: Partition) {
        let Ok(account) = role.account().parse() else { return };
        let is_meant = role.partition() == partition.as_str() && role.service() == "iam" && role.region().is_empty();
        let name = role.resource().strip_prefix("role/").unwrap_or_default();
        let is_undeclared = {
            let world = self.world();
            world.account(account).is_some_and(|known| known.identities_are_partial) && world.role(role).is_none()
        };
        if is_meant && is_undeclared && !name.is_empty() && !name.ends_with('/') {
            self.change(|world| self.declare(world, account, role));
        }
    }

    /// Closes an open account: who was not met yet does not exist any more.
    pub(crate) fn close(&self, account: AccountId, partition: Partition) {
        let stand_in = root_stand_in(account, partition);
        self.closed.write().unwrap_or_else(PoisonError::into_inner).insert(account);
        self.change(|world| {
            open(world, account);
            if let Some(stand_in) = &stand_in {
                self.declare(world, account, stand_in);
            }
            world.account_mut(account).identities_are_partial = false;
        });
    }

    /// Whether the root user of an account may assume roles, which it may not on AWS.
    pub(crate) fn root_may_assume(&self, account: AccountId) -> bool {
        self.is_open(account) || self.closed.read().unwrap_or_else(PoisonError::into_inner).contains(&account)
    }

    /// Whether the users and roles of an account need not be declared.
    pub(crate) fn is_open(&self, account: AccountId) -> bool {
        self.world().account(account).is_none_or(|account| account.identities_are_partial)
    }

    fn declare(&self, world: &mut World, account: AccountId, arn: &Arn) {
        let Administrators { policy: Some(policy), trust: Some(trust) } = &self.administrators else { return };
        let known = world.account(account).map_or(0, |account| account.roles().count() + account.users().count());
        if world.identity(arn).is_some() || known >= MOST_ROLES {
            return;
        }
        let is_role = arn.resource().starts_with("role/");
        let put = |world: &mut World| {
            if is_role {
                world.put_role(arn, &unique_id("AROA", arn), Arc::clone(trust))
            } else {
                world.put_user(arn, &unique_id("AIDA", arn))
            }
        };
        let declared = match put(world) {
            // A name is one role's, whatever its path, and nobody told which path this one has: it is where it was asked
            // for last.
            Err(ChangeError::NameTaken { by, .. }) if undeclared(world, &by, policy) => put(world),
            declared => declared,
        };
        let declared = declared
            .and_then(|()| world.put_inline_policy(arn, "administrator", Arc::clone(policy)))
            .and_then(|()| if is_role { world.set_max_session(arn, LONGEST_SESSION) } else { Ok(()) });
        if let Err(refused) = declared {
            tracing::debug!(%arn, %refused, "not declared");
        }
    }
}

/// Takes a user or role away, if it is one that nobody told.
fn undeclared(world: &mut World, arn: &str, administrator: &Arc<Policy>) -> bool {
    let Ok(arn) = arn.parse::<Arn>() else { return false };
    let carried = world.identity(&arn).map(|identity| identity.policies.as_slice());
    matches!(carried, Some([only]) if Arc::ptr_eq(&only.policy, administrator)) && world.remove_identity(&arn).is_ok()
}

/// The name of the user as whom the root user of an open account assumes roles. IAM makes none of this name.
const ROOT_STAND_IN: &str = "user/(root)";

/// That user.
pub(crate) fn root_stand_in(account: AccountId, partition: Partition) -> Option<Arn> {
    format!("arn:{partition}:iam::{account}:{ROOT_STAND_IN}").parse().ok()
}

/// The facts without those users, as others are told them, to whom they would be users like any other.
pub(crate) fn without_stand_ins(mut world: World) -> World {
    let users = world.accounts().flat_map(|(_, account)| account.users()).map(|user| &user.identity.arn);
    let stand_ins: Vec<Arn> = users.filter(|arn| arn.resource() == ROOT_STAND_IN).cloned().collect();
    for stand_in in &stand_ins {
        // It is there: it was just found.
        let _ = world.remove_identity(stand_in);
    }
    world
}

fn open(world: &mut World, account: AccountId) {
    if world.account(account).is_none() {
        world.account_mut(account).identities_are_partial = true;
    }
}
