//! Answers: a verdict, and the whole of what led to it.

use std::sync::Arc;

use aws_model::AccountId;

use crate::{
    formula::Formula,
    phrase::AccessDenied,
    policy::{Policy, PolicyKind},
    rules::Rule,
    world::{Grant, KeyState, PolicyOrigin},
};

/// May it?
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Yes, whatever is unknown.
    Allowed,
    /// No, whatever is unknown.
    Denied(Denial),
    /// Exactly if this holds. Never a constant.
    AllowedIff(Formula),
}

/// Why not: the first gate, in AWS's order, that surely does not let through.
#[derive(Clone, Debug, PartialEq)]
pub struct Denial {
    /// Refused by a statement, or merely by nobody allowed.
    pub effect: DenialEffect,
    /// By which policy type.
    pub gate: Gate,
    /// Whose policies those are. `None` for an account that the ARN does not tell.
    pub account: Option<AccountId>,
    /// Of a refusal: the ARN of the policy with the statement, where it has one and the caller gets to see it.
    pub policy: Option<Box<str>>,
}

/// Refused, or not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DenialEffect {
    /// A Deny statement matches.
    Explicit,
    /// No Allow statement does.
    Implicit,
}

/// The policy types, in the order in which AWS asks them.
///
/// Source: IAM User Guide, "Policy evaluation logic", and "Troubleshoot access denied error messages" for the types
/// that errors name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Gate {
    /// What the organization lets its resources be used for.
    ResourceControl,
    /// What the organization lets its principals do.
    ServiceControl,
    /// The resource's policy: trust policy, key policy or another, see the kind.
    Resource(PolicyKind),
    /// The grants on a key.
    Grants,
    /// The identity's own policies.
    Identity,
    /// Its permissions boundary.
    Boundary,
    /// The session's policies.
    Session,
}

impl Gate {
    /// The word for it in files and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ResourceControl => "rcp",
            Self::ServiceControl => "scp",
            Self::Resource(PolicyKind::Trust) => "trust-policy",
            Self::Resource(PolicyKind::Key) => "key-policy",
            Self::Resource(_) => "resource-policy",
            Self::Grants => "grants",
            Self::Identity => "identity",
            Self::Boundary => "boundary",
            Self::Session => "session",
        }
    }
}

impl DenialEffect {
    /// The word for it in files and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Explicit => "explicit",
            Self::Implicit => "implicit",
        }
    }
}

/// Everything that led to a verdict.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// May it?
    pub verdict: Verdict,
    /// For a denial: what AWS answers.
    pub error: Option<AccessDenied>,
    /// Would the key's state let it through? Apart from the verdict, since another error answers for it; `None` for
    /// what is no operation on a key.
    pub key_state: Option<KeyStateVerdict>,
    /// Every gate that was asked, in AWS's order.
    pub gates: Vec<GateReport>,
    /// Every rule that had a say, in the order in which it had.
    pub rules: Vec<&'static Rule>,
}

/// Whether a key in this state does this operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyStateVerdict {
    /// The key's state; `None` where nobody told.
    pub state: Option<KeyState>,
    /// AWS's error for the operation in this state; `None` where the state lets it through.
    pub error: Option<&'static str>,
}

/// What one gate said.
#[derive(Clone, Debug)]
pub struct GateReport {
    /// Which.
    pub gate: Gate,
    /// Whose policies.
    pub account: Option<AccountId>,
    /// Whether any of its Deny statements matches.
    pub denies: Formula,
    /// Whether it lets through: for the resource's policy and for grants on their own, for others as a cap.
    pub allows: Formula,
    /// Whether the verdict needed it to allow (a gate that another one made superfluous did not).
    pub decisive: bool,
    /// Its policies, statement by statement.
    pub policies: Vec<PolicyReport>,
    /// Only for [`Gate::Grants`]: the key's grants, those that give it first, then by nearness.
    pub grants: Vec<GrantReport>,
}

/// What one policy said.
#[derive(Clone, Debug)]
pub struct PolicyReport {
    /// How it got there; `None` for a resource's own policy.
    pub origin: Option<PolicyOrigin>,
    /// For a level of the organization: the level's id.
    pub level: Option<Box<str>>,
    /// The policy.
    pub policy: Arc<Policy>,
    /// Statement by statement, in the order of the text.
    pub statements: Vec<StatementReport>,
}

/// What one statement said, element by element.
#[derive(Clone, Debug, PartialEq)]
pub struct StatementReport {
    /// Its place among the statements.
    pub index: usize,
    /// Whether it is about the principal; `True` where the policy names none.
    pub principal: Formula,
    /// Whether it is about the action.
    pub action: Formula,
    /// Whether it is about the resource.
    pub resource: Formula,
    /// Whether each condition holds, in the order of the text.
    pub conditions: Vec<Formula>,
    /// Whether it matches: all of these.
    pub matches: Formula,
}

/// What one grant said.
#[derive(Clone, Debug)]
pub struct GrantReport {
    /// The grant.
    pub grant: Arc<Grant>,
    /// Whether it gives what is asked.
    pub gives: Formula,
    /// What is in the way; empty if it gives.
    pub misses: Vec<GrantMiss>,
}

/// Why a grant does not give what is asked, the farthest miss first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GrantMiss {
    /// It is somebody else's.
    OtherGrantee,
    /// It was made for a user or role of this name that has been deleted since.
    GranteeRecreated,
    /// It does not permit the operation.
    Operation,
    /// Its constraint wants another encryption context.
    EncryptionContext,
    /// Its constraint wants another source.
    SourceArn,
    /// The grant to be made permits more than this one.
    ChildOperations,
    /// The grant to be made is less constrained than this one.
    ChildConstraints,
    /// It has not spread through KMS yet, and its token is not told.
    Propagation,
}
