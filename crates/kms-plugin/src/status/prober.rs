//! The one task that asks the key service how it is.

use std::sync::Arc;

use aws_model::SecretBytes;
use key_service::KeyVersion;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use super::{
    Board,
    machine::{Failure, Machine},
};
use crate::{
    caller::Api,
    engine::{InForce, Lane, SealError, Upstream},
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
    settings: watch::Receiver<InForce>,
    probes: u64,
}

impl Prober {
    pub(crate) fn new(
        upstream: Arc<Upstream>,
        board: Arc<Board>,
        metrics: Arc<KeyMetrics>,
        mut settings: watch::Receiver<InForce>,
    ) -> Self {
        let machine = Machine::new(settings.borrow_and_update().settings.status.clone());
        Self { upstream, board, metrics, machine, settings, probes: 0 }
    }

    /// Runs until it is dropped.
    pub(crate) async fn run(mut self) {
        loop {
            self.probe().await;
            self.rest().await;
        }
    }

    /// Until the next probe is due, by the settings that are in force by then.
    async fn rest(&mut self) {
        let since = Instant::now();
        loop {
            let (due, soonest) = (since + self.machine.pause(), since + self.machine.least_pause());
            let board = &self.board;
            let nudged = async {
                sleep_until(soonest).await;
                board.nudged().await;
            };
            tokio::select! {
                () = sleep_until(due) => return,
                () = nudged => return,
                Ok(()) = self.settings.changed() => {
                    self.take_up_settings();
                    self.board.revise(&self.machine);
                }
            }
        }
    }

    fn take_up_settings(&mut self) {
        let status = self.settings.borrow_and_update().settings.status.clone();
        self.machine.adjust(status);
    }

    async fn probe(&mut self) {
        self.probes += 1;
        let plaintext = SecretBytes::new([PROBE.as_slice(), &self.probes.to_be_bytes()].concat());
        let deadline = Instant::now() + self.settings.borrow().settings.deadline;
        let outcome = self.upstream.seal_proven(Lane::Probe, &plaintext, Api::V2, deadline).await;
        let now = Instant::now();
        // It counts by what is in force now, not by what was when it began.
        self.take_up_settings();
        // What Encrypts saw while this probe ran comes first: it may break the row that the probe would complete.
        if let Some(sighting) = self.board.take_sighting() {
            self.machine.sighted(&sighting.version, sighting.at);
        }
        let answers = self.upstream.take_answers();
        let former = (self.machine.published().cloned(), self.machine.failure().cloned());
        match outcome {
            Ok(proven) => self.machine.succeeded(proven.version, now),
            // Too busy to ask: that says nothing of a key service that answers. Where nothing is answered either, the
            // turns are held by calls that hang.
            Err(SealError::NoTurn(_)) if answers && self.machine.published().is_some() => (),
            Err(SealError::NoTurn(error) | SealError::KeyService(error)) => {
                self.machine.failed(error.class, error.to_string().into());
            }
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
