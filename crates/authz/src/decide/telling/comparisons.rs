//! Rules about how values are compared.

use std::net::IpAddr;

use crate::{
    matching::{ContextView, Lookup},
    policy::{Comparison, Condition, Policy, Version},
    rules::{self, Rule},
};

use super::super::{derive::Facts, observer::Observer};

impl Facts<'_> {
    pub(super) fn tell_of_values<O: Observer>(&self, policy: &Policy, condition: &Condition, observer: &mut O) {
        let comparison = condition.operator.value.comparison;
        let positive = comparison.negates().unwrap_or(comparison);
        let texts = || condition.values.iter().map(|value| value.value.as_str());
        for text in texts().filter(|text| text.contains("${")) {
            self.tell_of_variables_of(policy, text, comparison, observer);
        }
        let Lookup::Values(given) = self.look_up(condition.key.value.as_str()) else { return };
        if let Some(rule) = by_kind(positive) {
            observer.rule(rule);
        }
        for text in texts() {
            for rule in by_text(comparison, text, given.iter()) {
                observer.rule(rule);
            }
        }
        if given.iter().any(|value| !condition.compares(value)) {
            observer.rule(if comparison == positive {
                &rules::IAM_COND_UNPARSABLE
            } else {
                &rules::IAM_COND_UNPARSABLE_NEGATED
            });
        }
    }

    fn tell_of_variables_of<O: Observer>(&self, policy: &Policy, text: &str, comparison: Comparison, observer: &mut O) {
        if policy.version() != Version::V2012 {
            self.tell_of_version(policy, observer);
            return;
        }
        match by_kind(comparison.negates().unwrap_or(comparison)) {
            Some(rule) if rule.id == rules::IAM_COND_BOOL.id => observer.rule(&rules::IAM_VARIABLE_BOOL),
            Some(rule) if rule.id.starts_with("iam-cond-string") || rule.id == rules::IAM_COND_ARN.id => {
                observer.rule(&rules::IAM_VARIABLE_CONDITION);
            }
            _ => {
                observer.rule(&rules::IAM_VARIABLE_NOT_OTHER_OPERATORS);
                return;
            }
        }
        if self.tell_of_variables(text, observer) && comparison.negates().is_some() {
            observer.rule(&rules::IAM_VARIABLE_UNRESOLVED_NEGATED);
        }
    }
}

const fn by_kind(positive: Comparison) -> Option<&'static Rule> {
    use Comparison as C;
    Some(match positive {
        C::StringEquals | C::StringNotEquals => &rules::IAM_COND_STRING_EQUALS,
        C::StringEqualsIgnoreCase | C::StringNotEqualsIgnoreCase => &rules::IAM_COND_STRING_IGNORE_CASE,
        C::StringLike | C::StringNotLike => &rules::IAM_COND_STRING_LIKE,
        C::NumericEquals
        | C::NumericNotEquals
        | C::NumericLessThan
        | C::NumericLessThanEquals
        | C::NumericGreaterThan
        | C::NumericGreaterThanEquals => &rules::IAM_COND_NUMERIC,
        C::DateEquals
        | C::DateNotEquals
        | C::DateLessThan
        | C::DateLessThanEquals
        | C::DateGreaterThan
        | C::DateGreaterThanEquals => &rules::IAM_COND_DATE,
        C::Bool => &rules::IAM_COND_BOOL,
        C::BinaryEquals => &rules::IAM_COND_BINARY,
        C::IpAddress | C::NotIpAddress => &rules::IAM_COND_IP,
        C::ArnEquals | C::ArnNotEquals | C::ArnLike | C::ArnNotLike => &rules::IAM_COND_ARN,
        C::Null => return None,
    })
}

/// The rules that a value of the policy, as it is written, brings in.
fn by_text<'v>(comparison: Comparison, text: &str, mut given: impl Iterator<Item = &'v str>) -> Vec<&'static Rule> {
    use Comparison as C;
    let mut rules = Vec::new();
    let mut tell = |holds: bool, rule: &'static Rule| {
        if holds {
            rules.push(rule);
        }
    };
    match comparison {
        C::ArnEquals | C::ArnNotEquals | C::ArnLike | C::ArnNotLike => {
            let is_equals = matches!(comparison, C::ArnEquals | C::ArnNotEquals);
            tell(is_equals && text.contains(['*', '?']), &rules::IAM_COND_ARN_EQUALS);
            tell(text == "*", &rules::IAM_COND_ARN_STAR);
        }
        C::IpAddress | C::NotIpAddress => {
            let (address, prefix) = text.split_once('/').map_or((text, None), |(ip, prefix)| (ip, prefix.parse().ok()));
            let Ok(network) = address.parse::<IpAddr>() else { return rules };
            let is_bare = prefix.is_none();
            tell(is_bare, if network.is_ipv6() { &rules::IAM_COND_IP_BARE_V6 } else { &rules::IAM_COND_IP_BARE });
            tell(prefix.is_some_and(|prefix| has_host_bits(network, prefix)), &rules::IAM_COND_IP_HOST_BITS);
            let mut given = given.filter_map(|given| given.parse::<IpAddr>().ok());
            tell(given.any(|given| given.is_ipv6() != network.is_ipv6()), &rules::IAM_COND_IP_FAMILY);
        }
        C::Bool => {
            let is_lower = |text: &str| text.to_ascii_lowercase() == text;
            tell(!is_lower(text) || !given.all(is_lower), &rules::IAM_COND_BOOL_CASE);
        }
        _ => {
            let is_date = by_kind(comparison).is_some_and(|rule| rule.id == rules::IAM_COND_DATE.id);
            let is_year = text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit());
            tell(is_date && is_year, &rules::IAM_COND_DATE_YEAR);
        }
    }
    rules
}

/// Whether an address has bits behind its prefix.
fn has_host_bits(address: IpAddr, prefix: u32) -> bool {
    let (bits, width) = match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    };
    let behind = u32::saturating_sub(width, prefix);
    behind >= 128 && bits != 0 || behind < 128 && bits & ((1 << behind) - 1) != 0
}
