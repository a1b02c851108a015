//! The plain-HTTP side port: liveness, readiness and metrics.
//!
//! Anyone on the node's network may connect to it, and kubelet restarts what does not answer. So it holds a fixed number
//! of connections, gives each a fixed time, and when it is full the oldest gives way to the newest.

mod address;
mod answer;
mod health;

use std::{collections::VecDeque, convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    pin,
    task::{AbortHandle, JoinSet},
    time::sleep,
};

pub use address::{InvalidListenAddress, ListenAddress};
pub use answer::Routes;
pub use health::Health;

use crate::{log_pace::LogPace, metrics::Registry, shutdown::Shutdown};
use answer::Answers;

/// Connections held at once. Kubelet and Prometheus need three.
const MAX_CONNECTIONS: usize = 64;
/// A request's head must be complete this soon, also on a connection that was idle before.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// A request's head is at most this long, in octets. hyper takes no less than 8192.
const MAX_HEAD: usize = 8192;
/// A connection ends after this time, also in the middle of an answer that its peer does not read.
const MAX_CONNECTION_AGE: Duration = Duration::from_secs(120);
/// How often an address that could not be bound is tried again.
const BIND_AGAIN: Duration = Duration::from_secs(2);
/// How long to wait when the process is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A bound side port that does not answer yet: so that a taken port is told before anything else starts.
#[derive(Debug)]
pub struct Listener(TcpListener);

/// The side port could not be bound.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}")]
pub struct BindError {
    /// What was asked for.
    pub address: ListenAddress,
    /// Why not.
    pub source: io::Error,
}

impl Listener {
    /// Binds `address`.
    ///
    /// # Errors
    /// [`BindError`], most often because the port is taken.
    pub async fn bind(address: &ListenAddress) -> Result<Self, BindError> {
        address.bind().await.map(Self).map_err(|source| BindError { address: address.clone(), source })
    }

    /// What was bound; tells the port when 0 was asked for.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// Answers on `listener` until the shutdown's drain is over, so that a draining process can still be asked.
pub async fn serve(
    listener: Listener,
    routes: Routes,
    checks: Vec<Arc<dyn Health>>,
    registry: Registry,
    shutdown: Shutdown,
) {
    let answers = Arc::new(Answers { routes, checks, registry, shutdown: shutdown.clone() });
    let mut tasks = JoinSet::new();
    let mut oldest_first: VecDeque<AbortHandle> = VecDeque::new();
    let failures = LogPace::default();
    let expired = shutdown.expired();
    pin!(expired);
    loop {
        let stream = tokio::select! {
            () = &mut expired => return,
            accepted = listener.0.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    if let Some(left_out) = failures.line() {
                        tracing::warn!(%error, left_out, "cannot accept a connection on the side port");
                    }
                    sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
            Some(_) = tasks.join_next() => continue,
        };
        oldest_first.retain(|task| !task.is_finished());
        if oldest_first.len() >= MAX_CONNECTIONS
            && let Some(oldest) = oldest_first.pop_front()
        {
            oldest.abort();
        }
        oldest_first.push_back(tasks.spawn(serve_connection(stream, Arc::clone(&answers))));
    }
}

/// Answers on `address` as [`serve`] does, from when it can be bound: for a daemon whose work does not hang on its side
/// port.
pub async fn serve_when_free(
    address: ListenAddress,
    routes: Routes,
    checks: Vec<Arc<dyn Health>>,
    registry: Registry,
    shutdown: Shutdown,
) {
    let listener = loop {
        tokio::select! {
            () = shutdown.requested() => return,
            () = sleep(BIND_AGAIN) => {}
        }
        if let Ok(listener) = Listener::bind(&address).await {
            break listener;
        }
    };
    if let Ok(address) = listener.local_addr() {
        tracing::info!(%address, "health and metrics");
    }
    serve(listener, routes, checks, registry, shutdown).await;
}

impl BindError {
    /// Whether another process has the port, which may go.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        self.source.kind() == io::ErrorKind::AddrInUse
    }
}

async fn serve_connection(stream: TcpStream, answers: Arc<Answers>) {
    let service = service_fn(move |request| {
        let answer = answers.answer(&request);
        async move { Ok::<_, Infallible>(answer) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        ended = connection => {
            if let Err(error) = ended {
                tracing::debug!(%error, "side-port connection ended early");
            }
        }
        () = sleep(MAX_CONNECTION_AGE) => {}
    }
}
