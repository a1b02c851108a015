//! One connection, from its preface to its GOAWAY.

use std::pin::pin;

use daemon::unix_socket::Peer;
use hyper::server::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    net::UnixStream,
    time::{Instant, interval_at, sleep},
};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use super::{
    limits::{CONNECTION_WINDOW, Limits, STREAM_WINDOW},
    preface::Announced,
    request::{Activity, Places, Requests},
};
use crate::authority::AuthorityRewrite;

/// What all connections of a server have in common.
pub(super) struct Connections {
    http: http2::Builder<TokioExecutor>,
    routes: Routes,
    limits: Limits,
    places: Places,
    ending: CancellationToken,
}

impl Connections {
    pub(super) fn new(routes: Routes, limits: Limits, ending: CancellationToken) -> Self {
        let mut http = http2::Builder::new(TokioExecutor::new());
        http.timer(TokioTimer::new())
            .max_concurrent_streams(limits.max_streams)
            .max_header_list_size(limits.max_header_list)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .initial_stream_window_size(STREAM_WINDOW)
            .keep_alive_interval(limits.keepalive)
            .keep_alive_timeout(limits.keepalive_answer)
            // gRPC has no use for it.
            .auto_date_header(false);
        let places = Places::new(limits.max_in_flight, limits.max_waiting);
        Self { http, routes, limits, places, ending }
    }

    /// Serves one connection to its end.
    pub(super) fn serve(&self, stream: UnixStream, peer: Peer) -> impl Future<Output = ()> + Send + use<> {
        let activity = Activity::default();
        let requests = Requests {
            routes: self.routes.clone(),
            peer,
            places: self.places.clone(),
            time: self.limits.request,
            activity: activity.clone(),
        };
        let (stream, preface) = Announced::new(AuthorityRewrite::new(stream));
        let connection = self.http.serve_connection(TokioIo::new(stream), requests);
        let (limits, ending) = (self.limits.clone(), self.ending.clone());
        async move {
            let mut connection = pin!(connection);
            // Not told to end before this: hyper would close it without a GOAWAY, and the client with it.
            tokio::select! {
                biased;
                ended = connection.as_mut() => return log(ended, peer),
                Ok(()) = preface => {}
                () = sleep(limits.preface) => {
                    tracing::debug!(%peer, "dropped a connection: no HTTP/2 preface in time");
                    return;
                }
            }
            let mut idle = interval_at(Instant::now() + limits.idle, limits.idle);
            loop {
                tokio::select! {
                    biased;
                    ended = connection.as_mut() => return log(ended, peer),
                    () = ending.cancelled() => break,
                    _ = idle.tick() => if !activity.since_last_asked() { break },
                }
            }
            connection.as_mut().graceful_shutdown();
            // The peer answers a PING before the connection is closed; one that does not holds nobody up.
            loop {
                tokio::select! {
                    biased;
                    ended = connection.as_mut() => return log(ended, peer),
                    () = sleep(limits.keepalive_answer) => if !activity.now() { return },
                }
            }
        }
    }
}

fn log(ended: hyper::Result<()>, peer: Peer) {
    if let Err(error) = ended {
        let reason = std::error::Error::source(&error).map(ToString::to_string);
        tracing::debug!(%peer, %error, reason, "a connection ended with an error");
    }
}
