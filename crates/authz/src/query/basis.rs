//! What an explanation says that somebody is let through by.

use std::sync::Arc;

use crate::{
    decision::{Explanation, Gate, GateReport},
    policy::Effect,
};

use super::{Basis, BasisBy};

/// The statements and grants that let through, or perhaps do, of the gates that the verdict needed. What merely caps is
/// no basis.
pub(super) fn of(explanation: &Explanation) -> Vec<Basis> {
    let lets_in = |report: &&GateReport| match report.gate {
        Gate::Resource(_) | Gate::Grants | Gate::Identity => true,
        Gate::ResourceControl | Gate::ServiceControl | Gate::Boundary | Gate::Session => false,
    };
    let gates: Vec<_> = explanation.gates.iter().filter(lets_in).collect();
    // Where two gates let through, each enough alone, the verdict needed neither.
    let any_decisive = gates.iter().any(|report| report.decisive);
    let is_basis = |report: &&&GateReport| report.decisive || !any_decisive;
    gates.iter().filter(is_basis).flat_map(|report| of_gate(report)).collect()
}

fn of_gate(report: &GateReport) -> Vec<Basis> {
    let basis = |by| Basis { gate: report.gate, account: report.account, by };
    let statements = report.policies.iter().flat_map(|policy| {
        let allows = |index: usize| {
            policy.policy.statements().get(index).is_some_and(|statement| statement.effect.value == Effect::Allow)
        };
        policy.statements.iter().filter(move |said| !said.matches.is_false() && allows(said.index)).map(|said| {
            BasisBy::Statement { policy: Arc::clone(&policy.policy), origin: policy.origin.clone(), index: said.index }
        })
    });
    let grants = report.grants.iter().filter(|grant| !grant.gives.is_false());
    let grants = grants.map(|grant| BasisBy::Grant(Arc::clone(&grant.grant)));
    statements.chain(grants).map(basis).collect()
}
