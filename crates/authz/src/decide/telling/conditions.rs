//! Rules about conditions: how many there are, whether the key is there, sets of values.

use crate::{
    matching::{ContextView, Lookup, Values},
    policy::{Comparison, Condition, Effect, Operator, Policy, SetOperator},
    rules::{self, Rule},
};

use super::{
    super::{derive::Facts, observer::Observer},
    Examined,
};

impl Facts<'_> {
    pub(super) fn tell_of_conditions<O: Observer>(&self, examined: &Examined<'_>, observer: &mut O) {
        let Examined { policy, statement, .. } = examined;
        if statement.conditions.len() > 1 {
            observer.rule(&rules::IAM_COND_AND);
        }
        for condition in &statement.conditions {
            self.tell_of_key(condition, statement.effect.value == Effect::Deny, policy.kind(), observer);
            self.tell_of_key_case(policy, condition, observer);
            if condition.key.value.as_str().contains("${") {
                observer.rule(&rules::IAM_VARIABLE_NOT_ELSEWHERE);
            }
            self.tell_of_presence(condition, observer);
            self.tell_of_values(policy, condition, observer);
        }
    }

    /// A key that is written in other letters than AWS writes it.
    fn tell_of_key_case<O: Observer>(&self, policy: &Policy, condition: &Condition, observer: &mut O) {
        let written = policy.source().slice(condition.key.span).trim_matches('"');
        let lower = condition.key.value.as_str();
        let is_usual = match super::keys::canonical(lower) {
            Some(canonical) if canonical.ends_with(['/', ':']) => {
                written.starts_with(canonical) && self.has_part_as_written(written, canonical)
            }
            Some(canonical) => written == canonical,
            None => self.request.context.told(lower).is_none() || written == lower,
        };
        if !is_usual && written.eq_ignore_ascii_case(lower) {
            observer.rule(&rules::IAM_COND_KEY_CASE);
        }
    }

    /// Whether a tag or a pair of the encryption context goes by the very name that follows the key's prefix.
    fn has_part_as_written(&self, written: &str, canonical: &str) -> bool {
        let Some(part) = written.get(canonical.len()..) else { return true };
        let has = |known: &str| known == part;
        match canonical {
            "kms:EncryptionContext:" => {
                let pairs = &self.request.kms.encryption_context;
                !pairs.pairs().any(|(key, _)| key.eq_ignore_ascii_case(part)) || pairs.pairs().any(|(key, _)| has(key))
            }
            "aws:ResourceTag/" => self
                .target
                .tags
                .is_none_or(|tags| !tags.keys().any(|key| key.eq_ignore_ascii_case(part)) || tags.contains_key(part)),
            "aws:PrincipalTag/" => self.caller.identity().is_none_or(|identity| {
                let tags = &identity.tags;
                !tags.keys().any(|key| key.eq_ignore_ascii_case(part)) || tags.contains_key(part)
            }),
            _ => true,
        }
    }

    fn tell_of_presence<O: Observer>(&self, condition: &Condition, observer: &mut O) {
        let operator = condition.operator.value;
        if operator.comparison == Comparison::Null {
            let asks_absence = condition.values.iter().any(|value| value.value.as_str().eq_ignore_ascii_case("true"));
            observer.rule(if asks_absence { &rules::IAM_COND_NULL_TRUE } else { &rules::IAM_COND_NULL_FALSE });
        }
        match self.look_up(condition.key.value.as_str()) {
            Lookup::Unknown => {}
            Lookup::Values(values) if values.iter().any(|value| !value.is_empty()) => {
                for rule in with_key(operator, &values, condition) {
                    observer.rule(rule);
                }
            }
            Lookup::Values(_) if operator.comparison == Comparison::Null => {
                observer.rule(&rules::IAM_COND_NULL_EMPTY);
            }
            Lookup::Values(_) | Lookup::Absent => {
                if let Some(rule) = without_key(operator) {
                    observer.rule(rule);
                }
            }
        }
    }
}

fn without_key(operator: Operator) -> Option<&'static Rule> {
    let negated = operator.comparison.negates().is_some();
    Some(match (operator.set, operator.if_exists) {
        _ if operator.comparison == Comparison::Null => return None,
        (Some(SetOperator::ForAllValues), _) => &rules::IAM_COND_FOR_ALL_MISSING,
        (Some(SetOperator::ForAnyValue), true) => &rules::IAM_COND_FOR_ANY_IF_EXISTS,
        (Some(SetOperator::ForAnyValue), false) if negated => &rules::IAM_COND_FOR_ANY_MISSING_NEGATED,
        (Some(SetOperator::ForAnyValue), false) => &rules::IAM_COND_FOR_ANY_MISSING,
        (None, true) => &rules::IAM_COND_IF_EXISTS,
        (None, false) if negated => &rules::IAM_COND_MISSING_KEY_NEGATED,
        (None, false) => &rules::IAM_COND_MISSING_KEY_POSITIVE,
    })
}

fn with_key(operator: Operator, values: &Values<'_>, condition: &Condition) -> Vec<&'static Rule> {
    let negated = operator.comparison.negates().is_some();
    let is_set = operator.set.is_some();
    let is_single = match values {
        Values::One(_) => true,
        Values::Told(told) => told.len() == 1 && !condition.key.value.is_multivalued(),
        Values::Many(_) => false,
    };
    let told = [
        (operator.if_exists, &rules::IAM_COND_IF_EXISTS),
        (operator.set == Some(SetOperator::ForAllValues), &rules::IAM_COND_FOR_ALL),
        (operator.set == Some(SetOperator::ForAnyValue), &rules::IAM_COND_FOR_ANY),
        (is_set && negated, &rules::IAM_COND_SET_NEGATED),
        (is_set && is_single, &rules::IAM_COND_SET_ON_SINGLE),
        (!is_set && values.len() > 1, &rules::IAM_COND_MULTI_WITHOUT_SET),
        (condition.values.len() > 1 && !negated, &rules::IAM_COND_OR),
        (condition.values.len() > 1 && negated, &rules::IAM_COND_NOR),
    ];
    told.into_iter().filter(|(holds, _)| *holds).map(|(_, rule)| rule).collect()
}
