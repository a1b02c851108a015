//! One connection: HTTP/1.1 with keep-alive or HTTP/2, told apart by its first bytes.

use std::{pin::pin, sync::Arc};

use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use super::Answers;
use crate::{caller::Arrival, options::Limits};

pub(super) type Builder = auto::Builder<TokioExecutor>;

/// What HTTP/2 may hold back of bodies that nobody reads yet, for a stream and for a connection.
const STREAM_WINDOW: u32 = 64 << 10;
const CONNECTION_WINDOW: u32 = 256 << 10;
/// hyper takes no smaller buffer.
const SMALLEST_HEAD_BUFFER: usize = 8 << 10;

/// How connections are served, within the limits.
pub(super) fn builder(limits: &Limits) -> Builder {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    let head = usize::try_from(limits.header_bytes).unwrap_or(usize::MAX).max(SMALLEST_HEAD_BUFFER);
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_time)
        .max_buf_size(head)
        .keep_alive(true);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(limits.header_bytes)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .keep_alive_interval(Some(limits.idle_time / 2))
        .keep_alive_timeout(limits.header_time);
    builder
}

/// Serves a connection to its end; once `draining`, to the end of the requests that are on it.
pub(super) async fn serve(
    builder: Builder,
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    arrival: Arrival,
    endpoint: Arc<impl Answers>,
    draining: CancellationToken,
) {
    let service = service_fn(move |request| {
        let endpoint = Arc::clone(&endpoint);
        async move { endpoint.answer(request, arrival).await }
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = draining.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(peer = %arrival.peer, %error, "a connection ended early");
    }
}
