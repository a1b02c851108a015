//! What nearly matched: the statements and grants that would have let a request through, were they a little different.
//!
//! ```text
//!   Explanation -- gates that do not let through --> Allow statements, grants --> what differs, how much --> nearest first
//! ```

use std::sync::Arc;

use aws_model::AccountId;

use crate::{
    decision::{Gate, GrantMiss},
    policy::{Policy, Statement},
    text::Span,
    world::{Grant, PolicyOrigin},
};

/// A statement or grant that would let a request through a gate that does not, if it were a little different.
#[derive(Clone, Debug)]
pub struct NearMiss {
    /// The gate that it is of.
    pub gate: Gate,
    /// Whose policy or key that is.
    pub account: Option<AccountId>,
    /// Which statement or grant.
    pub what: Near,
    /// Every element that differs, the largest difference first. Never empty.
    pub differs: Vec<Difference>,
    /// How much all differences weigh together: the smaller, the nearer. Only to be compared.
    pub distance: u32,
}

/// What nearly matched.
#[derive(Clone, Debug)]
pub enum Near {
    /// A statement that allows.
    Statement(NearStatement),
    /// A grant.
    Grant(Arc<Grant>),
}

/// A statement, and how its policy got there.
#[derive(Clone, Debug)]
pub struct NearStatement {
    /// The policy.
    pub policy: Arc<Policy>,
    /// How it got to an identity or a level; `None` for a resource's own policy and a session's.
    pub origin: Option<PolicyOrigin>,
    /// The level of the organization that it is attached to, for its policies.
    pub level: Option<Box<str>>,
    /// The statement's place among the policy's statements.
    pub index: usize,
}

/// One element that keeps a statement or grant from matching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which.
    pub element: Differing,
    /// What the statement or grant says, as written; of a list, the value that is nearest to what the request has.
    pub says: String,
    /// What the request has in its place; `None` for nothing, or where nobody told.
    pub request_has: Option<String>,
    /// Where in the policy's text `says` stands; `None` for grants.
    pub span: Option<Span>,
    /// Whether it may match yet: it hangs on what nobody told.
    pub is_open: bool,
}

/// What can differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Differing {
    /// Whom it is about.
    Principal(NameDifference),
    /// A principal that was deleted and made again since the policy was saved: the text is right, its saved id is not.
    PrincipalRecreated,
    /// What it is about.
    Action,
    /// On what.
    Resource(NameDifference),
    /// A condition, by its place among the statement's conditions.
    Condition(usize),
    /// Something of a grant.
    Grant(GrantMiss),
}

/// How far two names of principals or resources are apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameDifference {
    /// The parts of the ARN that differ, in their order. Empty where one of them is no ARN, and where the element is
    /// a `Not` form or only its variables differ.
    pub parts: Vec<ArnPart>,
}

/// A part of an ARN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ArnPart {
    /// `aws`, `aws-cn`, ...
    Partition,
    /// `kms`.
    Service,
    /// `us-west-2`.
    Region,
    /// `111122223333`.
    Account,
    /// `key/1234abcd-...`.
    Resource,
}

impl NearStatement {
    /// The statement itself.
    #[must_use]
    pub fn statement(&self) -> Option<&Statement> {
        self.policy.statements().get(self.index)
    }
}
