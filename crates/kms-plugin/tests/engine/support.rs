//! A real keyring behind a front that can be told to fail, to hang or to change its mind about the material.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use aws_model::SecretBytes;
use daemon::unix_socket::Peer;
use key_service::{ErrorClass, KeyService, KeyServiceError, KeyVersion, Opened, Sealed, keyring, keyring::Keyring};
use kms_plugin::{
    audit::AuditLog,
    caller::{Api, CallerInfo},
    engine::{DecryptRequest, Engine, EngineSettings, Gate, Refusal},
    metrics::Metrics,
    status::StatusSettings,
};
use prometheus_client::registry::Registry;
use tempfile::TempDir;
use tokio::{
    sync::{Semaphore, watch},
    time::{Instant, timeout_at},
};

/// A key whose failures are the test's.
#[derive(Debug)]
pub(crate) struct TestKey {
    keyring: Keyring,
    _directory: TempDir,
    path: PathBuf,
    seal_fails: Mutex<Option<ErrorClass>>,
    open_fails: Mutex<Option<ErrorClass>>,
    /// Materials that opens claim to see, one each; then the real one.
    pub(crate) claims: Mutex<VecDeque<&'static str>>,
    /// Whether opens give back something else than was sealed.
    pub(crate) mangles: Mutex<bool>,
    /// A permit for each call that may go on; without it calls do not wait.
    pub(crate) holds: Mutex<Option<Arc<Semaphore>>>,
    /// Whether calls never end, whatever their deadline.
    pub(crate) hangs: AtomicBool,
    /// Whether opens panic.
    pub(crate) crashes: AtomicBool,
    pub(crate) seals: AtomicUsize,
    pub(crate) opens: AtomicUsize,
    /// `seal` and `open`, in the order in which they began.
    pub(crate) log: Mutex<Vec<&'static str>>,
    calls: watch::Sender<usize>,
}

impl TestKey {
    pub(crate) fn new() -> Arc<Self> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keyring.json");
        keyring::create(&path).unwrap();
        Arc::new(Self {
            keyring: Keyring::open(&path).unwrap(),
            _directory: directory,
            path,
            seal_fails: Mutex::default(),
            open_fails: Mutex::default(),
            claims: Mutex::default(),
            mangles: Mutex::default(),
            holds: Mutex::default(),
            hangs: AtomicBool::new(false),
            crashes: AtomicBool::new(false),
            seals: AtomicUsize::new(0),
            opens: AtomicUsize::new(0),
            log: Mutex::default(),
            calls: watch::Sender::new(0),
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn current(&self) -> KeyVersion {
        self.keyring.current()
    }

    /// Both kinds of calls fail from now on, or work again.
    pub(crate) fn fail(&self, class: impl Into<Option<ErrorClass>>) {
        let class = class.into();
        *self.seal_fails.lock().unwrap() = class;
        *self.open_fails.lock().unwrap() = class;
    }

    pub(crate) fn fail_opens(&self, class: impl Into<Option<ErrorClass>>) {
        *self.open_fails.lock().unwrap() = class.into();
    }

    /// Calls hang from now on; each permit added lets one go on.
    pub(crate) fn hold(&self) -> Arc<Semaphore> {
        let holds = Arc::new(Semaphore::new(0));
        *self.holds.lock().unwrap() = Some(holds.clone());
        holds
    }

    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.seals.load(Ordering::SeqCst), self.opens.load(Ordering::SeqCst))
    }

    /// Until so many calls have begun.
    pub(crate) async fn calls_begun(&self, calls: usize) {
        self.calls.subscribe().wait_for(|begun| *begun >= calls).await.unwrap();
    }

    async fn begin(&self, call: &'static str, counter: &AtomicUsize, deadline: Instant) -> Result<(), KeyServiceError> {
        counter.fetch_add(1, Ordering::SeqCst);
        self.log.lock().unwrap().push(call);
        self.calls.send_modify(|calls| *calls += 1);
        if self.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        let holds = self.holds.lock().unwrap().clone();
        if let Some(holds) = holds {
            match timeout_at(deadline, holds.acquire()).await {
                Ok(permit) => permit.unwrap().forget(),
                Err(_) => return Err(self.error(ErrorClass::Slow)),
            }
        }
        Ok(())
    }

    fn error(&self, class: ErrorClass) -> KeyServiceError {
        KeyServiceError {
            class,
            doing: "calling",
            key: self.name().to_owned(),
            code: None,
            message: format!("the test says {class}"),
            hint: None,
            source: None,
        }
    }
}

#[async_trait]
impl KeyService for TestKey {
    fn name(&self) -> &str {
        "test-key"
    }

    async fn seal(&self, plaintext: &SecretBytes, deadline: Instant) -> Result<Sealed, KeyServiceError> {
        self.begin("seal", &self.seals, deadline).await?;
        let fails = *self.seal_fails.lock().unwrap();
        match fails {
            Some(class) => Err(self.error(class)),
            None => self.keyring.seal(plaintext, deadline).await,
        }
    }

    async fn open(&self, ciphertext: &[u8], deadline: Instant) -> Result<Opened, KeyServiceError> {
        self.begin("open", &self.opens, deadline).await?;
        assert!(!self.crashes.load(Ordering::SeqCst), "as the test wants");
        let fails = *self.open_fails.lock().unwrap();
        if let Some(class) = fails {
            return Err(self.error(class));
        }
        let mut opened = self.keyring.open(ciphertext, deadline).await?;
        if let Some(claim) = self.claims.lock().unwrap().pop_front() {
            opened.version.version = Some(claim.to_owned());
        }
        if *self.mangles.lock().unwrap() {
            opened.plaintext = SecretBytes::new(b"something else".to_vec());
        }
        Ok(opened)
    }

    async fn reload(&self) -> Result<(), KeyServiceError> {
        self.keyring.reload().await
    }
}

/// An engine and what it counts.
pub(crate) struct Rig {
    pub(crate) engine: Arc<Engine>,
    pub(crate) registry: Registry,
    pub(crate) metrics: Metrics,
}

impl Rig {
    pub(crate) fn start(key: Arc<dyn KeyService>) -> Self {
        Self::with(key, Gate::new(64, None), EngineSettings::default())
    }

    pub(crate) fn with(key: Arc<dyn KeyService>, gate: Arc<Gate>, settings: EngineSettings) -> Self {
        let mut registry = Registry::default();
        let metrics = Metrics::register(&mut registry);
        let engine = Engine::start(key, gate, settings, &metrics, AuditLog::disabled());
        Self { engine, registry, metrics }
    }

    pub(crate) fn scrape(&self) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).unwrap();
        text
    }
}

pub(crate) fn settings(status: StatusSettings) -> EngineSettings {
    EngineSettings { status, ..EngineSettings::default() }
}

pub(crate) fn caller(api: Api) -> CallerInfo {
    CallerInfo { uid: "uid-1".to_owned(), api, peer: Peer { pid: Some(4711), uid: 0, gid: 0 } }
}

pub(crate) fn seed() -> SecretBytes {
    SecretBytes::new((0..32).collect())
}

pub(crate) fn request(ciphertext: &[u8]) -> DecryptRequest {
    DecryptRequest { ciphertext: ciphertext.to_vec(), key_id: None }
}

pub(crate) async fn open(engine: &Engine, ciphertext: &[u8]) -> Result<SecretBytes, Refusal> {
    engine.decrypt(request(ciphertext), &caller(Api::V2)).await
}

/// Polls Status every second, as no apiserver ever would, until `wanted`; the clock is the test's.
pub(crate) async fn status_becomes(engine: &Engine, wanted: impl Fn(&Result<String, Refusal>) -> bool) -> Duration {
    let started = Instant::now();
    loop {
        let status = engine.status(Api::V2).await.map(|key| key.to_string());
        if wanted(&status) {
            return started.elapsed();
        }
        assert!(started.elapsed() < Duration::from_secs(7200), "Status stays {status:?}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
