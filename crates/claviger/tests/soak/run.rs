//! What the clients and whoever kills the embedded AWS know of each other.

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard, watch};

/// How far the run is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stage {
    /// How often the embedded AWS was started.
    pub(crate) starts: u64,
    /// How often it was killed or asked to end; told before that is done.
    pub(crate) ends: u64,
    /// How far its clock is ahead.
    pub(crate) days: u64,
    pub(crate) is_over: bool,
}

/// One run.
#[derive(Debug)]
pub(crate) struct Run {
    gate: RwLock<()>,
    compared: watch::Sender<u64>,
}

impl Run {
    pub(crate) fn new() -> Self {
        Self { gate: RwLock::new(()), compared: watch::Sender::new(0) }
    }

    /// A client goes on, unless all stand.
    pub(crate) async fn goes_on(&self) -> RwLockReadGuard<'_, ()> {
        self.gate.read().await
    }

    /// All clients have ended what they do, and do nothing meanwhile.
    pub(crate) async fn stands(&self) -> RwLockWriteGuard<'_, ()> {
        self.gate.write().await
    }

    /// A client has compared its ledger.
    pub(crate) fn compared(&self) {
        self.compared.send_modify(|times| *times += 1);
    }

    /// Waits until the clients have done so as often, all together.
    pub(crate) async fn until_compared(&self, times: u64) {
        // The sender lives as long as `self`.
        let _ = self.compared.subscribe().wait_for(|compared| *compared >= times).await;
    }
}
