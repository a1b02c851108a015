//! The connections of one address: bounded in number, time and octets. Where there are too many, whoever has the most of
//! them loses its oldest, so that one pod cannot keep the others out.

use std::{
    collections::{HashMap, VecDeque},
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use daemon::{log_pace::LogPace, shutdown::Shutdown};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
    time::sleep,
};

use super::desk::{Connection, Desk};

/// Connections at once, of all pods.
const MOST_CONNECTIONS: usize = 2048;
/// A request's head is complete this soon, also on a connection that was idle: as the peer's.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest head: a token, and what SDKs send beside it.
const LONGEST_HEAD: usize = 32 * 1024;
/// How long to wait when the process is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Answers on `listener` until the end is asked for; what is being answered then is answered yet.
pub(super) async fn serve(listener: TcpListener, desk: Arc<Desk>, shutdown: Shutdown) {
    let mut tasks = JoinSet::new();
    let mut open = Open::default();
    let failures = LogPace::default();
    loop {
        let (stream, peer) = tokio::select! {
            () = shutdown.requested() => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    if let Some(left_out) = failures.line() {
                        tracing::warn!(%error, left_out, "cannot accept a pod's connection");
                    }
                    sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
            Some(_) = tasks.join_next() => continue,
        };
        let Ok(local) = stream.local_addr() else { continue };
        open.make_room();
        let task =
            tasks.spawn(serve_connection(stream, Connection { peer, local }, Arc::clone(&desk), shutdown.clone()));
        open.add(peer, task);
        desk.metrics.connections(tasks.len());
    }
    drop(listener);
    let ended = async { while tasks.join_next().await.is_some() {} };
    // What does not end in time is cut off with the tasks.
    let _ = shutdown.drain(ended).await;
}

async fn serve_connection(stream: TcpStream, connection: Connection, desk: Arc<Desk>, shutdown: Shutdown) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let desk = Arc::clone(&desk);
        async move { Ok::<_, Infallible>(desk.answer(&request, connection).await) }
    });
    let mut served = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_buf_size(LONGEST_HEAD)
            .serve_connection(TokioIo::new(stream), service)
    );
    let ended = tokio::select! {
        ended = &mut served => ended,
        () = shutdown.requested() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a pod's connection ended early");
    }
}

/// The open connections by whose they are, the oldest first.
#[derive(Default)]
struct Open {
    of: HashMap<IpAddr, VecDeque<AbortHandle>>,
    count: usize,
}

impl Open {
    fn add(&mut self, peer: SocketAddr, task: AbortHandle) {
        self.of.entry(peer.ip()).or_default().push_back(task);
        self.count += 1;
    }

    fn make_room(&mut self) {
        if self.count < MOST_CONNECTIONS {
            return;
        }
        self.of.retain(|_, tasks| {
            tasks.retain(|task| !task.is_finished());
            !tasks.is_empty()
        });
        self.count = self.of.values().map(VecDeque::len).sum();
        if self.count >= MOST_CONNECTIONS
            && let Some(most) = self.of.values_mut().max_by_key(|tasks| tasks.len())
            && let Some(oldest) = most.pop_front()
        {
            oldest.abort();
            self.count -= 1;
        }
    }
}
