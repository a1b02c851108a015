//! When a key_id is published and what Status says: a pure state machine that is fed the outcomes of probes.
//!
//! INVARIANT: the published version changes only to one that the last `agreement` probes all saw, and back to one
//! that this process published before only when probes saw nothing else for `return_after`. AWS KMS is eventually
//! consistent: after a rotation its answers mix old and new material for a while, and a key_id that went back and
//! forth would have the apiserver rewrite everything again and again. Changed settings count from the next probe on, and
//! publish nothing themselves.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use key_service::{ErrorClass, KeyVersion};
use tokio::time::Instant;

use crate::policy::{StatusReaction, policy};

/// How probes become answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusSettings {
    /// Probes in a row that must see the same new version before it is published.
    pub agreement: u32,
    /// How long probes must see nothing but a version that was published before, until it is published again.
    /// Longer than KMS takes to become consistent (its documentation says: seconds, seldom minutes).
    pub return_after: Duration,
    /// How long Status stays good, from the last good probe, through failures that say nothing about the key.
    pub coast: Duration,
    /// The pause between probes while all is well.
    pub settled_interval: Duration,
    /// The pause while a new version waits to be published, and after a failure.
    pub unsettled_interval: Duration,
    /// The least pause, however often a call asks for a probe.
    pub least_interval: Duration,
}

impl Default for StatusSettings {
    fn default() -> Self {
        Self {
            agreement: 3,
            return_after: Duration::from_secs(600),
            coast: crate::policy::DEFAULT_COAST,
            settled_interval: Duration::from_secs(30),
            unsettled_interval: Duration::from_secs(5),
            least_interval: Duration::from_secs(1),
        }
    }
}

/// A failed probe, as Status tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) class: ErrorClass,
    pub(crate) message: Arc<str>,
    /// Until when Status stays good all the same.
    pub(crate) coast_until: Option<Instant>,
}

/// The machine's state.
#[derive(Debug)]
pub(crate) struct Machine {
    settings: StatusSettings,
    published: Option<KeyVersion>,
    /// Every version this process published; a handful in a process's life.
    former: BTreeSet<KeyVersion>,
    candidate: Option<Candidate>,
    last_good: Option<Instant>,
    failure: Option<Failure>,
}

#[derive(Debug)]
struct Candidate {
    version: KeyVersion,
    seen: u32,
    since: Instant,
}

impl Machine {
    pub(crate) fn new(settings: StatusSettings) -> Self {
        Self { settings, published: None, former: BTreeSet::new(), candidate: None, last_good: None, failure: None }
    }

    pub(crate) fn published(&self) -> Option<&KeyVersion> {
        self.published.as_ref()
    }

    pub(crate) fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    pub(crate) fn is_pending(&self) -> bool {
        self.candidate.is_some()
    }

    /// Other settings from now on. Publishes nothing: that is left to the next probe. A coast under way ends when it
    /// would have under these.
    pub(crate) fn adjust(&mut self, settings: StatusSettings) {
        self.settings = settings;
        if let (Some(failure), Some(last_good)) = (&mut self.failure, self.last_good) {
            // `None` stays: there the key was taken away.
            failure.coast_until = failure.coast_until.map(|_| last_good + self.settings.coast);
        }
    }

    /// A probe sealed and opened.
    pub(crate) fn succeeded(&mut self, version: KeyVersion, now: Instant) {
        self.failure = None;
        self.last_good = Some(now);
        if self.published.is_none() {
            // Nothing can flip yet, and an apiserver is waiting.
            return self.publish(version);
        }
        if self.published.as_ref() == Some(&version) {
            self.candidate = None;
            return;
        }
        let candidate = match self.candidate.take() {
            Some(candidate) if candidate.version == version => Candidate { seen: candidate.seen + 1, ..candidate },
            _ => Candidate { version, seen: 1, since: now },
        };
        let returned = !self.former.contains(&candidate.version)
            || now.duration_since(candidate.since) >= self.settings.return_after;
        if candidate.seen >= self.settings.agreement && returned {
            self.publish(candidate.version);
        } else {
            self.candidate = Some(candidate);
        }
    }

    /// A probe failed. A candidate keeps its row: a failure says nothing about the material.
    pub(crate) fn failed(&mut self, class: ErrorClass, message: Arc<str>) {
        let was_taken_away = self.failure.as_ref().is_some_and(|failure| failure.coast_until.is_none());
        let coast_until = match (policy(class).status, self.last_good) {
            // Once the key was taken away, that the service is now absent as well does not bring it back.
            (StatusReaction::Coast, Some(last_good)) if !was_taken_away => Some(last_good + self.settings.coast),
            _ => None,
        };
        self.failure = Some(Failure { class, message, coast_until });
    }

    /// An Encrypt was sealed under `version`. It can break a row, never lengthen it: a burst of Encrypts within a
    /// millisecond are not several opinions. Under the published version it is as good as a probe for the coast.
    pub(crate) fn sighted(&mut self, version: &KeyVersion, at: Instant) {
        if self.published.as_ref() == Some(version) {
            let last_good = self.last_good.map_or(at, |last| last.max(at));
            self.last_good = Some(last_good);
            if let Some(failure) = &mut self.failure {
                // `None` stays, as in `adjust`: only a probe gives back a key that was taken away.
                failure.coast_until = failure.coast_until.map(|_| last_good + self.settings.coast);
            }
        }
        if self.candidate.as_ref().is_some_and(|candidate| candidate.version != *version) {
            self.candidate = None;
        }
    }

    /// How long to wait before the next probe, however often a call asks for it.
    pub(crate) fn least_pause(&self) -> Duration {
        self.settings.least_interval.min(self.pause())
    }

    /// How long to wait before the next probe.
    pub(crate) fn pause(&self) -> Duration {
        let returns = self.candidate.as_ref().is_some_and(|candidate| self.former.contains(&candidate.version));
        if self.failure.is_some() || (self.candidate.is_some() && !returns) {
            self.settings.unsettled_interval
        } else {
            self.settings.settled_interval
        }
    }

    fn publish(&mut self, version: KeyVersion) {
        self.candidate = None;
        self.former.insert(version.clone());
        self.published = Some(version);
    }
}

#[cfg(test)]
mod tests;
