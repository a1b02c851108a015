//! The credentials of the pods of this node: kept, shared, renewed ahead of time, forgotten with the pod.
//!
//! ```text
//!   hit ------------------> kept, and not due: answered without an await
//!   fetch --> remembered refusal | flight under way | a new flight --> source
//!   tick  --> due, and asked for since it was fetched --> a flight, a few a second
//! ```
//!
//! INVARIANT: an entry, a refusal and a flight are found by the SHA-256 of the token that they were made with, and a flight
//! ends, is kept and leaves the board under one lock. So a token gets what its own call brought, and no second call slips in.
//! What is taken back takes flights off the board, too: who asks later is given nothing of a call that was made before.

mod entry;
mod flight;
mod lru;
mod renewal;
mod settings;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use tokio::{sync::Semaphore, time::timeout};

pub use self::settings::CacheSettings;
use self::{
    entry::{Entry, Freshness, State},
    flight::{Landing, Outcome},
};
use super::{
    credentials::Credentials,
    metrics::{CacheEvent, Metrics},
    source::{CredentialSource, Issued, SourceError},
    token::Bearer,
};
use crate::{
    bearer::{BearerToken, TokenKey},
    clock::Now,
};

/// The credentials of every pod that asked. Clones are the same cache.
#[derive(Clone)]
pub struct Cache(Arc<Shared>);

struct Shared {
    source: Arc<dyn CredentialSource>,
    settings: CacheSettings,
    now: Now,
    metrics: Metrics,
    calls: Semaphore,
    state: Mutex<State>,
}

/// Why a pod gets no credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denied {
    /// The source said so.
    Source(SourceError),
    /// More tokens are being asked about than there is room for.
    Full,
    /// Whoever asks may not have another token asked about now.
    HeldBack,
    /// What asked broke down, which is a bug.
    Crashed,
}

impl Cache {
    /// An empty cache before `source`. What is due is renewed for as long as a clone lives; must be called within a tokio
    /// runtime.
    #[must_use]
    pub fn new(source: Arc<dyn CredentialSource>, settings: CacheSettings, now: Now, metrics: Metrics) -> Self {
        let state = Mutex::new(State::new(&settings));
        let calls = Semaphore::new(settings.calls_at_once);
        let cache = Self(Arc::new(Shared { source, settings, now, metrics, calls, state }));
        tokio::spawn(renewal::renew(Arc::downgrade(&cache.0)));
        tokio::spawn(renewal::take_back(Arc::downgrade(&cache.0)));
        cache
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.0.now)()
    }

    /// Credentials that need no renewal. Their token was validated when they were fetched, and has not expired since.
    pub(super) fn hit(&self, key: TokenKey) -> Option<Credentials> {
        let now = self.now();
        let mut state = self.0.state();
        match state.look_up(key, now, &self.0.settings)? {
            Freshness::Fresh(credentials) => {
                self.0.metrics.cached(CacheEvent::Hit);
                Some(credentials)
            }
            Freshness::Due(_) => None,
        }
    }

    /// The credentials of a validated token: what is kept, else what the source gives. Equal tokens share one call, which
    /// goes on when a caller does not wait for it.
    ///
    /// # Errors
    /// [`Denied`].
    pub async fn credentials(&self, token: &BearerToken, bearer: &Bearer) -> Result<Credentials, Denied> {
        self.fetch(TokenKey::of(token.expose()), token, bearer, || true).await
    }

    /// The same, by whoever has the key already. `may_call` is asked before the source is called about a token of which nothing
    /// is known.
    pub(super) async fn fetch(
        &self,
        key: TokenKey,
        token: &BearerToken,
        bearer: &Bearer,
        may_call: impl FnOnce() -> bool + Send,
    ) -> Result<Credentials, Denied> {
        let (landing, kept) = {
            let now = self.now();
            let mut state = self.0.state();
            let kept = match state.look_up(key, now, &self.0.settings) {
                Some(Freshness::Fresh(credentials)) => {
                    self.0.metrics.cached(CacheEvent::Hit);
                    return Ok(credentials);
                }
                Some(Freshness::Due(credentials)) => Some(credentials),
                None => None,
            };
            if kept.is_none()
                && let Some(refusal) = state.remembered(key, now)
            {
                self.0.metrics.cached(CacheEvent::Remembered);
                return Err(Denied::Source(refusal));
            }
            if kept.is_none() && !state.flights.has(key) && !may_call() {
                return Err(Denied::HeldBack);
            }
            self.0.metrics.cached(if kept.is_some() { CacheEvent::Due } else { CacheEvent::Miss });
            (self.0.board(&mut state, key, token, bearer), kept)
        };
        let Some(landing) = landing else { return kept.ok_or(Denied::Full) };
        let Some(kept) = kept else { return landing.outcome().await };
        // What is kept is good for a while yet: better that now than the new one late.
        match timeout(self.0.settings.wait_for_renewal, landing.outcome()).await {
            Ok(Ok(renewed)) => Ok(renewed),
            Ok(Err(Denied::Source(refusal))) if refusal.is_lasting() => Err(Denied::Source(refusal)),
            Ok(Err(_)) | Err(_) => Ok(kept),
        }
    }

    /// Forgets the credentials of a pod that has gone, by its unique id: neither are they renewed, nor does a token of it that
    /// somebody took have them without asking the source.
    pub fn forget_pod(&self, uid: &str) {
        let mut state = self.0.state();
        let forgotten = state.forget_pod(uid);
        for _ in 0..forgotten {
            self.0.metrics.cached(CacheEvent::PodGone);
        }
        self.0.metrics.kept(state.len(), 0);
        if forgotten > 0 {
            tracing::debug!(uid, forgotten, "a pod has gone, and its credentials with it");
        }
    }

    /// How many credentials are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.state().len()
    }

    /// Whether none are kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A seat on the flight of this token; a new one where none is under way. `None`: there is no room.
    fn board(
        self: &Arc<Self>,
        state: &mut State,
        key: TokenKey,
        token: &BearerToken,
        bearer: &Bearer,
    ) -> Option<Landing> {
        if let Some(landing) = state.flights.join(key) {
            self.metrics.cached(CacheEvent::Shared);
            return Some(landing);
        }
        let (departure, landing) = state.flights.start(key, bearer.clone())?;
        let (shared, token, bearer) = (Arc::clone(self), token.clone(), bearer.clone());
        tokio::spawn(async move {
            let departure = flight::Guard::new(departure, Arc::clone(&shared), key);
            let brought = shared.call(&token, &bearer).await;
            departure.land(brought, |state, brought, asked| shared.keep(state, key, &token, &bearer, brought, asked));
        });
        Some(landing)
    }

    /// One call of the source, checked.
    async fn call(&self, token: &BearerToken, bearer: &Bearer) -> Result<Issued, SourceError> {
        // Closed never: an error would be that.
        let _turn = self.calls.acquire().await;
        let started = tokio::time::Instant::now();
        let answered = self.source.issue(token).await;
        let took = started.elapsed();
        let outcome = answered.and_then(|issued| entry::check(issued, bearer, (self.now)(), &self.settings));
        self.metrics.called(outcome.as_ref().err().map(|error| error.class), took);
        match &outcome {
            Ok(issued) => tracing::info!(
                subject = bearer.subject,
                by = issued.by,
                expires = %issued.credentials.expires(),
                ?took,
                "credentials issued"
            ),
            Err(error) => {
                if let Some(left_out) = self.metrics.log_refusal() {
                    tracing::warn!(subject = bearer.subject, %error, ?took, left_out, "no credentials");
                }
            }
        }
        outcome
    }

    /// Keeps what a call brought, and tells it.
    fn keep(
        &self,
        state: &mut State,
        key: TokenKey,
        token: &BearerToken,
        bearer: &Bearer,
        outcome: Result<Issued, SourceError>,
        asked: bool,
    ) -> Outcome {
        let now = (self.now)();
        match outcome {
            Ok(Issued { credentials, may_be_kept, .. }) => {
                if self.settings.keeps() && may_be_kept && !state.has_gone(bearer) {
                    let entry = Entry::new(&self.settings, token, bearer, credentials.clone(), now, asked);
                    let evicted = state.keep(key, entry);
                    self.metrics.kept(state.len(), evicted);
                }
                Ok(credentials)
            }
            Err(error) => {
                if error.is_lasting() && state.forget(key) {
                    self.metrics.dropped(&error);
                }
                state.postpone(key, now, &self.settings);
                state.remember(key, now, &error, &self.settings);
                self.metrics.kept(state.len(), 0);
                Err(Denied::Source(error))
            }
        }
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("source", &self.0.source).field("kept", &self.len()).finish_non_exhaustive()
    }
}
