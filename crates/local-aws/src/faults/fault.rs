//! One fault: which calls it is about, what it does to them, and when.

use std::{collections::HashSet, time::Duration};

use authz::principal::Principal;
use aws_wire::model::ServiceId;
use jiff::{SignedDuration, Timestamp};

use super::{Called, NamedKey, codes::Injected};
use crate::glob;

/// Faults that were read.
#[derive(Clone, Debug, Default)]
pub struct FaultPlan {
    pub(super) seed: Option<u64>,
    pub(super) faults: Vec<Fault>,
}

impl FaultPlan {
    /// These and others behind them. A seed that the others tell is the seed of all.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.seed = others.seed.or(self.seed);
        self.faults.extend(others.faults);
        self
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }
}

#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) name: Option<String>,
    /// As it is written in one line.
    pub(super) line: String,
    pub(super) scope: Scope,
    pub(super) effect: Effect,
    /// The share of calls that it does something to.
    pub(super) share: Option<f64>,
    /// How often it does something at most.
    pub(super) times: Option<u64>,
    /// How many calls it lets pass first.
    pub(super) after: u64,
    pub(super) from: Option<Moment>,
    pub(super) until: Option<Moment>,
}

/// Which calls a fault is about. An empty list is every one.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    pub(super) operations: HashSet<(ServiceId, &'static str)>,
    pub(super) accounts: Vec<String>,
    pub(super) regions: Vec<String>,
    pub(super) callers: Vec<String>,
    pub(super) keys: Option<KeyPattern>,
}

/// Which keys: ARNs, ids or aliases, with wildcards.
#[derive(Clone, Debug)]
pub(crate) struct KeyPattern(pub(super) Vec<String>);

/// What a fault does.
#[derive(Clone, Debug)]
pub(super) enum Effect {
    Latency { least: Duration, most: Duration },
    Error(Injected),
    Throttle { per_second: u64, message: Option<String> },
    Gone(Silence),
    Lost(Loss),
    KeyState(KeyPattern, ForcedState),
}

/// How a call is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Silence {
    /// The connection is closed.
    Closed,
    /// Nothing comes, for as long as a delay may last; then it is closed.
    Silent,
}

/// What comes instead of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    Silence(Silence),
    /// The service's internal error.
    Error,
}

/// What a key is put into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ForcedState {
    Enabled,
    Disabled,
    PendingDeletion,
    Unavailable,
}

/// A time, or how long after the fault was set.
#[derive(Clone, Copy, Debug)]
pub(super) enum Moment {
    At(Timestamp),
    After(SignedDuration),
}

impl Moment {
    pub(super) fn after(self, set: Timestamp) -> Result<Timestamp, jiff::Error> {
        match self {
            Self::At(at) => Ok(at),
            Self::After(wait) => set.checked_add(wait),
        }
    }
}

impl Fault {
    /// Whether it is about a call.
    pub(super) fn is_about(&self, called: &Called<'_>) -> bool {
        let Scope { operations, accounts, regions, callers, keys } = &self.scope;
        let one_of =
            |patterns: &[String], text: &str| patterns.is_empty() || patterns.iter().any(|one| glob::fits(one, text));
        let caller = called.caller;
        let role = match &caller.principal {
            Principal::Session(session) => Some(session.role.as_str()),
            _ => None,
        };
        operations.contains(&(called.service, called.operation.name()))
            && one_of(accounts, caller.account.as_str())
            && one_of(regions, called.region.as_str())
            && (one_of(callers, &caller.arn) || role.is_some_and(|role| one_of(callers, role)))
            && keys.as_ref().is_none_or(|keys| called.keys.iter().any(|key| keys.fits(key)))
    }
}

impl KeyPattern {
    /// Whether it means a key.
    pub(crate) fn fits(&self, key: &NamedKey) -> bool {
        self.0.iter().any(|pattern| {
            if pattern.starts_with("alias/") {
                return key.aliases.iter().any(|alias| glob::fits(pattern, alias));
            }
            let text = if pattern.starts_with("arn:") { key.arn.as_str() } else { key.arn.key_id() };
            glob::fits(pattern, text)
        })
    }
}
