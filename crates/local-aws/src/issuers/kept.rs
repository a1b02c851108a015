//! The keys that were fetched, for as long as they count.
//!
//! Whoever the keys at hand do for takes them and waits for nobody. Whoever needs others waits for one fetch, which goes on
//! when who began it is gone: it counts all the same, so that nobody makes an issuer be asked more often than once in
//! [`AGAIN`].

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use oidc::KeySet;
use tokio::{
    sync::{Semaphore, watch},
    time::Instant,
};

use super::{Asked, NoKeys};

/// How long keys are taken without asking whether there are others. AWS tells nothing of it.
pub(super) const KEPT: Duration = Duration::from_secs(300);

/// How long keys are taken where others could not be had: an issuer that is away for a while has not withdrawn them.
pub(super) const KEPT_AT_WORST: Duration = Duration::from_secs(3600);

/// How soon an issuer is asked again: issuers change their keys, and peers make up names of keys.
pub(super) const AGAIN: Duration = Duration::from_secs(1);

/// How many issuers are remembered. Nobody has a token verified whose issuer no account has made a provider of.
pub(super) const MOST_KEPT: usize = 1024;

/// How many issuers are asked at once. Each fetch holds two documents at most.
const MOST_ASKED: usize = 64;

/// The keys of the issuers that were asked lately.
#[derive(Debug)]
pub(super) struct Kept {
    slots: Mutex<HashMap<Asked, (Instant, Arc<Slot>)>>,
    room: Arc<Semaphore>,
}

/// What is known of one issuer's keys.
#[derive(Debug)]
pub(super) struct Slot {
    known: Mutex<Known>,
    room: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct Known {
    keys: Option<Fetched>,
    /// Why the last fetch brought none, if it did not.
    failed: Option<Arc<NoKeys>>,
    /// When the last fetch ended.
    asked: Option<Instant>,
    /// Ends when the fetch that is under way does.
    underway: Option<watch::Receiver<()>>,
}

/// Keys, and when they were fetched.
#[derive(Clone, Debug)]
pub(super) struct Fetched {
    at: Instant,
    pub(super) keys: Arc<KeySet>,
}

impl Default for Kept {
    fn default() -> Self {
        Self { slots: Mutex::default(), room: Arc::new(Semaphore::new(MOST_ASKED)) }
    }
}

impl Kept {
    /// What is known of an issuer. When there are too many, the one that nobody asked for longest is forgotten.
    pub(super) fn slot(&self, asked: &Asked) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if let Some((used, slot)) = slots.get_mut(asked) {
            *used = now;
            return Arc::clone(slot);
        }
        if slots.len() >= MOST_KEPT {
            let oldest = slots.iter().min_by_key(|(_, (used, _))| *used).map(|(asked, _)| asked.clone());
            oldest.map(|oldest| slots.remove(&oldest));
        }
        let slot = Arc::new(Slot { known: Mutex::default(), room: Arc::clone(&self.room) });
        slots.insert(asked.clone(), (now, Arc::clone(&slot)));
        slot
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Slot {
    /// The issuer's keys: those at hand, or what `fetch` brings where they are too old.
    pub(super) async fn keys<F>(self: &Arc<Self>, fetch: impl Fn() -> F) -> Result<Fetched, Arc<NoKeys>>
    where
        F: Future<Output = Result<KeySet, Arc<NoKeys>>> + Send + 'static,
    {
        if let Some(fresh) = self.known().keys_since(KEPT) {
            return Ok(fresh);
        }
        self.ask(fetch).await;
        let known = self.known();
        match (known.keys_since(KEPT_AT_WORST), &known.failed) {
            (Some(keys), _) => Ok(keys),
            (None, Some(why)) => Err(Arc::clone(why)),
            (None, None) => Err(Arc::new(NoKeys::Late)),
        }
    }

    /// Keys that are newer than those, which did not do, if there are any now.
    pub(super) async fn newer<F>(self: &Arc<Self>, than: &Fetched, fetch: impl Fn() -> F) -> Option<Fetched>
    where
        F: Future<Output = Result<KeySet, Arc<NoKeys>>> + Send + 'static,
    {
        let newer = |known: &Known| known.keys.clone().filter(|keys| keys.at > than.at);
        if let Some(newer) = newer(&self.known()) {
            return Some(newer);
        }
        self.ask(fetch).await;
        newer(&self.known())
    }

    /// Has the issuer asked, unless it just was, and waits until it is.
    async fn ask<F>(self: &Arc<Self>, fetch: impl Fn() -> F)
    where
        F: Future<Output = Result<KeySet, Arc<NoKeys>>> + Send + 'static,
    {
        let underway = {
            let mut known = self.known();
            match known.underway.clone().filter(|underway| underway.has_changed().is_ok()) {
                Some(underway) => Some(underway),
                None if known.asked.is_some_and(|asked| asked.elapsed() < AGAIN) => None,
                None => Some(known.underway.insert(self.begin(fetch())).clone()),
            }
        };
        if let Some(mut underway) = underway {
            // An error is the end of the fetch: nothing is ever sent.
            while underway.changed().await.is_ok() {}
        }
    }

    /// Begins a fetch that goes on by itself.
    fn begin<F>(self: &Arc<Self>, fetch: F) -> watch::Receiver<()>
    where
        F: Future<Output = Result<KeySet, Arc<NoKeys>>> + Send + 'static,
    {
        let (ends, underway) = watch::channel(());
        let slot = Arc::clone(self);
        tokio::spawn(async move {
            let room = slot.room.acquire().await;
            let fetched = fetch.await;
            drop(room);
            slot.known().take(fetched);
            drop(ends);
        });
        underway
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn keys_since(&self, age: Duration) -> Option<Fetched> {
        self.keys.clone().filter(|keys| keys.at.elapsed() < age)
    }

    /// What a fetch brought. Good keys outlive one that brought none.
    fn take(&mut self, fetched: Result<KeySet, Arc<NoKeys>>) {
        let at = Instant::now();
        self.asked = Some(at);
        match fetched {
            Ok(keys) => {
                self.keys = Some(Fetched { at, keys: Arc::new(keys) });
                self.failed = None;
            }
            Err(why) => self.failed = Some(why),
        }
    }
}
