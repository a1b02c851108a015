//! Calls to the key service: each through the gate, within its deadline, counted.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use aws_model::SecretBytes;
use key_service::{ErrorClass, KeyService, KeyServiceError, KeyVersion, Opened};
use tokio::time::Instant;

use super::gate::{Gate, Lane, NoPermit, Permit};
use crate::{
    caller::Api,
    metrics::{Call, KeyMetrics, Purpose},
};

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
        let _permit = self.enter(lane, 2, "sealing", deadline).await.map_err(SealError::NoTurn)?;
        let started = Instant::now();
        let sealed = self.key.seal(plaintext, deadline).await;
        self.account(Call::Seal, seal_for, api, started, sealed.as_ref().err());
        let ciphertext = sealed?.ciphertext;

        let started = Instant::now();
        let opened = self.key.open(&ciphertext, deadline).await;
        self.account(Call::Open, open_for, api, started, opened.as_ref().err());
        let Opened { plaintext: returned, version } = opened?;
        if returned != *plaintext {
            return Err(SealError::KeyService(KeyServiceError {
                class: ErrorClass::CorruptCiphertext,
                doing: "proving a fresh ciphertext",
                key: self.key.name().to_owned(),
                code: None,
                message: "it opened to something else than was sealed, and was thrown away".to_owned(),
                hint: None,
                source: None,
            }));
        }
        Ok(Proven { ciphertext, version })
    }

    pub(crate) async fn open(&self, ciphertext: &[u8], api: Api, deadline: Instant) -> Result<Opened, KeyServiceError> {
        let _permit = self.enter(Lane::Decrypt, 1, "opening", deadline).await?;
        let started = Instant::now();
        let opened = self.key.open(ciphertext, deadline).await;
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
    ) -> Result<Permit, KeyServiceError> {
        let (class, message) = match self.gate.enter(lane, calls, deadline).await {
            Ok((permit, queued)) => {
                if queued {
                    self.metrics.queued(lane);
                }
                return Ok(permit);
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
        Err(KeyServiceError {
            class,
            doing,
            key: self.key.name().to_owned(),
            code: None,
            message: message.to_owned(),
            hint: None,
            source: None,
        })
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
