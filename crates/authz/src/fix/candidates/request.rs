//! The request, made otherwise: where a statement or a grant waits for something that the caller can tell.

use crate::{
    context::ContextKey,
    decision::{GrantMiss, GrantReport, PolicyReport, StatementReport},
    formula::{Asks, Formula},
    nearest::{Differing, NearMiss, NearStatement},
    policy::{Comparison, Condition, Operator, Policy, SetOperator},
    principal::Principal,
    world::ContextConstraint,
};

use super::{
    super::{Edit, RequestEdit},
    Candidates, conditions,
};

impl Candidates<'_> {
    /// For the statements and grants that differ only in what the caller can tell: that it does.
    pub(super) fn ask_otherwise(&mut self) {
        for report in &self.explanation.gates {
            for (miss, near) in self.near_statements(report.gate) {
                self.satisfy_statement(&miss, &near);
            }
            for grant in &report.grants {
                self.satisfy_grant(grant);
            }
        }
    }

    fn satisfy_statement(&mut self, miss: &NearMiss, near: &NearStatement) {
        let Some(statement) = near.statement() else { return };
        let edits = miss.differs.iter().map(|difference| match difference.element {
            Differing::Condition(index) => self.satisfied(&near.policy, statement.conditions.get(index)?, false),
            _ => None,
        });
        // All of them, or it is not the request that is wrong.
        let Some(edits) = edits.collect::<Option<Vec<_>>>() else { return };
        for edit in edits {
            self.offer(Edit::Request(edit), false, 0);
        }
    }

    /// What the caller tells so that a statement that denies lets it go.
    pub(super) fn satisfy_deny(&mut self, report: &PolicyReport, said: &StatementReport) {
        let conditions = report.policy.statements().get(said.index).map(|statement| &statement.conditions);
        for condition in conditions.into_iter().flatten() {
            if let Some(edit) = self.satisfied(&report.policy, condition, true) {
                self.offer(Edit::Request(edit), false, 0);
            }
        }
    }

    fn satisfy_grant(&mut self, report: &GrantReport) {
        let is_open = report.misses.is_empty() && !report.gives.is_true();
        let may_be_new = report.grant.propagated != Some(true) && !self.facts.has_token(&report.grant);
        let waits_for_token = may_be_new && (is_open || report.misses == [GrantMiss::Propagation]);
        if let Some(token) = report.grant.token.as_deref().filter(|_| waits_for_token) {
            let edit = RequestEdit::GrantToken { grant: report.grant.id.clone(), token: token.into() };
            self.offer(Edit::Request(edit), false, 0);
        }
        if !is_open && report.misses != [GrantMiss::EncryptionContext] {
            return;
        }
        let grant = &report.grant;
        let Some(ContextConstraint::Equals(pairs) | ContextConstraint::Subset(pairs)) =
            &grant.constraints.encryption_context
        else {
            return;
        };
        for (key, value) in pairs.pairs() {
            if self.facts.request.kms.encryption_context.value_of(key) != Some(value) {
                let edit = RequestEdit::EncryptionContext { key: key.to_owned(), value: value.to_owned() };
                self.offer(Edit::Request(edit), false, 0);
            }
        }
    }

    /// What the caller tells so that a condition holds, or for a statement that denies so that it does not; `None` for
    /// what is not the caller's to tell.
    fn satisfied(&self, policy: &Policy, condition: &Condition, denies: bool) -> Option<RequestEdit> {
        let value =
            wanted(condition.operator.value, denies, condition.values.iter().map(|value| value.value.as_str()))?;
        let key = conditions::unquoted(policy, condition.key.span);
        let lower = condition.key.value.as_str();
        let behind = |prefix: &str| lower.starts_with(prefix).then(|| key.get(prefix.len()..)).flatten();
        if let Some(pair) = behind("kms:encryptioncontext:") {
            return Some(RequestEdit::EncryptionContext { key: pair.to_owned(), value });
        }
        let has_session = matches!(self.facts.caller.principal, Principal::Session(_) | Principal::FederatedUser(_));
        if let Some(tag) = behind("aws:principaltag/").filter(|_| has_session) {
            return Some(RequestEdit::SessionTag { key: tag.to_owned(), value });
        }
        let is_of_caller =
            matches!(lower, "sts:externalid" | "sts:rolesessionname" | "sts:sourceidentity" | "aws:securetransport")
                || lower.starts_with("aws:requesttag/");
        is_of_caller.then(|| RequestEdit::Context { key: condition.key.value.clone(), value })
    }

    /// What nobody told and the verdict hangs on, told as the policies want it.
    pub(super) fn tell(&mut self, residual: &Formula) {
        let mut told = Vec::new();
        collect(residual, false, &mut told);
        for (key, value) in told {
            self.offer(Edit::Request(RequestEdit::Context { key, value }), false, 0);
        }
    }
}

/// The keys that a formula hangs on, each with a value for which its condition helps.
fn collect(formula: &Formula, negated: bool, told: &mut Vec<(ContextKey, String)>) {
    match formula {
        Formula::True | Formula::False => {}
        Formula::All(parts) | Formula::Any(parts) => {
            for part in parts {
                collect(part, negated, told);
            }
        }
        Formula::Not(inner) => collect(inner, !negated, told),
        Formula::Atom(atom) => {
            let Asks::Condition { operator, compared, values, .. } = &atom.asks else { return };
            // Who calls is no matter of how it calls.
            let is_who = atom.key.as_str().starts_with("aws:principal") || atom.key.as_str() == "aws:userid";
            if *compared != atom.key || is_who {
                return;
            }
            if let Some(value) = wanted(*operator, negated, values.iter().map(|value| &**value)) {
                told.push((atom.key.clone(), value));
            }
        }
    }
}

/// A value for which a condition holds, or does not; `None` where none is easily told.
fn wanted<'v>(operator: Operator, negated: bool, mut values: impl Iterator<Item = &'v str>) -> Option<String> {
    if operator.set == Some(SetOperator::ForAllValues) {
        return None;
    }
    if operator.comparison == Comparison::Bool {
        let value = values.next()?;
        let opposite = if value.eq_ignore_ascii_case("true") { "false" } else { "true" };
        return Some(if negated { opposite } else { value }.to_owned());
    }
    let positive = operator.comparison.negates();
    let is_text = matches!(
        positive.unwrap_or(operator.comparison),
        Comparison::StringEquals
            | Comparison::StringEqualsIgnoreCase
            | Comparison::StringLike
            | Comparison::ArnEquals
            | Comparison::ArnLike
    );
    if !is_text || positive.is_some() != negated {
        return None;
    }
    values.find(|value| !value.contains(['*', '?', '$'])).map(str::to_owned)
}
