//! What nearly matched: the statements and grants that would have let a request through, were they a little different.
//!
//! ```text
//!   Explanation -- gates that do not let through --> Allow statements, grants --> what differs, how much --> nearest first
//! ```

mod distance;
mod grant;
mod statement;

use std::{collections::BTreeSet, sync::Arc};

use aws_model::AccountId;

use crate::{
    decide::Facts,
    decision::{Explanation, Gate, GateReport, GrantMiss, PolicyReport, Verdict},
    matching::{ContextView, Lookup},
    policy::{Effect, Policy, Statement},
    request::Request,
    rules::Assumptions,
    text::Span,
    world::{Grant, PolicyOrigin, World},
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

impl World {
    /// What nearly let a request through, the nearest first: of every gate that does not let it through, the statements
    /// that allow and the grants, with what differs. Empty for a request that is allowed. Statements about another
    /// service are not near.
    ///
    /// `explanation` is what [`World::explain`] told of the same request.
    #[must_use]
    pub fn near_misses(
        &self,
        request: &Request,
        assumptions: &Assumptions,
        explanation: &Explanation,
    ) -> Vec<NearMiss> {
        if explanation.verdict == Verdict::Allowed {
            return Vec::new();
        }
        let facts = Facts::of(self, request, assumptions);
        let mut misses: Vec<NearMiss> = explanation.gates.iter().flat_map(|gate| facts.near_misses_of(gate)).collect();
        misses.sort_by_key(|miss| miss.distance);
        misses
    }
}

impl Facts<'_> {
    /// The values of a context key, given in lower case, if it is in the request.
    pub(crate) fn value_of(&self, lower_case_key: &str) -> Option<String> {
        match self.look_up(lower_case_key) {
            Lookup::Values(values) => Some(values.iter().collect::<Vec<_>>().join(", ")),
            Lookup::Absent | Lookup::Unknown => None,
        }
    }

    /// What nearly let through one gate, the nearest first.
    pub(crate) fn near_misses_of(&self, gate: &GateReport) -> Vec<NearMiss> {
        let mut misses = self.near_statements_of(gate);
        if !gate.allows.is_true() {
            for report in gate.grants.iter().filter(|report| !report.gives.is_true()) {
                misses.extend(near(gate, Near::Grant(Arc::clone(&report.grant)), self.grant_differences(report)));
            }
        }
        misses.sort_by_key(|miss| miss.distance);
        misses
    }

    /// The statements that nearly let through one gate, the nearest first.
    pub(crate) fn near_statements_of(&self, gate: &GateReport) -> Vec<NearMiss> {
        if gate.allows.is_true() {
            return Vec::new();
        }
        let open_levels = open_levels(gate);
        let mut misses = Vec::new();
        for report in gate.policies.iter().filter(|report| !open_levels.contains(&report.level.as_deref())) {
            for said in report.statements.iter().filter(|said| !said.matches.is_true()) {
                let Some(statement) = report.policy.statements().get(said.index) else { continue };
                if statement.effect.value == Effect::Deny || !self.is_about_the_service(statement) {
                    continue;
                }
                let what = Near::Statement(NearStatement {
                    policy: Arc::clone(&report.policy),
                    origin: report.origin.clone(),
                    level: report.level.clone(),
                    index: said.index,
                });
                misses.extend(near(gate, what, self.differences(&report.policy, statement, said)));
            }
        }
        misses.sort_by_key(|miss| miss.distance);
        misses
    }
}

/// A near miss of a gate; `None` where nothing differs.
fn near(gate: &GateReport, what: Near, mut differs: Vec<(u32, Difference)>) -> Option<NearMiss> {
    differs.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    let more = u32::try_from(differs.len().checked_sub(1)?).unwrap_or(u32::MAX);
    let distance = differs.iter().map(|(weight, _)| weight).sum::<u32>() + more.saturating_mul(EACH_MORE);
    let differs = differs.into_iter().map(|(_, difference)| difference).collect();
    Some(NearMiss { gate: gate.gate, account: gate.account, what, differs, distance })
}

/// Two small differences are further away than one that is as large as both.
const EACH_MORE: u32 = 2;

/// The levels of the organization that let through, though the gate as a whole does not.
fn open_levels(gate: &GateReport) -> BTreeSet<Option<&str>> {
    let allows = |report: &&PolicyReport| {
        report.statements.iter().any(|said| {
            let statement = report.policy.statements().get(said.index);
            said.matches.is_true() && statement.is_some_and(|statement| statement.effect.value == Effect::Allow)
        })
    };
    gate.policies
        .iter()
        .filter(|report| report.level.is_some())
        .filter(allows)
        .map(|report| report.level.as_deref())
        .collect()
}

impl NearStatement {
    /// The statement itself.
    #[must_use]
    pub fn statement(&self) -> Option<&Statement> {
        self.policy.statements().get(self.index)
    }
}
