//! A KMS plugin put together: keys behind engines behind sockets. As `kms-plugin` and `up` start it.

use std::{error::Error, sync::Arc};

use daemon::{http::Health, shutdown::Shutdown, unix_socket::Listener};
use key_service::KeyService;
use kms_plugin::{
    audit::AuditLog,
    engine::{Engine, EngineSettings, Gate},
    metrics::Metrics,
    server::{Limits, ServeError, serve},
};
use tokio::task::JoinSet;

use crate::failure::Failure;

/// A socket and what is to be served on it.
pub(crate) struct Site {
    pub(crate) listener: Listener,
    pub(crate) key: Arc<dyn KeyService>,
    /// Shared by keys that share a quota.
    pub(crate) gate: Arc<Gate>,
}

/// What all sites have in common.
pub(crate) struct Common {
    pub(crate) engine: EngineSettings,
    pub(crate) limits: Limits,
    pub(crate) metrics: Metrics,
    pub(crate) audit: AuditLog,
}

/// A plugin that serves.
pub(crate) struct Plugin {
    engines: Vec<Arc<Engine>>,
    servers: JoinSet<Result<(), ServeError>>,
    audit: AuditLog,
}

impl Plugin {
    /// Serves each site until `shutdown`.
    pub(crate) fn start(sites: Vec<Site>, common: &Common, shutdown: &Shutdown) -> Self {
        let mut servers = JoinSet::new();
        let mut engines = Vec::new();
        for Site { listener, key, gate } in sites {
            let Common { engine, limits, metrics, audit } = common;
            let engine = Engine::start(key, gate, engine.clone(), metrics, audit.clone());
            tracing::info!(endpoint = %listener.endpoint(), key = engine.key_name(), "serving");
            servers.spawn(serve(listener, Arc::clone(&engine), limits.clone(), shutdown.clone()));
            engines.push(engine);
        }
        Self { engines, servers, audit: common.audit.clone() }
    }

    /// One check a key, for the side port.
    pub(crate) fn checks(&self) -> Vec<Arc<dyn Health>> {
        self.engines.iter().map(|engine| Arc::clone(engine) as Arc<dyn Health>).collect()
    }

    /// Takes up changed credentials, keyrings and log files. What cannot be used is told, and the former stays.
    pub(crate) async fn reload(&self) {
        self.audit.reopen();
        for engine in &self.engines {
            match engine.reload().await {
                Ok(()) => tracing::info!(key = engine.key_name(), "reloaded"),
                Err(error) => tracing::error!(key = engine.key_name(), error = &error as &dyn Error, "not reloaded"),
            }
        }
    }

    /// Puts other settings in force for every key.
    pub(crate) fn adjust(&self, settings: &EngineSettings) {
        for engine in &self.engines {
            engine.adjust(settings.clone());
        }
    }

    /// Returns when every server has drained.
    ///
    /// # Errors
    /// The first that could not, or crashed.
    pub(crate) async fn ended(mut self) -> Result<(), Failure> {
        let mut outcome = Ok(());
        while let Some(ended) = self.servers.join_next().await {
            // One that crashed is no reason to leave the others.
            let ended = ended.map_err(Failure::from).and_then(|served| served.map_err(Failure::from));
            outcome = outcome.and(ended);
        }
        outcome
    }
}
