//! Changes that decide a while after they were made: the eventual consistency of IAM and KMS, on request.
//!
//! What a service answers of its own is up to date at once; what calls are decided on is behind by the time that was asked
//! for, change by change and in their order. Nothing of it is kept: after a restart all changes decide.
//!
//! Sources: IAM User Guide, "Troubleshoot IAM" > "Changes that I make are not always immediately visible"; AWS KMS
//! Developer Guide, "AWS KMS eventual consistency" and "Using a grant token".

use std::{
    collections::VecDeque,
    fmt,
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use authz::world::{ChangeError, World};
use jiff::{SignedDuration, Timestamp};

use super::Authorizer;
use crate::clock::Clock;

/// How many changes wait at most, so that a clock that stands does not fill the memory; then the oldest decides early.
const MOST_WAITING: usize = 100_000;

/// When a change is made and when it decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spreading {
    made: Timestamp,
    due: Timestamp,
}

impl Spreading {
    pub(crate) fn made(self) -> Timestamp {
        self.made
    }

    /// Whether it does not decide yet. On a clock that was moved to before it was made, it does.
    pub(crate) fn is_on_its_way(self, now: Timestamp) -> bool {
        (self.made..self.due).contains(&now)
    }
}

/// The changes that do not decide yet.
#[derive(Debug, Default)]
pub(super) struct Propagation {
    takes: OnceLock<(Clock, SignedDuration)>,
    /// Whether any wait, so that nobody takes the lock to learn that none do.
    any: AtomicBool,
    waiting: Mutex<VecDeque<Waiting>>,
}

type Change = Box<dyn FnOnce(&mut World) -> Result<(), ChangeError> + Send>;

struct Waiting {
    spreading: Spreading,
    what: &'static str,
    change: Change,
}

impl Authorizer {
    /// From now on changes take so long to decide.
    pub(crate) fn spread_within(&self, clock: Clock, takes: SignedDuration) {
        if takes.is_positive() {
            // It is set once.
            let _ = self.propagation.takes.set((clock, takes));
        }
    }

    /// When a change decides that is made now; `None` for at once.
    pub(crate) fn spreading(&self) -> Option<Spreading> {
        let (clock, takes) = self.propagation.takes.get()?;
        let made = clock.now();
        Some(Spreading { made, due: made.checked_add(*takes).unwrap_or(Timestamp::MAX) })
    }

    /// Changes the facts when the change has spread. `what` names it in the log, should the model refuse it.
    pub(crate) fn spread(
        &self,
        what: &'static str,
        change: impl FnOnce(&mut World) -> Result<(), ChangeError> + Send + 'static,
    ) {
        let Some(spreading) = self.spreading() else {
            // Everything is told before what belongs to it, so there is nothing that could be missing.
            if let Err(refused) = self.change(change) {
                tracing::error!(%refused, "the authorization model was not told of {what}");
            }
            return;
        };
        let mut waiting = self.propagation.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= MOST_WAITING
            && let Some(oldest) = waiting.pop_front()
        {
            self.decide_on(oldest);
        }
        waiting.push_back(Waiting { spreading, what, change: Box::new(change) });
        self.propagation.any.store(true, Ordering::Release);
    }

    /// Lets the changes decide that have spread by now.
    pub(crate) fn catch_up(&self) {
        if !self.propagation.any.load(Ordering::Acquire) {
            return;
        }
        let Some((clock, _)) = self.propagation.takes.get() else { return };
        let now = clock.now();
        let mut waiting = self.propagation.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        while waiting.front().is_some_and(|first| !first.spreading.is_on_its_way(now)) {
            waiting.pop_front().into_iter().for_each(|first| self.decide_on(first));
        }
        self.propagation.any.store(!waiting.is_empty(), Ordering::Release);
    }

    fn decide_on(&self, Waiting { what, change, .. }: Waiting) {
        // What it is about may have gone meanwhile.
        if let Err(refused) = self.change(change) {
            tracing::debug!(%refused, "a change of {what} spread to nothing");
        }
    }
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting").field("spreading", &self.spreading).field("what", &self.what).finish_non_exhaustive()
    }
}
