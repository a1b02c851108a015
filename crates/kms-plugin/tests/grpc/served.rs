//! Plugins that serve in this process, on a socket in a directory of their own, and clients for them.

use std::{path::Path, sync::Arc, time::Duration};

use daemon::{
    metrics::Registry,
    shutdown::Shutdown,
    unix_socket::{Endpoint, Listener, Options},
};
use hyper_util::rt::TokioIo;
use key_service::{
    KeyService,
    keyring::{self, Keyring},
};
use kms_plugin::{
    audit::AuditLog,
    engine::{Engine, EngineSettings, Gate},
    metrics::Metrics,
    proto::v2::key_management_service_client::KeyManagementServiceClient,
    server::{Limits, ServeError, serve},
    service::Sealer,
};
use tempfile::TempDir;
use tokio::{net::UnixStream, task::JoinHandle};
use tonic::transport::Channel;

pub(crate) const DRAIN: Duration = Duration::from_secs(20);

pub(crate) struct Served {
    pub(crate) endpoint: Endpoint,
    pub(crate) shutdown: Shutdown,
    pub(crate) serving: JoinHandle<Result<(), ServeError>>,
    _directory: TempDir,
}

impl Served {
    /// The real engine over a local keyring.
    pub(crate) fn start() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let engine = engine(&directory.path().join("keyring"));
        Self::start_in(directory, engine, Limits::default(), DRAIN)
    }

    /// Any sealer, under other limits.
    pub(crate) fn start_with<S: Sealer>(sealer: Arc<S>, limits: Limits) -> Self {
        Self::start_in(tempfile::tempdir().expect("a directory"), sealer, limits, DRAIN)
    }

    pub(crate) fn start_in<S: Sealer>(directory: TempDir, sealer: Arc<S>, limits: Limits, drain: Duration) -> Self {
        let endpoint = Endpoint::Path(directory.path().join("kms.sock"));
        let listener = Listener::bind(&endpoint, Options::default()).expect("a socket");
        let shutdown = Shutdown::new(drain);
        let serving = tokio::spawn(serve(listener, sealer, limits, shutdown.clone()));
        Self { endpoint, shutdown, serving, _directory: directory }
    }

    pub(crate) fn path(&self) -> &Path {
        self.endpoint.path().expect("a path")
    }

    /// A connection that says nothing yet.
    pub(crate) async fn raw(&self) -> UnixStream {
        UnixStream::connect(self.path()).await.expect("a connection")
    }

    /// A channel with one connection, made when first needed.
    pub(crate) fn channel(&self) -> Channel {
        let path = self.path().to_owned();
        let connect = tower::service_fn(move |_| {
            let path = path.clone();
            async move { UnixStream::connect(path).await.map(TokioIo::new) }
        });
        tonic::transport::Endpoint::from_static("http://localhost").connect_with_connector_lazy(connect)
    }

    pub(crate) fn v2(&self) -> KeyManagementServiceClient<Channel> {
        KeyManagementServiceClient::new(self.channel())
    }

    pub(crate) async fn stop(self) {
        self.shutdown.request();
        self.serving.await.expect("no panic").expect("a clean end");
    }
}

/// An engine over the keyring at `path`, which is made where there is none.
pub(crate) fn engine(path: &Path) -> Arc<Engine> {
    if !path.exists() {
        keyring::create(path).expect("a keyring");
    }
    let key: Arc<dyn KeyService> = Arc::new(Keyring::open(path).expect("the keyring"));
    let metrics = Registry::new().register(Metrics::register);
    Engine::start(key, Gate::new(64, None), EngineSettings::default(), &metrics, AuditLog::disabled())
}
