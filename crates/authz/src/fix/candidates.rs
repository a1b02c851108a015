//! Changes that may help, read off the gate that refuses. Whether they do is decided afterwards.

mod allow;
mod conditions;
mod deny;
mod grant;
mod identity;
mod organization;
mod place;
mod request;
mod resource;
mod widen;

use crate::{
    decide::{Facts, Relation},
    decision::{DenialEffect, Explanation, Gate, GateReport, Verdict},
    nearest::{Near, NearMiss, NearStatement},
    request::Request,
    rules::Assumptions,
    world::World,
};

use super::{Edit, Obstacle};

/// A change that may help.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Candidate {
    pub(super) edit: Edit,
    /// See [`super::Rank::loosens_limit`].
    pub(super) loosens_limit: bool,
    /// See [`super::Rank::width`].
    pub(super) width: usize,
}

/// What is read off an explanation.
pub(super) struct Candidates<'a> {
    facts: Facts<'a>,
    explanation: &'a Explanation,
    pub(super) found: Vec<Candidate>,
    pub(super) obstacles: Vec<Obstacle>,
}

impl<'a> Candidates<'a> {
    /// What may help a request that is not allowed.
    pub(super) fn of(
        world: &'a World,
        request: &'a Request,
        assumptions: &'a Assumptions,
        explanation: &'a Explanation,
    ) -> Self {
        let facts = Facts::of(world, request, assumptions);
        let mut candidates = Self { facts, explanation, found: Vec::new(), obstacles: Vec::new() };
        candidates.look();
        candidates
    }

    fn look(&mut self) {
        let explanation = self.explanation;
        match &explanation.verdict {
            Verdict::Allowed => {}
            Verdict::Denied(_) if explanation.gates.is_empty() => {
                self.obstacles.extend(explanation.rules.first().map(|rule| Obstacle::Rule(rule)));
            }
            Verdict::Denied(denial) if denial.effect == DenialEffect::Explicit => {
                for report in explanation.gates.iter().filter(|report| report.denies.is_true()) {
                    self.spare(report);
                }
            }
            Verdict::Denied(denial) => {
                self.open(denial.gate);
                self.ask_otherwise();
            }
            Verdict::AllowedIff(residual) => {
                if self.facts.target.policy_is_unknown() {
                    self.note(Obstacle::UnknownResource(self.facts.request.resource.arn.clone()));
                }
                for report in &explanation.gates {
                    if !report.denies.is_false() {
                        self.spare(report);
                    }
                    if !report.allows.is_true() {
                        self.open(report.gate);
                    }
                }
                self.tell(residual);
                self.ask_otherwise();
            }
        }
    }

    /// What may make a gate let through, or go around it.
    fn open(&mut self, gate: Gate) {
        match gate {
            // Policies of this kind only deny; the one of AWS's that allows cannot be taken away.
            // Source: AWS Organizations User Guide, "Resource control policies (RCPs)" > "RCPFullAWSAccess".
            Gate::ResourceControl => {}
            Gate::Grants => {
                if self.facts.relation() == Relation::Retiring {
                    self.note(Obstacle::NotItsToRetire);
                }
            }
            Gate::ServiceControl => self.organization(),
            Gate::Resource(_) => {
                self.resource();
                self.grant();
            }
            Gate::Identity => {
                self.identity();
                self.resource();
                self.grant();
            }
            Gate::Boundary => {
                self.boundary();
                self.resource();
                self.grant();
            }
            Gate::Session => {
                self.session();
                self.resource();
                self.grant();
            }
        }
    }

    /// The explanation's report of a gate, if it was asked.
    fn report(&self, gate: Gate) -> Option<&'a GateReport> {
        self.explanation.gates.iter().find(|report| report.gate == gate)
    }

    /// The statements that nearly let through a gate, the nearest first.
    fn near_statements(&self, gate: Gate) -> Vec<(NearMiss, NearStatement)> {
        let misses = self.report(gate).map(|report| self.facts.near_statements_of(report)).unwrap_or_default();
        let statements = misses.into_iter().filter_map(|miss| match &miss.what {
            Near::Statement(statement) => Some((miss.clone(), statement.clone())),
            Near::Grant(_) => None,
        });
        statements.collect()
    }

    /// Notes an obstacle, once.
    fn note(&mut self, obstacle: Obstacle) {
        if !self.obstacles.contains(&obstacle) {
            self.obstacles.push(obstacle);
        }
    }

    /// Offers a change, once.
    fn offer(&mut self, edit: Edit, loosens_limit: bool, width: usize) {
        let candidate = Candidate { edit, loosens_limit, width };
        if !self.found.contains(&candidate) {
            self.found.push(candidate);
        }
    }
}
