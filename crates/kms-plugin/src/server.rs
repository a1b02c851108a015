//! Serves the APIs on a unix socket, with bounds on all that a peer can make us keep, and an orderly end.
//!
//! ```text
//! Listener --accept--> connection (at most `max_connections`)      connection.rs
//!                        | its preface in time                     preface.rs
//!                        | streams (at most `max_streams` each)
//!                        v
//!                      request (at most `max_in_flight` in all;    request.rs
//!                        |        `max_waiting` wait)
//!                        | its body, and its answer, in time
//!                        v
//!                      service
//! ```
//!
//! The end: the socket's file goes, who had connected is still accepted, each connection gets its GOAWAY and finishes
//! what it has begun.

mod connection;
mod limits;
mod preface;
mod request;

use std::{io, sync::Arc};

use daemon::{
    log_pace::LogPace,
    shutdown::Shutdown,
    unix_socket::{Endpoint, Listener},
};
use tokio::{task::JoinSet, time::sleep};

pub use self::limits::Limits;
use self::{connection::Connections, limits::ACCEPT_PAUSE};
use crate::service::{Sealer, routes};

/// Why serving ended otherwise than asked.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The drain deadline passed.
    #[error("{endpoint}: {connections} connection(s) still had calls when the drain deadline passed; they were cut")]
    Cut {
        /// Where.
        endpoint: Endpoint,
        /// How many were left.
        connections: usize,
    },
    /// The connections that were waiting could not be taken.
    #[error("{endpoint}: accepting those who had connected before the end: {source}")]
    Queue {
        /// Where.
        endpoint: Endpoint,
        /// What accept(2) said.
        source: io::Error,
    },
}

/// Serves until `shutdown` is requested, then drains.
///
/// # Errors
/// When calls had to be cut off at the end. Nothing that a peer does is an error.
pub async fn serve<S: Sealer>(
    listener: Listener,
    sealer: Arc<S>,
    limits: Limits,
    shutdown: Shutdown,
) -> Result<(), ServeError> {
    let connections = Connections::new(routes(&sealer, limits.max_request), limits.clone(), shutdown.token());
    let mut serving = JoinSet::new();
    let failures = LogPace::default();
    loop {
        let full = serving.len() >= limits.max_connections;
        tokio::select! {
            biased;
            () = shutdown.requested() => break,
            Some(_) = serving.join_next() => {}
            // Whoever comes while all places are taken waits in the kernel's queue.
            accepted = listener.accept(), if !full => match accepted {
                Ok((stream, peer)) => {
                    serving.spawn(connections.serve(stream, peer));
                }
                Err(error) => {
                    if let Some(left_out) = failures.line() {
                        tracing::warn!(endpoint = %listener.endpoint(), %error, left_out, "cannot accept a connection");
                    }
                    // Out of descriptors or memory: the same error would come back at once.
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    let endpoint = listener.endpoint().clone();
    let mut queued = listener.close();
    let queue = loop {
        match queued.accept() {
            Ok(Some((stream, peer))) => {
                serving.spawn(connections.serve(stream, peer));
            }
            Ok(None) => break Ok(()),
            Err(source) => break Err(ServeError::Queue { endpoint: endpoint.clone(), source }),
        }
    };
    drop(queued);
    let drained = shutdown.drain(async { while serving.join_next().await.is_some() {} }).await;
    let left = serving.len();
    serving.shutdown().await;
    match drained {
        Ok(()) => queue,
        Err(_) => Err(ServeError::Cut { endpoint, connections: left }),
    }
}
