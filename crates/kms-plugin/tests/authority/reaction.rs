//! What tonic does with octets, by itself and behind the rewrite.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use aws_model::SecretBytes;
use daemon::unix_socket::Peer;
use hyper::{body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use kms_plugin::{
    authority::AuthorityRewrite,
    caller::{Api, CallerInfo},
    engine::DecryptRequest,
    policy::Refusal,
    service::{Sealed, Sealer, routes},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream, ReadBuf},
    time::timeout,
};
use tonic::body::Body;
use tower::Service as _;

/// All that a client and the services can tell.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reaction {
    /// Every octet that came back.
    pub(crate) heard: Vec<u8>,
    pub(crate) closed: bool,
    /// The requests that reached the services: method, path and headers, but not the authority.
    pub(crate) requests: Vec<String>,
}

/// tonic by itself, which gets at most `piece` octets at a time.
pub(crate) async fn stock(octets: &[u8], piece: usize) -> Reaction {
    react(octets, |stream| Dribble { stream, piece }).await
}

/// tonic behind the rewrite, which gets at most `piece` octets at a time.
pub(crate) async fn rewritten(octets: &[u8], piece: usize) -> Reaction {
    react(octets, |stream| AuthorityRewrite::new(Dribble { stream, piece })).await
}

/// Time is paused: it moves when nobody has anything left to do, and then all has been heard.
async fn react<S>(octets: &[u8], wrap: impl FnOnce(DuplexStream) -> S) -> Reaction
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut client, server) = tokio::io::duplex(1 << 20);
    let requests = Arc::new(Mutex::new(Vec::new()));
    let (seen, services) = (Arc::clone(&requests), routes(&Arc::new(Negating), 1 << 16));
    let service = service_fn(move |request: http::Request<Incoming>| {
        let mut headers: Vec<_> = request.headers().iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
        headers.sort();
        seen.lock().unwrap().push(format!("{} {:?} {headers:?}", request.method(), request.uri().path_and_query()));
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer { pid: None, uid: 0, gid: 0 });
        let mut services = services.clone();
        async move { Ok::<_, Infallible>(services.call(request).await.unwrap_or_else(|never| match never {})) }
    });
    let mut http = http2::Builder::new(TokioExecutor::new());
    // The one thing that would differ from run to run.
    http.auto_date_header(false);
    let connection = tokio::spawn(http.serve_connection(TokioIo::new(wrap(server)), service));
    // The server may have had enough before the end.
    let _ = client.write_all(octets).await;
    let mut heard = Vec::new();
    let closed = loop {
        match timeout(Duration::from_secs(1), client.read_buf(&mut heard)).await {
            Err(_) => break false,
            Ok(Ok(0) | Err(_)) => break true,
            Ok(Ok(_)) => {}
        }
    };
    connection.abort();
    let requests = requests.lock().unwrap().clone();
    Reaction { heard, closed, requests }
}

/// Reads of a few octets each.
struct Dribble {
    stream: DuplexStream,
    piece: usize,
}

impl AsyncRead for Dribble {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let mut few = vec![0; self.piece.min(buf.remaining())];
        let mut read = ReadBuf::new(&mut few);
        let polled = Pin::new(&mut self.stream).poll_read(cx, &mut read);
        buf.put_slice(read.filled());
        polled
    }
}

impl AsyncWrite for Dribble {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Seals by negating, so that an answer shows what was asked.
struct Negating;

impl Sealer for Negating {
    async fn status(&self, _: Api) -> Result<String, Refusal> {
        Ok("key@1".to_owned())
    }

    async fn encrypt(&self, plaintext: SecretBytes, _: &CallerInfo) -> Result<Sealed, Refusal> {
        let ciphertext = plaintext.expose().iter().map(|octet| !octet).collect();
        Ok(Sealed { ciphertext, key_id: "key@1".to_owned(), annotations: Default::default() })
    }

    async fn decrypt(&self, request: DecryptRequest, _: &CallerInfo) -> Result<SecretBytes, Refusal> {
        Ok(request.ciphertext.into())
    }
}
