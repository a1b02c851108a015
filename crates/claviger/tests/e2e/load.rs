//! Work that goes on beside a scenario until it is told to stop, and how far it has come.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{sync::watch, time::timeout};

/// Clones are the same load.
#[derive(Clone, Default)]
pub(crate) struct Load {
    stopped: Arc<AtomicBool>,
    done: watch::Sender<usize>,
}

impl Load {
    pub(crate) fn goes_on(&self) -> bool {
        !self.stopped.load(Ordering::Relaxed)
    }

    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// One more thing was done and acknowledged.
    pub(crate) fn done(&self) {
        self.done.send_modify(|done| *done += 1);
    }

    /// Returns when `more` have been done from now on.
    pub(crate) async fn until(&self, more: usize) {
        let mut done = self.done.subscribe();
        let wanted = *done.borrow_and_update() + more;
        let reached = timeout(Duration::from_secs(60), done.wait_for(|done| *done >= wanted)).await;
        reached.expect("the load goes on").expect("we hold a sender");
    }
}
