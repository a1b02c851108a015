//! The connections of one address, plain or by TLS: bounded in number, time and octets. Where there are too many, whoever
//! has the most of them loses its oldest, so that one peer cannot keep the others out.

use std::{
    collections::{HashMap, VecDeque},
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use daemon::{log_pace::LogPace, shutdown::Shutdown};
use http::{Request, Response};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
    time::{sleep, timeout},
};

use crate::certificate::Certificate;

/// A request's head is complete this soon, also on a connection that was idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// A handshake of TLS is done this soon.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest head: a token, and what SDKs send beside it.
const LONGEST_HEAD: usize = 32 * 1024;
/// How long to wait when the process is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Between whom a request travelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Who asks.
    pub peer: SocketAddr,
    /// Who is asked.
    pub local: SocketAddr,
}

/// Who answers what comes by the connections.
pub(crate) trait Answers: Send + Sync + 'static {
    /// Whose connections they are, for the log.
    const OF: &str;
    /// How many there are at once.
    const MOST: usize;

    fn answer(
        &self,
        request: Request<Incoming>,
        connection: Connection,
    ) -> impl Future<Output = Response<Full<Bytes>>> + Send;

    /// How many there are now.
    fn connections(&self, open: usize);

    /// A handshake of TLS failed.
    fn handshake_failed(&self) {}
}

/// Answers on `listener` until the end is asked for; what is being answered then is answered yet.
pub(crate) async fn serve<A: Answers>(
    listener: TcpListener,
    tls: Option<Arc<Certificate>>,
    answers: Arc<A>,
    shutdown: Shutdown,
) {
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
                        tracing::warn!(%error, left_out, "cannot accept a connection of {}", A::OF);
                    }
                    sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
            Some(_) = tasks.join_next() => {
                answers.connections(tasks.len());
                continue;
            }
        };
        let Ok(local) = stream.local_addr() else { continue };
        open.make_room(A::MOST);
        let connection = Connection { peer, local };
        let task =
            tasks.spawn(serve_connection(stream, connection, tls.clone(), Arc::clone(&answers), shutdown.clone()));
        open.add(peer, task);
        answers.connections(tasks.len());
    }
    drop(listener);
    let ended = async { while tasks.join_next().await.is_some() {} };
    // What does not end in time is cut off with the tasks.
    let _ = shutdown.drain(ended).await;
}

async fn serve_connection<A: Answers>(
    stream: TcpStream,
    connection: Connection,
    tls: Option<Arc<Certificate>>,
    answers: Arc<A>,
    shutdown: Shutdown,
) {
    let _ = stream.set_nodelay(true);
    let Some(certificate) = tls else { return serve_stream(stream, connection, answers, shutdown).await };
    match timeout(HANDSHAKE_TIMEOUT, certificate.acceptor().accept(stream)).await {
        Ok(Ok(stream)) => serve_stream(stream, connection, answers, shutdown).await,
        Ok(Err(error)) => {
            answers.handshake_failed();
            tracing::debug!(peer = %connection.peer, %error, "no TLS with one of {}", A::OF);
        }
        Err(_) => answers.handshake_failed(),
    }
}

async fn serve_stream<A: Answers>(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin,
    connection: Connection,
    answers: Arc<A>,
    shutdown: Shutdown,
) {
    let service = service_fn(|request| {
        let answers = Arc::clone(&answers);
        async move { Ok::<_, Infallible>(answers.answer(request, connection).await) }
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
        tracing::debug!(%error, "a connection of {} ended early", A::OF);
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

    fn make_room(&mut self, most: usize) {
        if self.count < most {
            return;
        }
        self.of.retain(|_, tasks| {
            tasks.retain(|task| !task.is_finished());
            !tasks.is_empty()
        });
        self.count = self.of.values().map(VecDeque::len).sum();
        if self.count >= most
            && let Some(greedy) = self.of.values_mut().max_by_key(|tasks| tasks.len())
            && let Some(oldest) = greedy.pop_front()
        {
            oldest.abort();
            self.count -= 1;
        }
    }
}
