//! The values of conditions, parsed once for their operator.

use std::net::IpAddr;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ipnet::IpNet;

use super::{Comparison, Matches, Operator, date::Instant, number::Number};
use crate::{
    matching::{self, ContextView},
    pattern::{Fit, Manner, Pattern, Resolved, Syntax},
    policy::Version,
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
    Date(Instant),
    Bytes(Box<[u8]>),
    Network(IpNet),
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
            Comparison::IpAddress | Comparison::NotIpAddress => network(written),
        };
        Ok(Self { written: written.into(), parsed })
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// Whether a value of the request matches; `comparison` is no negated one. A value of the request that is not
    /// what the operator compares matches nothing.
    pub(super) fn matches(&self, given: &str, comparison: Comparison, context: &impl ContextView) -> Matches<'_> {
        match &self.parsed {
            Parsed::Text(pattern, manner) => fits(pattern, given, *manner, context),
            Parsed::Truth(pattern) if read_bool(given).is_some() => fits(pattern, given, Manner::IgnoreCase, context),
            Parsed::Number(number) => {
                Matches::from(given.parse().is_ok_and(|given: Number| compares(&given, number, comparison)))
            }
            Parsed::Date(date) => {
                Matches::from(given.parse().is_ok_and(|given: Instant| compares(&given, date, comparison)))
            }
            Parsed::Bytes(bytes) => Matches::from(STANDARD.decode(given).is_ok_and(|given| *given == **bytes)),
            Parsed::Network(network) => {
                Matches::from(given.parse().is_ok_and(|address: IpAddr| network.contains(&address)))
            }
            Parsed::Truth(_) | Parsed::Absence(_) | Parsed::Nothing => Matches::No,
        }
    }

    /// For `Null`: whether it asks that the key be absent (or present).
    pub(super) fn asks_absence(&self, absent: bool) -> bool {
        self.parsed == Parsed::Absence(absent)
    }

    /// Whether whatever a key could be matches.
    pub(super) fn matches_everything(&self) -> bool {
        matches!(&self.parsed, Parsed::Text(pattern, _) if pattern.fits_everything())
    }

    /// Whether nothing that a key could be matches.
    pub(super) fn matches_nothing(&self, context: &impl ContextView) -> bool {
        match &self.parsed {
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
            Parsed::Text(pattern, _) | Parsed::Truth(pattern) if pattern.variables().next().is_some() => {
                pattern.expanded(|variable| matching::resolve(variable, context)).into()
            }
            _ => self.written.clone(),
        }
    }
}

fn fits<'k>(pattern: &'k Pattern, given: &str, manner: Manner, context: &impl ContextView) -> Matches<'k> {
    match pattern.fits(given, manner, |variable| matching::resolve(variable, context)) {
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

fn truth(written: &str, version: Version) -> Parsed {
    let pattern = Pattern::read(written, Syntax { wildcards: false, variables: version == Version::V2012 });
    let may_be_one = pattern.variables().next().is_some() || read_bool(written).is_some();
    if may_be_one { Parsed::Truth(pattern) } else { Parsed::Nothing }
}

fn read_bool(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// A network, or an address, which is the network of this one address.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Condition operators", section "IP address condition operators".
fn network(written: &str) -> Parsed {
    let network = written.parse::<IpNet>().or_else(|_| written.parse::<IpAddr>().map(IpNet::from));
    network.map_or(Parsed::Nothing, Parsed::Network)
}
