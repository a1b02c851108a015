//! The conditions that a new statement carries, so that it allows no more than what is asked.

use std::sync::Arc;

use crate::{
    decision::Gate,
    nearest::{NearMiss, NearStatement},
    policy::{Policy, Version},
    text::Span,
};

use super::{
    super::statement::{Conditions, Values, literal},
    Candidates,
};

impl Candidates<'_> {
    /// The conditions of the nearest statement that hold for the request, and for a call that a service passes on to
    /// KMS, that it does.
    pub(super) fn carried(&self, gate: Gate, nearest: Option<&(NearMiss, NearStatement)>) -> Conditions {
        let mut carried = Conditions::new();
        if let Some((_, near)) = nearest {
            self.carry_from(gate, near, &mut carried);
        }
        self.carry_service(&mut carried);
        carried
    }

    fn carry_from(&self, gate: Gate, near: &NearStatement, carried: &mut Conditions) {
        let reports = self.report(gate).into_iter().flat_map(|report| &report.policies);
        let report = reports
            .filter(|report| Arc::ptr_eq(&report.policy, &near.policy))
            .find_map(|report| report.statements.iter().find(|said| said.index == near.index));
        let (Some(said), Some(statement)) = (report, near.statement()) else { return };
        for (condition, holds) in statement.conditions.iter().zip(&said.conditions) {
            if holds.is_true() {
                let values: Vec<_> = condition.values.iter().map(|value| value.value.as_str().to_owned()).collect();
                let operator = carried.entry(condition.operator.value.to_string()).or_default();
                operator.insert(unquoted(&near.policy, condition.key.span), Values::from(values));
            }
        }
    }

    /// Source: AWS KMS Developer Guide, "kms:ViaService" and "kms:GrantIsForAWSResource".
    fn carry_service(&self, carried: &mut Conditions) {
        let request = self.facts.request;
        if request.action.service() != "kms" || request.through.is_empty() {
            return;
        }
        let mut carry = |operator: &str, key: &str, value: String| {
            let is_there = carried.values().any(|keys| keys.keys().any(|known| known.eq_ignore_ascii_case(key)));
            if !is_there {
                carried.entry(operator.to_owned()).or_default().insert(key.to_owned(), Values::One(value));
            }
        };
        if request.action.lower() == "kms:creategrant" {
            carry("Bool", "kms:GrantIsForAWSResource", "true".to_owned());
        }
        let via = self.facts.value_of("kms:viaservice").and_then(|value| literal(&value, Version::V2012));
        if let Some(service) = via {
            carry("StringEquals", "kms:ViaService", service);
        }
    }
}

/// A string of a policy as it is written, without its quotes.
pub(super) fn unquoted(policy: &Policy, span: Span) -> String {
    policy.source().slice(span).trim_matches('"').to_owned()
}
