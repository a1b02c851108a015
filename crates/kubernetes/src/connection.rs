//! The way to a cluster's apiserver.

use std::{
    fmt,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use http::Response;
use jiff::Timestamp;
use kube::{
    Client, Config,
    client::ClientBuilder,
    config::{InClusterError, KubeConfigOptions, Kubeconfig, KubeconfigError},
};
use tower::util::MapResponseLayer;

/// How long the apiserver lets a watch be before it ends it. Then the next begins, so that this often there is an answer.
pub(crate) const WATCH_LASTS: u32 = 60;

/// How long the apiserver may be silent in the midst of an answer: longer than a watch in which nothing happens.
const LONGEST_SILENCE: Duration = Duration::from_secs(WATCH_LASTS as u64 + 15);

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Where an apiserver is told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApiServer {
    /// By the service account of the pod that this runs in.
    InCluster,
    /// By the current context of a kubeconfig.
    Kubeconfig(PathBuf),
}

/// A connection to an apiserver. Clones are the same.
#[derive(Clone)]
pub struct Connection {
    client: Client,
    /// Milliseconds since 1970, 0: never.
    last_answer: Arc<AtomicI64>,
}

/// What is told of the apiserver is of no use.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No pod's service account.
    #[error("cannot find the apiserver of this pod: {0}; outside a pod, name a kubeconfig")]
    InCluster(#[source] Box<InClusterError>),
    /// No kubeconfig.
    #[error("cannot take the apiserver from `{}`: {source}", path.display())]
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<KubeconfigError>,
    },
    /// No client can be made of it: a key or certificate is not one.
    #[error("cannot use what is told of the apiserver: {0}")]
    Client(#[source] Box<kube::Error>),
}

impl Connection {
    /// Reads how to reach the apiserver; whether it is there shows later.
    ///
    /// # Errors
    /// [`ConnectError`]
    pub async fn open(place: &ApiServer) -> Result<Self, ConnectError> {
        let mut config = match place {
            ApiServer::InCluster => Config::incluster().map_err(|error| ConnectError::InCluster(Box::new(error)))?,
            ApiServer::Kubeconfig(path) => {
                let refuse = |source| ConnectError::Kubeconfig { path: path.clone(), source: Box::new(source) };
                let file = Kubeconfig::read_from(path).map_err(refuse)?;
                Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await.map_err(refuse)?
            }
        };
        config.connect_timeout = Some(CONNECT_TIMEOUT);
        config.read_timeout = Some(LONGEST_SILENCE);
        // Else the time counts in which a connection was idle before a request.
        config.reset_reader_on_write = true;

        let last_answer = Arc::new(AtomicI64::new(0));
        let answered = Arc::clone(&last_answer);
        let note = move |response: Response<_>| {
            if response.status().is_success() {
                answered.store(Timestamp::now().as_millisecond(), Ordering::Relaxed);
            }
            response
        };
        let builder = ClientBuilder::try_from(config).map_err(|error| ConnectError::Client(Box::new(error)))?;
        Ok(Self { client: builder.with_layer(&MapResponseLayer::new(note)).build(), last_answer })
    }

    /// When the apiserver answered last that it did what was asked. While anything is watched that is never long ago,
    /// unless the apiserver is away or refuses.
    #[must_use]
    pub fn last_answer(&self) -> Option<Timestamp> {
        let milliseconds = self.last_answer.load(Ordering::Relaxed);
        Timestamp::from_millisecond(milliseconds).ok().filter(|_| milliseconds > 0)
    }

    pub(crate) fn client(&self) -> Client {
        self.client.clone()
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("last_answer", &self.last_answer()).finish_non_exhaustive()
    }
}
