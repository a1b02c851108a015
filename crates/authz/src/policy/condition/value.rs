//! The values of conditions, parsed once for their operator.

use std::net::IpAddr;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Comparison, Matches, Operator, date::WrittenDate, network::Network, number::Number};
use crate::{
    matching::{self, ContextView},
    pattern::{Fit, Manner, Pattern, Resolved, Syntax, ValuesAre},
    policy::Version,
    rules::Assumptions,
};

/// A value of a condition: parsed for its operator, with variables where the version and the operator have them.
#[derive(Clone, Debug, PartialEq)]
pub struct ConditionValue {
    written: Box<str>,
    parsed: Parsed,
}

/// A value that AWS refuses for its operator. It refuses dates only; other values it takes, and they never match.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{written}` is no date: `{operator}` takes one as in `2026-11-25T10:00:00Z`, or the seconds since 1970 as in `1795600800`"
)]
pub struct InvalidConditionValue {
    /// The value.
    pub written: String,
    /// The operator.
    pub operator: Operator,
}

#[derive(Clone, Debug, PartialEq)]
enum Parsed {
    Text(Pattern, Manner),
    /// `true` or `false`, perhaps from a variable.
    Truth(Pattern),
    Number(Number),
    Date(WrittenDate),
    Bytes(Box<[u8]>),
    Network(Network),
    /// Whether the key has to be absent.
    Absence(bool),
    /// Not what the operator compares: it matches nothing.
    Nothing,
}

impl ConditionValue {
    /// Takes a value for an operator.
    ///
    /// # Errors
    /// The operator compares dates, and it is none.
    pub fn new(written: &str, operator: Operator, version: Version) -> Result<Self, InvalidConditionValue> {
        let text = |wildcards, manner| {
            Parsed::Text(Pattern::read(written, Syntax { wildcards, variables: version == Version::V2012 }), manner)
        };
        let parsed = match operator.comparison {
            Comparison::StringEquals | Comparison::StringNotEquals => text(false, Manner::Plain),
            Comparison::StringEqualsIgnoreCase | Comparison::StringNotEqualsIgnoreCase => {
                text(false, Manner::IgnoreCase)
            }
            Comparison::StringLike | Comparison::StringNotLike => text(true, Manner::Plain),
            Comparison::ArnEquals | Comparison::ArnNotEquals | Comparison::ArnLike | Comparison::ArnNotLike => {
                text(true, Manner::Arn)
            }
            Comparison::NumericEquals
            | Comparison::NumericNotEquals
            | Comparison::NumericLessThan
            | Comparison::NumericLessThanEquals
            | Comparison::NumericGreaterThan
            | Comparison::NumericGreaterThanEquals => written.parse().map_or(Parsed::Nothing, Parsed::Number),
            Comparison::DateEquals
            | Comparison::DateNotEquals
            | Comparison::DateLessThan
            | Comparison::DateLessThanEquals
            | Comparison::DateGreaterThan
            | Comparison::DateGreaterThanEquals => Parsed::Date(
                written.parse().map_err(|_| InvalidConditionValue { written: written.to_owned(), operator })?,
            ),
            Comparison::Bool => truth(written, version),
            Comparison::Null => read_bool(written).map_or(Parsed::Nothing, Parsed::Absence),
            Comparison::BinaryEquals => {
                STANDARD.decode(written).map_or(Parsed::Nothing, |bytes| Parsed::Bytes(bytes.into()))
            }
            Comparison::IpAddress | Comparison::NotIpAddress => {
                written.parse().map_or(Parsed::Nothing, Parsed::Network)
            }
        };
        Ok(Self { written: written.into(), parsed })
    }

    /// A value that nothing matches.
    pub(in crate::policy) fn never(written: &str) -> Self {
        Self { written: written.into(), parsed: Parsed::Nothing }
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// Whether a value of the request matches; `comparison` is no negated one. A value of the request that is not
    /// what the operator compares matches nothing.
    pub(super) fn matches(&self, given: &str, comparison: Comparison, context: &impl ContextView) -> Matches<'_> {
        let assumptions = context.assumptions();
        match &self.parsed {
            Parsed::Text(pattern, Manner::Arn) if fits_everything(pattern, context) => {
                Matches::from(assumptions.iam_cond_arn_star)
            }
            Parsed::Text(pattern, manner) => fits(pattern, given, *manner, context),
            Parsed::Truth(pattern) if !is_truth(pattern, assumptions) || !is_bool(given, assumptions) => Matches::No,
            Parsed::Truth(pattern) if assumptions.iam_cond_bool_case => {
                fits(pattern, given, Manner::IgnoreCase, context)
            }
            Parsed::Truth(pattern) => fits(pattern, given, Manner::Plain, context),
            Parsed::Number(number) => {
                Matches::from(given.parse().is_ok_and(|given: Number| compares(&given, number, comparison)))
            }
            Parsed::Date(date) => Matches::from(given.parse().is_ok_and(|given: WrittenDate| {
                compares(&given.instant(assumptions), &date.instant(assumptions), comparison)
            })),
            Parsed::Bytes(bytes) => Matches::from(STANDARD.decode(given).is_ok_and(|given| *given == **bytes)),
            Parsed::Network(network) => {
                Matches::from(given.parse().is_ok_and(|address| network.contains(address, assumptions)))
            }
            Parsed::Absence(_) | Parsed::Nothing => Matches::No,
        }
    }

    /// For `Null`: whether it asks that the key be absent (or present).
    pub(super) fn asks_absence(&self, absent: bool) -> bool {
        self.parsed == Parsed::Absence(absent)
    }

    /// Whether whatever a key could be matches.
    pub(super) fn matches_everything(&self, context: &impl ContextView) -> bool {
        match &self.parsed {
            Parsed::Text(pattern, manner) => {
                fits_everything(pattern, context) && (*manner != Manner::Arn || context.assumptions().iam_cond_arn_star)
            }
            _ => false,
        }
    }

    /// Whether nothing that a key could be matches.
    pub(super) fn matches_nothing(&self, context: &impl ContextView) -> bool {
        match &self.parsed {
            Parsed::Text(pattern, Manner::Arn) if fits_everything(pattern, context) => {
                !context.assumptions().iam_cond_arn_star
            }
            Parsed::Truth(pattern) if !is_truth(pattern, context.assumptions()) => true,
            Parsed::Text(pattern, _) | Parsed::Truth(pattern) => {
                pattern.variables().any(|variable| matching::resolve(variable, context) == Resolved::Nothing)
            }
            Parsed::Nothing => true,
            _ => false,
        }
    }

    /// As written, with the variables replaced that are known.
    pub(super) fn expanded(&self, context: &impl ContextView) -> Box<str> {
        match &self.parsed {
            Parsed::Truth(pattern) if !is_truth(pattern, context.assumptions()) => self.written.clone(),
            Parsed::Text(pattern, _) | Parsed::Truth(pattern) if pattern.variables().next().is_some() => {
                pattern.expanded(values_are(context), |variable| matching::resolve(variable, context)).into()
            }
            _ => self.written.clone(),
        }
    }
}

fn values_are(context: &impl ContextView) -> ValuesAre {
    if context.assumptions().iam_variable_value_literal { ValuesAre::Texts } else { ValuesAre::Patterns }
}

fn fits_everything(pattern: &Pattern, context: &impl ContextView) -> bool {
    pattern.fits_everything(values_are(context), |variable| matching::resolve(variable, context))
}

fn fits<'k>(pattern: &'k Pattern, given: &str, manner: Manner, context: &impl ContextView) -> Matches<'k> {
    match matching::fits(pattern, given, manner, context) {
        Fit::Yes => Matches::Yes,
        Fit::No => Matches::No,
        Fit::Perhaps(variable) => Matches::HangsOn(&variable.key),
    }
}

/// Whether what the request gives compares with what the policy wants as the operator says.
fn compares<T: Ord>(given: &T, wanted: &T, comparison: Comparison) -> bool {
    match comparison {
        Comparison::NumericLessThan | Comparison::DateLessThan => given < wanted,
        Comparison::NumericLessThanEquals | Comparison::DateLessThanEquals => given <= wanted,
        Comparison::NumericGreaterThan | Comparison::DateGreaterThan => given > wanted,
        Comparison::NumericGreaterThanEquals | Comparison::DateGreaterThanEquals => given >= wanted,
        _ => given == wanted,
    }
}

/// Whether a value of the request is what an operator compares.
pub(super) fn is_comparable(given: &str, comparison: Comparison) -> bool {
    match comparison {
        Comparison::NumericEquals
        | Comparison::NumericLessThan
        | Comparison::NumericLessThanEquals
        | Comparison::NumericGreaterThan
        | Comparison::NumericGreaterThanEquals => given.parse::<Number>().is_ok(),
        Comparison::DateEquals
        | Comparison::DateLessThan
        | Comparison::DateLessThanEquals
        | Comparison::DateGreaterThan
        | Comparison::DateGreaterThanEquals => given.parse::<WrittenDate>().is_ok(),
        Comparison::IpAddress => given.parse::<IpAddr>().is_ok(),
        _ => true,
    }
}

fn truth(written: &str, version: Version) -> Parsed {
    let pattern = Pattern::read(written, Syntax { wildcards: false, variables: version == Version::V2012 });
    let may_be_one = pattern.variables().next().is_some() || read_bool(written).is_some();
    if may_be_one { Parsed::Truth(pattern) } else { Parsed::Nothing }
}

/// Whether the value of a `Bool` may be one at all: with a variable in it only where it may have some.
fn is_truth(pattern: &Pattern, assumptions: &Assumptions) -> bool {
    assumptions.iam_variable_bool || pattern.variables().next().is_none()
}

fn is_bool(given: &str, assumptions: &Assumptions) -> bool {
    if assumptions.iam_cond_bool_case { read_bool(given).is_some() } else { matches!(given, "true" | "false") }
}

fn read_bool(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}
