//! A timer that is due soon at any time, so that no other one is ever the next.
//!
//! A timer that is due before the one that the runtime sleeps towards wakes the runtime (tokio's time driver: a write to
//! an eventfd, and an epoll_wait(2) that returns at once). Every call sets three such timers: its deadline, twice, and
//! the SDK's for the attempt; all are over a second ahead, and hardly any ever fires. Behind this one they cost nothing:
//! a quarter of the system calls of a Decrypt go (`docs/reference/performance.md`), for one wake-up a second.

use std::time::Duration;

use tokio::{task::JoinHandle, time::interval};

/// Sooner than any deadline that a call sets; the shortest is that of an attempt in `key-service`, 1.2 s.
const SOON: Duration = Duration::from_secs(1);

/// Beats until it is dropped.
#[derive(Debug)]
pub(super) struct Pulse(JoinHandle<()>);

impl Pulse {
    /// Must be called within a Tokio runtime.
    pub(super) fn start() -> Self {
        Self(tokio::spawn(async {
            let mut beats = interval(SOON);
            loop {
                beats.tick().await;
            }
        }))
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        self.0.abort();
    }
}
