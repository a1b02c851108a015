//! Why what one might try first does not help.

use std::fmt;

use aws_model::{AccountId, Arn, KeyArn};

use crate::{request::Action, rules::Rule};

/// Why something that one might try first is not proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The policies of a service-linked role are its service's own.
    ServiceLinkedRole(Arn),
    /// Across accounts the key policy only passes on to the caller's own policies, and a service-linked role's cannot
    /// be changed: naming it in the key policy does nothing. A grant does.
    NamingIsInert(Arn),
    /// A policy of AWS's own cannot be changed.
    AwsManagedPolicy(Box<str>),
    /// The policy of a key that AWS manages cannot be changed.
    AwsManagedKey(KeyArn),
    /// The operation works on keys of the caller's own account only.
    NotAcrossAccounts(Action),
    /// The caller's account is not known, so neither are its policies.
    UnknownAccount(AccountId),
    /// The user or role is not there (any more): make it first.
    NoSuchIdentity(Arn),
    /// The resource, or whose it is, is not known, so neither is its policy.
    UnknownResource(Box<str>),
    /// The caller is nobody: the request is not signed.
    Unsigned,
    /// What the resource is has no policies of its own, and no other way to let in somebody from elsewhere.
    NoPolicyOfItsOwn(Box<str>),
    /// Only those retire a grant whom it names: its retiring principal, its grantee if it permits that, and the account
    /// that made it. No policy changes that, and no grant can be changed.
    NotItsToRetire,
    /// No policy decides it, but this rule.
    Rule(&'static Rule),
    /// The policy would be larger than AWS takes where it is.
    TooLarge {
        /// The policy.
        policy: Box<str>,
        /// By how much, see [`crate::policy::limits::TooLarge`].
        why: crate::policy::limits::TooLarge,
    },
}

/// A sentence.
impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ServiceLinkedRole(role) => {
                write!(f, "the policies of {role} cannot be changed: it is a service-linked role")
            }
            Self::NamingIsInert(role) => write!(
                f,
                "naming {role} in the policy of a key of another account does nothing: its own policies do not let it \
                 and cannot be changed"
            ),
            Self::AwsManagedPolicy(arn) => write!(f, "{arn} is AWS's own policy and cannot be changed"),
            Self::AwsManagedKey(key) => {
                write!(f, "{key} is a key that AWS manages: its policy cannot be changed; use a key of a customer")
            }
            Self::NotAcrossAccounts(action) => {
                write!(f, "{action} works on keys of the caller's own account only, whatever policies say")
            }
            Self::UnknownAccount(account) => write!(f, "the policies of account {account} are not known"),
            Self::NoSuchIdentity(arn) => write!(f, "{arn} does not exist"),
            Self::UnknownResource(arn) => write!(f, "the policy of {arn} is not known"),
            Self::Unsigned => f.write_str("the request is signed by nobody: call as a principal"),
            Self::NoPolicyOfItsOwn(arn) => {
                write!(f, "{arn} can have no policy of its own that lets in somebody of another account")
            }
            Self::NotItsToRetire => f.write_str(
                "only those retire a grant whom it names, and a grant cannot be changed: whoever may revoke it \
                 (kms:RevokeGrant) can end it, or make it anew with another retiring principal",
            ),
            Self::Rule(rule) => write!(f, "no policy changes this: {} ({})", rule.says, rule.id),
            Self::TooLarge { policy, why } => write!(f, "{policy} has no room: {why}"),
        }
    }
}
