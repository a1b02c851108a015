//! How long a role's sessions may last, as far as STS has said so.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use aws_model::Arn;
use jiff::{SignedDuration, Timestamp};

/// What every role allows, and all that one role's session gets of another role.
///
/// Source: AWS STS API Reference, "AssumeRole", `DurationSeconds`.
pub(super) const ALWAYS: SignedDuration = SignedDuration::from_hours(1);
/// After so long STS is asked for more again: the role's longest duration may have been raised.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(6);
/// How many roles are remembered. Beyond that, a call more is made for each of the others.
const MOST: usize = 4096;

/// The roles whose sessions last an hour, and until when that is believed.
#[derive(Debug, Default)]
pub(super) struct Lifetimes(Mutex<HashMap<Arn, Timestamp>>);

impl Lifetimes {
    /// How long a session of `role` that should last `wanted` may last.
    pub(super) fn of(&self, role: &Arn, wanted: SignedDuration, now: Timestamp) -> SignedDuration {
        let short = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if short.get(role).is_some_and(|until| *until > now) { wanted.min(ALWAYS) } else { wanted }
    }

    /// STS refused a longer session of `role`.
    pub(super) fn remember(&self, role: &Arn, now: Timestamp) {
        let mut short = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        short.retain(|_, until| *until > now);
        if short.len() < MOST
            && let Ok(until) = now.saturating_add(REMEMBERED)
        {
            short.insert(role.clone(), until);
        }
    }

    /// Forgets all: the broker has another identity now.
    pub(super) fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
