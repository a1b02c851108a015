//! Statements that deny: narrowed so that they spare the caller, or taken away.

use std::sync::Arc;

use crate::{
    decision::{GateReport, PolicyReport, StatementReport},
    policy::{Effect, Policy, Statement},
    principal::Principal,
    text::SourceText,
};

use super::{
    super::{How, statement::literal, text::Draft},
    Candidates,
    place::Draw,
};

/// Sparing one principal.
const SPARED: usize = 2;

/// Sparing everybody whose context key has this value.
const SPARED_VALUE: usize = 4;

/// Sparing everybody.
const REMOVED: usize = 20;

impl Candidates<'_> {
    /// Offers changes to the first statement of a gate that denies. Each must go for itself: the next one is found when
    /// this one is spared.
    pub(super) fn spare(&mut self, gate: &GateReport) {
        let reports = gate.policies.iter().flat_map(|report| report.statements.iter().map(move |said| (report, said)));
        let mut denying: Vec<_> = reports.filter(|(report, said)| denies(report, said)).collect();
        // Those that surely deny first.
        denying.sort_by_key(|(_, said)| !said.matches.is_true());
        let Some((report, said)) = denying.first() else { return };
        self.satisfy_deny(report, said);
        let place = match self.place(gate.gate, &report.policy, report.origin.as_ref()) {
            Ok(place) => place,
            Err(obstacle) => return self.note(obstacle),
        };
        for Narrowed { how, text, width } in self.narrowed(report, said) {
            let statement = (how == How::DenyNarrowed).then_some(said.index);
            let drawn = Draw { how, before: Some(&report.policy), text, kind: report.policy.kind(), statement };
            if let Some(edit) = self.draw(place.clone(), drawn) {
                self.offer(edit, true, width);
            }
        }
    }

    /// The ways to let a statement that denies go of the request.
    fn narrowed(&self, report: &PolicyReport, said: &StatementReport) -> Vec<Narrowed> {
        let policy = &report.policy;
        let mut ways = Vec::new();
        let Some(statement) = policy.statements().get(said.index) else { return ways };
        if let Some(draft) = spared(policy, statement, self.facts.caller.principal) {
            ways.push(Narrowed { how: How::DenyNarrowed, text: draft.finish(), width: SPARED });
        }
        for condition in statement.conditions.iter().filter(|one| one.operator.value.comparison.negates().is_some()) {
            let mut draft = Draft::of(policy);
            if self.push_value(&mut draft, condition, policy.version()).is_some() {
                let is_principal = condition.key.value.as_str() == "aws:principalarn";
                let width = if is_principal { SPARED } else { SPARED_VALUE };
                ways.push(Narrowed { how: How::DenyNarrowed, text: draft.finish(), width });
            }
        }
        if policy.statements().len() > 1 {
            let mut draft = Draft::of(policy);
            draft.remove_statement(said.index);
            ways.push(Narrowed { how: How::DenyRemoved, text: draft.finish(), width: REMOVED });
        }
        ways
    }
}

/// A policy in which a statement denies less.
struct Narrowed {
    how: How,
    text: SourceText,
    width: usize,
}

/// Whether a statement is one that denies, surely or perhaps.
fn denies(report: &PolicyReport, said: &StatementReport) -> bool {
    let statement = report.policy.statements().get(said.index);
    !said.matches.is_false() && statement.is_some_and(|statement| statement.effect.value == Effect::Deny)
}

/// The statement for everybody but the caller: a condition on its ARN, which outlives a role that is made again. For a
/// service that calls as itself, for everybody but services.
///
/// Source: IAM User Guide, "AWS JSON policy elements: NotPrincipal" (use `ArnNotEquals` with `aws:PrincipalArn`
/// instead), "AWS global condition context keys" > "aws:PrincipalIsAWSService".
fn spared<'p>(policy: &'p Arc<Policy>, statement: &Statement, caller: &Principal) -> Option<Draft<'p>> {
    let of_arn = |arn: String| Some(("ArnNotEquals", "aws:PrincipalArn", literal(&arn, policy.version())?));
    let (operator, key, value) = match caller {
        Principal::Session(session) => of_arn(session.role.to_string())?,
        Principal::Root(_) | Principal::User(_) | Principal::FederatedUser(_) => of_arn(caller.to_string())?,
        Principal::Service(_) => ("Bool", "aws:PrincipalIsAWSService", "false".to_owned()),
        Principal::Federated { .. } | Principal::Anonymous => return None,
    };
    let is_listed = statement.conditions.iter().any(|condition| {
        condition.key.value.as_str().eq_ignore_ascii_case(key) && condition.operator.value.to_string() == operator
    });
    if is_listed {
        return None;
    }
    let mut draft = Draft::of(policy);
    draft.add_condition(statement, operator, key, &[&value]);
    Some(draft)
}
