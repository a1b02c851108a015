//! How often somebody may ask.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// How many askers are remembered. Once there are more, those that may ask at once are forgotten, which changes nothing.
pub(crate) const REMEMBERED: usize = 8192;

/// The pace of everybody.
#[derive(Debug)]
pub(crate) struct Pace<K> {
    /// Between two requests, in the long run. `None`: as fast as one likes.
    interval: Option<Duration>,
    /// How far ahead of that one may be.
    burst: Duration,
    /// When each would be on pace again (the generic cell rate algorithm).
    due: Mutex<HashMap<K, Instant>>,
}

impl<K: Eq + Hash> Pace<K> {
    /// So many requests a second, and half as many at once; 0 is no limit.
    pub(crate) fn per_second(requests: u32) -> Self {
        Self::with_burst(requests, requests / 2)
    }

    /// So many requests a second, and so many at once; 0 a second is no limit.
    pub(crate) fn with_burst(requests: u32, at_once: u32) -> Self {
        let interval = Duration::from_secs(1).checked_div(requests);
        let burst = interval.map_or(Duration::ZERO, |interval| interval.saturating_mul(at_once.max(1)));
        Self { interval, burst, due: Mutex::default() }
    }

    /// Whether this one may be answered now.
    pub(crate) fn admits(&self, asker: K) -> bool {
        let Some(interval) = self.interval else { return true };
        let now = Instant::now();
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let at = due.get(&asker).map_or(now, |due| (*due).max(now));
        if at.duration_since(now) >= self.burst {
            return false;
        }
        if due.len() >= REMEMBERED {
            due.retain(|_, at| *at > now);
        }
        // Only where thousands are ahead of their pace at once: then none of the new ones is held back.
        if due.len() < REMEMBERED || due.contains_key(&asker) {
            due.insert(asker, at + interval);
        }
        true
    }

    /// How many are remembered.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.due.lock().unwrap().len()
    }
}
