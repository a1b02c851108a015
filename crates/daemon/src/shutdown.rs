//! The end of a daemon: asked for once, drained within a deadline, cut short by a second signal.

use std::{io, time::Duration};

use tokio::{
    signal::unix::{SignalKind, signal},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

/// The one way a process is asked to end. Clones are the same shutdown.
///
/// Work that accepts new connections stops at [`requested`](Self::requested); what is already being served
/// runs on, at most until [`expired`](Self::expired).
#[derive(Clone, Debug)]
pub struct Shutdown {
    requested: CancellationToken,
    aborted: CancellationToken,
    drain: Duration,
}

/// The drain deadline passed, or a second signal came, before the work was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what was being served did not end in time and was cut off")]
pub struct DrainExpired;

impl Shutdown {
    /// A shutdown that only code can ask for: for tests, and for daemons inside another process.
    ///
    /// `drain` is how long the work in hand may go on after that.
    pub fn new(drain: Duration) -> Self {
        Self { requested: CancellationToken::new(), aborted: CancellationToken::new(), drain }
    }

    /// A shutdown that SIGTERM and SIGINT ask for; a second of either ends the drain at once.
    ///
    /// # Errors
    /// When the handlers cannot be installed. Must be called within a tokio runtime.
    pub fn on_signals(drain: Duration) -> io::Result<Self> {
        let shutdown = Self::new(drain);
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let asked = shutdown.clone();
        tokio::spawn(async move {
            loop {
                let name = tokio::select! {
                    _ = terminate.recv() => "SIGTERM",
                    _ = interrupt.recv() => "SIGINT",
                };
                if asked.requested.is_cancelled() {
                    tracing::warn!(signal = name, "second signal: not waiting for what is still being served");
                    asked.aborted.cancel();
                    return;
                }
                tracing::info!(signal = name, drain_seconds = asked.drain.as_secs_f64(), "stopping");
                asked.requested.cancel();
            }
        });
        Ok(shutdown)
    }

    /// Asks for the end.
    pub fn request(&self) {
        self.requested.cancel();
    }

    /// Asks for the end without a drain.
    pub fn abort(&self) {
        self.requested.cancel();
        self.aborted.cancel();
    }

    /// Whether the end has been asked for.
    pub fn is_requested(&self) -> bool {
        self.requested.is_cancelled()
    }

    /// Returns once the end has been asked for. Safe to drop and call again.
    pub async fn requested(&self) {
        self.requested.cancelled().await;
    }

    /// Cancelled when the end is asked for; for APIs that take a token.
    pub fn token(&self) -> CancellationToken {
        self.requested.clone()
    }

    /// Returns once the end was asked for and the drain is over: by its deadline or by a second signal.
    pub async fn expired(&self) {
        self.requested().await;
        tokio::select! {
            () = sleep(self.drain) => {}
            () = self.aborted.cancelled() => {}
        }
    }

    /// Runs `work` to its end, or until the drain is over.
    ///
    /// # Errors
    /// [`DrainExpired`] when the work was cut off.
    pub async fn drain<T>(&self, work: impl Future<Output = T>) -> Result<T, DrainExpired> {
        tokio::select! {
            biased;
            done = work => Ok(done),
            () = self.expired() => Err(DrainExpired),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn work_in_hand_has_the_drain_deadline_and_no_more() {
        let shutdown = Shutdown::new(Duration::from_secs(30));
        shutdown.request();
        let started = Instant::now();
        assert_eq!(shutdown.drain(pending::<()>()).await, Err(DrainExpired));
        assert_eq!(started.elapsed().as_secs(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_ends_in_time_gives_its_result() {
        let shutdown = Shutdown::new(Duration::from_secs(30));
        shutdown.request();
        let work = async {
            sleep(Duration::from_secs(29)).await;
            7
        };
        assert_eq!(shutdown.drain(work).await, Ok(7));
    }

    #[tokio::test(start_paused = true)]
    async fn an_abort_does_not_wait() {
        let shutdown = Shutdown::new(Duration::from_secs(30));
        let clone = shutdown.clone();
        let started = Instant::now();
        clone.abort();
        shutdown.expired().await;
        assert!(shutdown.is_requested());
        assert_eq!(started.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_ends_before_it_is_asked_for() {
        let shutdown = Shutdown::new(Duration::ZERO);
        let work = sleep(Duration::from_secs(3600));
        assert_eq!(shutdown.drain(work).await, Ok(()));
    }
}
