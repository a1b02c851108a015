//! The one port: connections, and what a peer may use up.

mod body;
mod connection;
mod handshake;
mod idle;
mod request;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use http::Request;
use hyper::body::Incoming;
use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::handshake::{Handshakes, Shaken};
use crate::{
    caller::{Arrival, Channel},
    options::Limits,
    router::Response,
};

pub(crate) use self::request::{Endpoint, Unanswered};

/// How long to wait when the process is out of file descriptors: until then no connection can be taken.
const OUT_OF_FILES_PAUSE: Duration = Duration::from_millis(50);

/// What answers requests, whatever connection they come on.
pub(crate) trait Answers: Send + Sync + 'static {
    /// Answers a request.
    ///
    /// # Errors
    /// On request only: then its connection is closed, or its stream is reset.
    fn answer(
        &self,
        request: Request<Incoming>,
        arrival: Arrival,
    ) -> impl Future<Output = Result<Response, Unanswered>> + Send;
}

/// Accepts connections until it is told to stop.
pub(crate) struct Server {
    draining: CancellationToken,
    aborted: CancellationToken,
    connections: TaskTracker,
    drain_time: Duration,
}

impl Server {
    /// Begins to serve what comes in on `listener`, by TLS where that is told.
    pub(crate) fn start(
        listener: TcpListener,
        tls: Option<Arc<ServerConfig>>,
        endpoint: impl Answers,
        limits: Limits,
    ) -> Self {
        let server = Self {
            draining: CancellationToken::new(),
            aborted: CancellationToken::new(),
            connections: TaskTracker::new(),
            drain_time: limits.drain_time,
        };
        let acceptor = Acceptor {
            listener,
            room: Arc::new(Semaphore::new(limits.connections)),
            builder: connection::builder(&limits),
            endpoint: Arc::new(endpoint),
            idle_time: limits.idle_time,
            handshakes: tls.map(|config| Handshakes::new(config, limits.handshake_time, limits.idle_time)),
            draining: server.draining.clone(),
            aborted: server.aborted.clone(),
            connections: server.connections.clone(),
        };
        server.connections.spawn(acceptor.run());
        server
    }

    /// Takes no more connections, lets requests end for as long as the drain may take, then cuts what is left.
    pub(crate) async fn stop(&self) {
        self.draining.cancel();
        self.connections.close();
        if tokio::time::timeout(self.drain_time, self.connections.wait()).await.is_err() {
            tracing::warn!(left = self.connections.len(), "requests did not end in time and were cut");
            self.aborted.cancel();
            self.connections.wait().await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.draining.cancel();
        self.aborted.cancel();
    }
}

struct Acceptor<A> {
    listener: TcpListener,
    room: Arc<Semaphore>,
    builder: connection::Builder,
    endpoint: Arc<A>,
    idle_time: Duration,
    handshakes: Option<Handshakes>,
    draining: CancellationToken,
    aborted: CancellationToken,
    connections: TaskTracker,
}

impl<A: Answers> Acceptor<A> {
    async fn run(self) {
        let draining = self.draining.clone();
        draining.run_until_cancelled(self.accept()).await;
    }

    async fn accept(&self) {
        loop {
            // With no room the peer waits in the listener's backlog: idle and slow connections end by themselves.
            let Ok(room) = Arc::clone(&self.room).acquire_owned().await else { return };
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    let served = self.serve(stream, peer);
                    self.connections.spawn(async move {
                        served.await;
                        drop(room);
                    });
                }
                Err(refused) if is_the_peers_fault(&refused) => {}
                Err(failed) => {
                    tracing::warn!(%failed, "a connection could not be taken");
                    tokio::time::sleep(OUT_OF_FILES_PAUSE).await;
                }
            }
        }
    }

    fn serve(&self, stream: TcpStream, peer: SocketAddr) -> impl Future<Output = ()> + use<A> {
        // Answers are small and complete: waiting for more to send would only delay them.
        if let Err(failed) = stream.set_nodelay(true) {
            tracing::debug!(%failed, "TCP_NODELAY could not be set");
        }
        let (builder, endpoint) = (self.builder.clone(), Arc::clone(&self.endpoint));
        let (draining, idle_time, handshakes) = (self.draining.clone(), self.idle_time, self.handshakes.clone());
        let served = async move {
            let arrival = |channel| Arrival { peer, channel };
            let Some(handshakes) = handshakes else {
                let stream = idle::Watched::new(stream, idle_time);
                return connection::serve(builder, stream, arrival(Channel::Plain), endpoint, draining).await;
            };
            match draining.run_until_cancelled(handshakes.shake(stream, peer)).await.flatten() {
                Some(Shaken::Secure(stream, channel)) => {
                    connection::serve(builder, stream, arrival(channel), endpoint, draining).await;
                }
                Some(Shaken::Insecure(stream)) => {
                    connection::serve(builder, stream, arrival(Channel::Insecure), endpoint, draining).await;
                }
                None => {}
            }
        };
        let aborted = self.aborted.clone();
        async move {
            aborted.run_until_cancelled(served).await;
        }
    }
}

/// The peer went away between its connecting and our accepting.
fn is_the_peers_fault(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}
