//! What the prober last found, for everyone to read.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use key_service::{ErrorClass, KeyVersion};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, timeout_at},
};

use super::machine::{Failure, Machine};
use crate::policy::{Refusal, policy};

/// The key_id that Status publishes. Clones share the text.
#[derive(Clone, PartialEq, Eq)]
pub struct PublishedKey(Arc<Published>);

#[derive(PartialEq, Eq)]
struct Published {
    version: KeyVersion,
    text: String,
}

impl PublishedKey {
    /// The text of `version`.
    pub fn new(version: KeyVersion) -> Self {
        Self(Arc::new(Published { text: version.to_string(), version }))
    }

    /// The text: `<key>@<material>`.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// The key and the material that the text names.
    pub fn version(&self) -> &KeyVersion {
        &self.0.version
    }
}

impl fmt::Display for PublishedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for PublishedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One state of the cache.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    /// How many probes have ended.
    probes: u64,
    probed_at: Option<Instant>,
    published: Option<PublishedKey>,
    pending: bool,
    failure: Option<Failure>,
}

impl Snapshot {
    /// What Status answers at `now`.
    pub(crate) fn verdict(&self, now: Instant) -> Result<&PublishedKey, Refusal> {
        match (&self.published, &self.failure) {
            (Some(published), None) => Ok(published),
            (Some(published), Some(failure)) if failure.coast_until.is_some_and(|until| now < until) => Ok(published),
            (_, Some(failure)) => Err(Refusal::status(failure.class, failure.message.as_ref())),
            (None, None) => Err(Refusal::status(ErrorClass::Slow, "the first probe of the key has not ended yet")),
        }
    }

    /// The published key, whatever Status says of it now.
    pub(crate) fn published(&self) -> Option<&PublishedKey> {
        self.published.as_ref()
    }

    /// Whether an Encrypt that saw `version` has news for the prober.
    fn is_news(&self, version: &KeyVersion) -> bool {
        self.pending || self.published.as_ref().is_none_or(|published| published.version() != version)
    }

    /// What livez errs with: the last probe failed in a way that a restart may mend.
    pub(crate) fn wants_restart(&self) -> Option<&Failure> {
        self.failure.as_ref().filter(|failure| !policy(failure.class).live)
    }

    /// How long ago the last probe ended.
    pub(crate) fn age(&self, now: Instant) -> Option<Duration> {
        self.probed_at.map(|at| now.duration_since(at))
    }
}

/// The cache, and the way to ask for a fresher one.
#[derive(Debug)]
pub(crate) struct Board {
    snapshot: watch::Sender<Arc<Snapshot>>,
    nudge: Notify,
    sighting: Mutex<Option<Sighting>>,
}

/// What an Encrypt found: the key sealed and opened.
#[derive(Debug)]
pub(crate) struct Sighting {
    pub(crate) version: KeyVersion,
    pub(crate) at: Instant,
}

impl Board {
    pub(crate) fn new() -> Self {
        Self { snapshot: watch::Sender::default(), nudge: Notify::new(), sighting: Mutex::new(None) }
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.borrow().clone()
    }

    /// The cache, once there is one. Only callers that come before the end of the first probe wait, all for that one.
    pub(crate) async fn first(&self, deadline: Instant) -> Arc<Snapshot> {
        let mut changes = self.snapshot.subscribe();
        // Neither running out of time nor a prober that is gone changes what is said: there is no first probe yet.
        let _ = timeout_at(deadline, changes.wait_for(|snapshot| snapshot.probes > 0)).await;
        self.snapshot()
    }

    /// The published key for an Encrypt: while there is none, a probe is asked for and awaited.
    pub(crate) async fn published(&self, deadline: Instant) -> Result<PublishedKey, Refusal> {
        let snapshot = self.snapshot();
        if let Some(published) = snapshot.published() {
            return Ok(published.clone());
        }
        let mut changes = self.snapshot.subscribe();
        self.nudge();
        let seen = snapshot.probes;
        let _ = timeout_at(deadline, changes.wait_for(|snapshot| snapshot.probes > seen)).await;
        let snapshot = self.snapshot();
        snapshot.verdict(Instant::now()).cloned()
    }

    /// Asks for a probe soon.
    pub(crate) fn nudge(&self) {
        self.nudge.notify_one();
    }

    pub(crate) async fn nudged(&self) {
        self.nudge.notified().await;
    }

    /// Tells the prober that an Encrypt was just sealed under `version`, and proven. Asks for a probe when that is news.
    pub(crate) fn sight(&self, version: KeyVersion) {
        let news = self.snapshot.borrow().is_news(&version);
        let sighting = Sighting { version, at: Instant::now() };
        *self.sighting.lock().unwrap_or_else(PoisonError::into_inner) = Some(sighting);
        if news {
            self.nudge();
        }
    }

    pub(crate) fn take_sighting(&self) -> Option<Sighting> {
        self.sighting.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Shows how other settings change what is said of the last probe.
    pub(crate) fn revise(&self, machine: &Machine) {
        self.snapshot.send_modify(|snapshot| {
            *snapshot = Arc::new(Snapshot {
                probes: snapshot.probes,
                probed_at: snapshot.probed_at,
                published: snapshot.published.clone(),
                pending: machine.is_pending(),
                failure: machine.failure().cloned(),
            });
        });
    }

    /// Shows a new state.
    pub(crate) fn post(&self, machine: &Machine, now: Instant) {
        self.snapshot.send_modify(|snapshot| {
            let former = snapshot.published.as_ref();
            let published = machine.published().map(|version| match former {
                Some(former) if former.version() == version => former.clone(),
                _ => PublishedKey::new(version.clone()),
            });
            *snapshot = Arc::new(Snapshot {
                probes: snapshot.probes + 1,
                probed_at: Some(now),
                published,
                pending: machine.is_pending(),
                failure: machine.failure().cloned(),
            });
        });
    }
}
