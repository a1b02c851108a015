//! Who listens while a request is decided: nobody, or whoever wants it explained.
//!
//! The rules are written once, generic over the listener, so that what is enforced and what is explained cannot drift.

use std::{mem, sync::Arc};

use aws_model::AccountId;

use crate::{
    decision::{Gate, GateReport, GrantReport, PolicyReport, StatementReport},
    formula::Formula,
    policy::Policy,
    rules::Rule,
    world::PolicyOrigin,
};

/// Listens. All of it is skipped at compile time for who does not examine.
pub(super) trait Observer {
    /// Whether everything is looked at, rather than only what the verdict needs.
    const EXAMINES: bool;

    /// Of what is examined: whether also grants that are surely somebody else's, which may be many.
    fn wants_grants_of_others(&self) -> bool {
        Self::EXAMINES
    }

    /// A policy is looked at; what follows are its statements.
    fn policy(&mut self, policy: &Arc<Policy>, origin: Option<&PolicyOrigin>, level: Option<&str>);

    /// A statement of the policy was looked at.
    fn statement(&mut self, report: StatementReport);

    /// A grant was looked at.
    fn grant(&mut self, report: GrantReport);

    /// A gate has spoken, by the policies and grants since the last one.
    fn gate(&mut self, gate: Gate, account: Option<AccountId>, denies: &Formula, allows: &Formula);

    /// The verdict hung on a gate that has spoken, the resource's policy whatever its kind.
    fn decisive(&mut self, gate: Gate);

    /// A rule had a say.
    fn rule(&mut self, rule: &'static Rule);
}

/// Nobody listens.
pub(super) struct Nobody;

impl Observer for Nobody {
    const EXAMINES: bool = false;

    fn policy(&mut self, _: &Arc<Policy>, _: Option<&PolicyOrigin>, _: Option<&str>) {}
    fn statement(&mut self, _: StatementReport) {}
    fn grant(&mut self, _: GrantReport) {}
    fn gate(&mut self, _: Gate, _: Option<AccountId>, _: &Formula, _: &Formula) {}
    fn decisive(&mut self, _: Gate) {}
    fn rule(&mut self, _: &'static Rule) {}
}

/// Writes everything down.
#[derive(Default)]
pub(super) struct Recorder {
    pub(super) gates: Vec<GateReport>,
    pub(super) rules: Vec<&'static Rule>,
    leaves_out_others: bool,
    policies: Vec<PolicyReport>,
    grants: Vec<GrantReport>,
}

impl Recorder {
    /// Leaves out the grants that are surely somebody else's.
    pub(super) fn of_caller() -> Self {
        Self { leaves_out_others: true, ..Self::default() }
    }
}

impl Observer for Recorder {
    const EXAMINES: bool = true;

    fn wants_grants_of_others(&self) -> bool {
        !self.leaves_out_others
    }

    fn policy(&mut self, policy: &Arc<Policy>, origin: Option<&PolicyOrigin>, level: Option<&str>) {
        self.policies.push(PolicyReport {
            origin: origin.cloned(),
            level: level.map(Into::into),
            policy: Arc::clone(policy),
            statements: Vec::with_capacity(policy.statements().len()),
        });
    }

    fn statement(&mut self, report: StatementReport) {
        if let Some(policy) = self.policies.last_mut() {
            policy.statements.push(report);
        }
    }

    fn grant(&mut self, report: GrantReport) {
        self.grants.push(report);
    }

    fn gate(&mut self, gate: Gate, account: Option<AccountId>, denies: &Formula, allows: &Formula) {
        let mut grants = mem::take(&mut self.grants);
        grants.sort_by_key(|report| (report.gives.is_false(), report.misses.len(), report.misses.first().copied()));
        self.gates.push(GateReport {
            gate,
            account,
            denies: denies.clone(),
            allows: allows.clone(),
            decisive: false,
            policies: mem::take(&mut self.policies),
            grants,
        });
    }

    fn decisive(&mut self, gate: Gate) {
        let is_it = |known: Gate| mem::discriminant(&known) == mem::discriminant(&gate);
        for report in self.gates.iter_mut().filter(|report| is_it(report.gate)) {
            report.decisive = true;
        }
    }

    fn rule(&mut self, rule: &'static Rule) {
        if !self.rules.iter().any(|known| known.id == rule.id) {
            self.rules.push(rule);
        }
    }
}
