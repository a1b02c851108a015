//! The memory of the bodies of all requests, and how much of it one peer may have: who stalls with long bodies stalls itself.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// In what room is counted, in octets.
const UNIT: usize = 1024;
/// What the bodies of all requests may take together, so that many long ones take no more than a few.
const ALL: usize = 32 << 20;
/// What those of one address may. It holds two of the longest reviews, and a thousand of usual pods.
const OF_ONE: usize = 8 << 20;
/// Addresses that are remembered though they have nothing now.
const MOST_IDLE: usize = 64;

/// The room of a webhook.
pub(super) struct Room {
    all: Arc<Semaphore>,
    of: Mutex<HashMap<IpAddr, Arc<Semaphore>>>,
}

/// Some of it, given back when dropped.
pub(super) struct Held {
    _of_one: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

impl Room {
    pub(super) fn new() -> Self {
        Self { all: Arc::new(Semaphore::new(ALL / UNIT)), of: Mutex::default() }
    }

    /// Room for so many octets, when there is some. `None`: there never is.
    pub(super) async fn take(&self, peer: IpAddr, octets: usize) -> Option<Held> {
        let units = u32::try_from(octets / UNIT + 1).ok()?;
        // First of its own: who waits for that has nothing of what all share.
        let of_one = self.of(peer).acquire_many_owned(units).await.ok()?;
        let of_all = Arc::clone(&self.all).acquire_many_owned(units).await.ok()?;
        Some(Held { _of_one: of_one, _of_all: of_all })
    }

    fn of(&self, peer: IpAddr) -> Arc<Semaphore> {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        if of.len() >= MOST_IDLE {
            // Who waits or holds has it, too.
            of.retain(|_, room| Arc::strong_count(room) > 1);
        }
        Arc::clone(of.entry(peer).or_insert_with(|| Arc::new(Semaphore::new(OF_ONE / UNIT))))
    }
}
