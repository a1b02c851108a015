//! Calls to the key service: each through the gate, within its deadline, counted.

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use aws_model::SecretBytes;
use futures_util::FutureExt as _;
use key_service::{ErrorClass, KeyService, KeyServiceError, KeyVersion, Opened};
use tokio::time::Instant;

use super::gate::{Gate, Lane, NoPermit, Turn};
use crate::{
    caller::Api,
    metrics::{Call, KeyMetrics, Purpose},
};

const SEALING: &str = "sealing";
const OPENING: &str = "opening";

/// What a call that panicked is answered with.
pub(super) const CRASHED: &str = "the call to the key service crashed: the log says where";

/// The key service, as engine and prober use it.
#[derive(Debug)]
pub(crate) struct Upstream {
    key: Arc<dyn KeyService>,
    gate: Arc<Gate>,
    metrics: Arc<KeyMetrics>,
    /// Whether a call has succeeded since the prober last asked.
    answers: AtomicBool,
}

/// A ciphertext that has been opened again, and was right.
#[derive(Debug)]
pub(crate) struct Proven {
    pub(crate) ciphertext: Vec<u8>,
    pub(crate) version: KeyVersion,
}

/// Why nothing was sealed.
#[derive(Debug)]
pub(crate) enum SealError {
    /// Our own gate gave no turn: the key service was not asked.
    NoTurn(KeyServiceError),
    /// The key service failed.
    KeyService(KeyServiceError),
}

impl From<KeyServiceError> for SealError {
    fn from(error: KeyServiceError) -> Self {
        Self::KeyService(error)
    }
}

impl From<SealError> for KeyServiceError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::NoTurn(error) | SealError::KeyService(error) => error,
        }
    }
}

impl Upstream {
    pub(crate) fn new(key: Arc<dyn KeyService>, gate: Arc<Gate>, metrics: Arc<KeyMetrics>) -> Self {
        Self { key, gate, metrics, answers: AtomicBool::new(false) }
    }

    pub(crate) fn key(&self) -> &dyn KeyService {
        self.key.as_ref()
    }

    /// Seals and opens again: nothing is stored that could not be read. Opening also tells the material, which AWS
    /// KMS does not name when it seals.
    pub(crate) async fn seal_proven(
        &self,
        lane: Lane,
        plaintext: &SecretBytes,
        api: Api,
        deadline: Instant,
    ) -> Result<Proven, SealError> {
        let (seal_for, open_for) = match lane {
            Lane::Probe => (Purpose::Probe, Purpose::Probe),
            Lane::Encrypt | Lane::Decrypt => (Purpose::Request, Purpose::Proof),
        };
        let mut turn = self.enter(lane, 2, SEALING, deadline).await.map_err(SealError::NoTurn)?;
        turn.calls();
        let started = Instant::now();
        let sealed = self.caught(SEALING, self.key.seal(plaintext, deadline)).await;
        self.account(Call::Seal, seal_for, api, started, sealed.as_ref().err());
        let ciphertext = sealed?.ciphertext;

        turn.calls();
        let started = Instant::now();
        let opened = self.caught(OPENING, self.key.open(&ciphertext, deadline)).await;
        self.account(Call::Open, open_for, api, started, opened.as_ref().err());
        let Opened { plaintext: returned, version } = opened?;
        if returned != *plaintext {
            let message = "it opened to something else than was sealed, and was thrown away";
            let error = self.error(ErrorClass::CorruptCiphertext, "proving a fresh ciphertext", message);
            return Err(SealError::KeyService(error));
        }
        Ok(Proven { ciphertext, version })
    }

    pub(crate) async fn open(&self, ciphertext: &[u8], api: Api, deadline: Instant) -> Result<Opened, KeyServiceError> {
        let mut turn = self.enter(Lane::Decrypt, 1, OPENING, deadline).await?;
        turn.calls();
        let started = Instant::now();
        let opened = self.caught(OPENING, self.key.open(ciphertext, deadline)).await;
        self.account(Call::Open, Purpose::Request, api, started, opened.as_ref().err());
        opened
    }

    /// Whether any call has succeeded since this was last asked.
    pub(crate) fn take_answers(&self) -> bool {
        self.answers.swap(false, Ordering::Relaxed)
    }

    async fn enter(
        &self,
        lane: Lane,
        calls: u32,
        doing: &'static str,
        deadline: Instant,
    ) -> Result<Turn, KeyServiceError> {
        let (class, message) = match self.gate.enter(lane, calls, deadline).await {
            Ok((turn, queued)) => {
                if queued {
                    self.metrics.queued(lane);
                }
                return Ok(turn);
            }
            Err(NoPermit::Overloaded) => {
                (ErrorClass::Throttled, "too many calls are waiting for the key service already")
            }
            // Whoever shares this call and has more time left tries again, as after any call that was too slow.
            Err(NoPermit::OutOfTime) => {
                (ErrorClass::Slow, "there was no turn to call the key service before the deadline")
            }
        };
        self.metrics.queued(lane);
        Err(self.error(class, doing, message))
    }

    /// A panic of a key service is a failure of that call, and of nothing else: neither the prober nor the connection
    /// that it happens on ends by it. The panic hook has logged where it was.
    async fn caught<T>(
        &self,
        doing: &'static str,
        call: impl Future<Output = Result<T, KeyServiceError>>,
    ) -> Result<T, KeyServiceError> {
        // What the key service left half done is its own: nothing of ours is touched while it runs.
        match AssertUnwindSafe(call).catch_unwind().await {
            Ok(outcome) => outcome,
            Err(_) => Err(self.error(ErrorClass::Internal, doing, CRASHED)),
        }
    }

    fn error(&self, class: ErrorClass, doing: &'static str, message: &str) -> KeyServiceError {
        let (key, message) = (self.key.name().to_owned(), message.to_owned());
        KeyServiceError { class, doing, key, code: None, message, hint: None, source: None }
    }

    fn account(&self, call: Call, purpose: Purpose, api: Api, started: Instant, error: Option<&KeyServiceError>) {
        match error {
            None => {
                self.answers.store(true, Ordering::Relaxed);
                self.gate.answered();
            }
            Some(error) if error.class == ErrorClass::Throttled => self.gate.throttled(Instant::now()),
            Some(_) => (),
        }
        let class = error.map(|error| error.class);
        self.metrics.called(call, purpose, api, class, started.elapsed());
        self.metrics.limited_to(self.gate.limit());
    }
}
