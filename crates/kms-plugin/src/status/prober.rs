//! The one task that asks the key service how it is.

use std::{sync::Arc, time::Duration};

use aws_model::SecretBytes;
use key_service::KeyVersion;
use tokio::time::{Instant, sleep};

use super::{
    Board, StatusSettings,
    machine::{Failure, Machine},
};
use crate::{
    caller::Api,
    engine::{Lane, Upstream},
    metrics::KeyMetrics,
};

/// What a probe seals. Each also carries its number, so that no answer can be a replay of an earlier one.
const PROBE: &[u8; 24] = b"claviger: a status probe";

/// Seals and opens at its own pace and posts what it finds.
#[derive(Debug)]
pub(crate) struct Prober {
    upstream: Arc<Upstream>,
    board: Arc<Board>,
    metrics: Arc<KeyMetrics>,
    machine: Machine,
    deadline: Duration,
    least_interval: Duration,
    probes: u64,
}

impl Prober {
    pub(crate) fn new(
        upstream: Arc<Upstream>,
        board: Arc<Board>,
        metrics: Arc<KeyMetrics>,
        settings: StatusSettings,
        deadline: Duration,
    ) -> Self {
        let least_interval = settings.least_interval;
        Self { upstream, board, metrics, machine: Machine::new(settings), deadline, least_interval, probes: 0 }
    }

    /// Runs until it is dropped.
    pub(crate) async fn run(mut self) {
        loop {
            self.probe().await;
            let least = self.least_interval.min(self.machine.pause());
            sleep(least).await;
            tokio::select! {
                () = sleep(self.machine.pause().saturating_sub(least)) => (),
                () = self.board.nudged() => (),
            }
        }
    }

    async fn probe(&mut self) {
        self.probes += 1;
        let plaintext = SecretBytes::new([PROBE.as_slice(), &self.probes.to_be_bytes()].concat());
        let deadline = Instant::now() + self.deadline;
        let outcome = self.upstream.seal_proven(Lane::Probe, &plaintext, Api::V2, deadline).await;
        let now = Instant::now();
        // What Encrypts saw while this probe ran comes first: it may break the row that the probe would complete.
        if let Some(version) = self.board.take_sighting() {
            self.machine.sighted(&version);
        }
        let former = (self.machine.published().cloned(), self.machine.failure().cloned());
        match outcome {
            Ok(proven) => self.machine.succeeded(proven.version, now),
            Err(error) => self.machine.failed(error.class, error.to_string().into()),
        }
        self.tell(&former);
        self.board.post(&self.machine, now);
        let snapshot = self.board.snapshot();
        self.metrics.probed(snapshot.verdict(now).is_ok(), self.machine.failure().is_none(), self.machine.is_pending());
    }

    /// Logs what has changed, not every probe of a long outage.
    fn tell(&self, (published, failure): &(Option<KeyVersion>, Option<Failure>)) {
        let key = self.upstream.key().name();
        if let Some(key_id) = self.machine.published().filter(|now| Some(*now) != published.as_ref()) {
            tracing::info!(key, %key_id, "published a key_id");
            self.metrics.key_id_published();
        }
        match (failure, self.machine.failure()) {
            (None, Some(now)) => tracing::warn!(key, class = %now.class, "status probes fail: {}", now.message),
            (Some(before), Some(now)) if before.class != now.class => {
                tracing::warn!(key, class = %now.class, "status probes fail otherwise: {}", now.message);
            }
            (Some(_), None) => tracing::info!(key, "status probes work again"),
            _ => (),
        }
    }
}
