//! Seals and opens for apiservers under one key.
//!
//! ```text
//!   service (gRPC)
//!      |  status        encrypt                decrypt
//!      v                   |                      |
//!   Board <--Prober   published key_id        unframe
//!                     seal, then open: equal?  Flights: one call for identical ones
//!                     frame                       |
//!                          \_____ Upstream ______/
//!                          Gate: decrypts, encrypts, probes
//!                                    |
//!                               KeyService
//! ```

mod flight;
mod gate;
mod health;
mod pulse;
mod request;
mod settings;
mod upstream;

use std::{collections::BTreeMap, sync::Arc};

use aws_model::SecretBytes;
use key_service::{ErrorClass, KeyService, KeyServiceError, KeyVersion, Opened};
use tokio::{sync::watch, task::JoinHandle, time::Instant};

use self::{
    flight::{Flights, Missed},
    pulse::Pulse,
    request::Request,
};
pub(crate) use self::{
    gate::Lane,
    settings::InForce,
    upstream::{SealError, Upstream},
};
pub use self::{
    gate::{Gate, Rate},
    settings::EngineSettings,
};
use crate::{
    audit::{AuditLog, KeyId},
    caller::{Api, CallerInfo},
    metrics::{KeyMetrics, Metrics, Operation},
    peer_format::unframe,
    policy::{RefusalClass, Refused, policy},
    status::{Board, Prober},
};
pub use crate::{policy::Refusal, status::PublishedKey};

/// Where an Encrypt's answer names the material that really sealed, when it is not the one that the key_id names.
///
/// Kubernetes wants a fully qualified domain name (`kubernetes/apiserver`, kmsv2 `envelope.go`, `validateAnnotations`).
pub const MATERIAL_ANNOTATION: &str = "material.claviger.dev";

/// One key, sealing and opening on its socket.
#[derive(Debug)]
pub struct Engine {
    name: Arc<str>,
    upstream: Arc<Upstream>,
    board: Arc<Board>,
    flights: Flights,
    metrics: Arc<KeyMetrics>,
    audit: AuditLog,
    in_force: watch::Sender<InForce>,
    prober: JoinHandle<()>,
    _pulse: Pulse,
}

/// An Encrypt's answer.
#[derive(Debug)]
pub struct Encrypted {
    /// What etcd will hold.
    pub ciphertext: Vec<u8>,
    /// What Status publishes.
    pub key_id: PublishedKey,
    /// To be stored beside the ciphertext.
    pub annotations: BTreeMap<String, Vec<u8>>,
}

/// What a Decrypt is asked for.
#[derive(Clone, Debug)]
pub struct DecryptRequest {
    /// As etcd holds it.
    pub ciphertext: Vec<u8>,
    /// The key_id it was stored with; v1beta1 has none. For the audit record: what opens it, the ciphertext says.
    pub key_id: Option<String>,
}

impl Engine {
    /// Starts the prober and serves. Must be called within a Tokio runtime.
    pub fn start(
        key: Arc<dyn KeyService>,
        gate: Arc<Gate>,
        settings: EngineSettings,
        metrics: &Metrics,
        audit: AuditLog,
    ) -> Arc<Self> {
        let name: Arc<str> = key.name().into();
        let metrics = Arc::new(metrics.of_key(&name));
        let upstream = Arc::new(Upstream::new(key, gate, metrics.clone()));
        let board = Arc::new(Board::new());
        let (in_force, changes) = watch::channel(InForce::from_now(settings));
        let prober = Prober::new(upstream.clone(), board.clone(), metrics.clone(), changes);
        let prober = tokio::spawn(prober.run());
        let (flights, _pulse) = (Flights::default(), Pulse::start());
        Arc::new(Self { name, upstream, board, flights, metrics, audit, in_force, prober, _pulse })
    }

    /// The key as the user named it.
    pub fn key_name(&self) -> &str {
        &self.name
    }

    /// What Status answers: from the cache, never by a call. Only before the end of the very first probe does it
    /// wait, for that one.
    ///
    /// # Errors
    /// A [`Refusal`]: Status must then be answered with a gRPC error, not with another `healthz` text, for the
    /// apiserver goes on writing for ever after the latter (kubernetes/kubernetes#138950).
    pub async fn status(&self, api: Api) -> Result<PublishedKey, Refusal> {
        let started = Instant::now();
        let mut verdict = self.board.snapshot().verdict(started).cloned();
        if verdict.is_err() {
            verdict = self.board.first(self.deadline(started)).await.verdict(started).cloned();
        }
        let outcome = verdict.as_ref().map_or_else(|refusal| refusal.class.as_str(), |_| "ok");
        self.metrics.requested(Operation::Status, api, outcome, started.elapsed());
        verdict
    }

    /// Seals under the current material, opens the result again and compares, and labels it with the key_id that
    /// Status publishes.
    ///
    /// # Errors
    /// A [`Refusal`]; nothing unproven ever leaves.
    pub async fn encrypt(&self, plaintext: SecretBytes, caller: &CallerInfo) -> Result<Encrypted, Refusal> {
        let request = Request::begin(self, Operation::Encrypt, caller, KeyId::None);
        let outcome = self.seal(&plaintext, caller.api, self.deadline(request.started)).await;
        match outcome {
            Ok((encrypted, version)) => {
                request.sealed(encrypted.key_id.clone(), version.version);
                Ok(encrypted)
            }
            Err(refusal) => Err(request.refused(refusal)),
        }
    }

    /// Opens what [`encrypt`](Self::encrypt), or aws-encryption-provider, sealed. Identical Decrypts that are under
    /// way at the same time share one call.
    ///
    /// # Errors
    /// A [`Refusal`].
    pub async fn decrypt(&self, request: DecryptRequest, caller: &CallerInfo) -> Result<SecretBytes, Refusal> {
        let DecryptRequest { ciphertext, key_id } = request;
        let key_id = key_id.map_or(KeyId::None, KeyId::Requested);
        let request = Request::begin(self, Operation::Decrypt, caller, key_id);
        let (outcome, shared) = self.open(&ciphertext, caller.api, self.deadline(request.started)).await;
        match outcome {
            Ok(Opened { plaintext, version }) => {
                request.opened(version.version, shared);
                Ok(plaintext)
            }
            Err(refusal) => Err(request.refused(refusal)),
        }
    }

    /// Takes up changed credentials or key files, and looks at the key again at once.
    ///
    /// # Errors
    /// When what is there now cannot be used; the former stays in force.
    pub async fn reload(&self) -> Result<(), KeyServiceError> {
        let outcome = self.upstream.key().reload().await;
        self.board.nudge();
        outcome
    }

    /// Puts other settings in force, for Status and the prober at once, for calls from the next one on: those under
    /// way keep the deadline and the format that they began with. The published key_id stays; only probes change it.
    pub fn adjust(&self, settings: EngineSettings) {
        self.in_force.send_if_modified(|in_force| {
            let new = InForce::from_now(settings);
            let differs = new.settings != in_force.settings;
            if differs {
                *in_force = new;
            }
            differs
        });
    }
}

impl Engine {
    fn deadline(&self, started: Instant) -> Instant {
        started + self.in_force.borrow().settings.deadline
    }

    async fn seal(
        &self,
        plaintext: &SecretBytes,
        api: Api,
        deadline: Instant,
    ) -> Result<(Encrypted, KeyVersion), Refusal> {
        let format = self.in_force.borrow().settings.format;
        format.check_plaintext(plaintext)?;
        let key_id = self.board.published(deadline).await?;
        let proven = self.upstream.seal_proven(Lane::Encrypt, plaintext, api, deadline).await.map_err(|error| {
            let error = KeyServiceError::from(error);
            // The next probe finds out what it means for Status.
            self.board.nudge();
            Refusal::of(Refused::Encrypt, &error)
        })?;
        self.board.sight(proven.version.clone());
        let mut annotations = BTreeMap::new();
        if proven.version != *key_id.version() {
            annotations.insert(MATERIAL_ANNOTATION.to_owned(), proven.version.to_string().into_bytes());
        }
        let ciphertext = format.frame(&proven.ciphertext)?;
        Ok((Encrypted { ciphertext, key_id, annotations }, proven.version))
    }

    /// Also tells whether another caller's call was shared.
    async fn open(&self, ciphertext: &[u8], api: Api, deadline: Instant) -> (Result<Opened, Refusal>, bool) {
        let sealed = match unframe(ciphertext, api) {
            Ok(sealed) => sealed,
            Err(refusal) => return (Err(refusal), false),
        };
        loop {
            let upstream = self.upstream.clone();
            let call = move |sealed: Arc<[u8]>| async move { upstream.open(&sealed, api, deadline).await };
            let seat = self.flights.board(sealed, call);
            let shared = seat.shared;
            if shared {
                self.metrics.shared();
            }
            let landed = match seat.landing(deadline).await {
                Ok(landed) => landed,
                Err(missed) => {
                    self.board.nudge();
                    return (Err(not_landed(missed)), shared);
                }
            };
            let error = landed.error();
            if shared && error.is_some_and(|error| error.class == ErrorClass::Slow) && Instant::now() < deadline {
                // Whoever started that call had less time than is left here.
                continue;
            }
            if let Some(error) = error {
                self.board.nudge();
                return (Err(Refusal::of(Refused::Decrypt, error)), shared);
            }
            return (landed.into_opened().ok_or_else(|| not_landed(Missed::Crashed)), shared);
        }
    }
}

fn not_landed(missed: Missed) -> Refusal {
    let (class, message) = match missed {
        Missed::OutOfTime => (ErrorClass::Slow, "the key service did not answer within the deadline"),
        Missed::Crashed => (ErrorClass::Internal, upstream::CRASHED),
    };
    Refusal { class: RefusalClass::KeyService(class), code: policy(class).decrypt, message: message.to_owned() }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.prober.abort();
    }
}
