//! What stands between a connection and its first request where TLS is spoken.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use rustls::ServerConfig;
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::idle::Watched;
use crate::{caller::Channel, tls::TlsSession};

/// The first byte of a TLS record with a handshake message.
///
/// Source: RFC 8446, section 5.1.
const HANDSHAKE: u8 = 22;

/// TLS for whoever connects.
#[derive(Clone)]
pub(super) struct Handshakes {
    acceptor: TlsAcceptor,
    /// How long one may take. It holds the room of a connection meanwhile.
    time: Duration,
    idle_time: Duration,
}

/// What came of a connection.
pub(super) enum Shaken {
    Secure(Box<TlsStream<Watched<TcpStream>>>, Channel),
    /// It speaks plain HTTP, and is to be told so.
    Insecure(Watched<TcpStream>),
}

impl Handshakes {
    pub(super) fn new(config: Arc<ServerConfig>, time: Duration, idle_time: Duration) -> Self {
        Self { acceptor: config.into(), time, idle_time }
    }

    /// Shakes hands, if the peer holds out one.
    pub(super) async fn shake(&self, stream: TcpStream, peer: SocketAddr) -> Option<Shaken> {
        let late = |_| Err(io::Error::new(io::ErrorKind::TimedOut, "it took too long"));
        match timeout(self.time, self.try_to(stream)).await.unwrap_or_else(late) {
            Ok(shaken) => Some(shaken),
            Err(error) => {
                tracing::debug!(%peer, %error, "a TLS handshake failed");
                None
            }
        }
    }

    async fn try_to(&self, stream: TcpStream) -> io::Result<Shaken> {
        let mut first = [0];
        let is_tls = stream.peek(&mut first).await? == 0 || first == [HANDSHAKE];
        let stream = Watched::new(stream, self.idle_time);
        if !is_tls {
            return Ok(Shaken::Insecure(stream));
        }
        let stream = self.acceptor.accept(stream).await?;
        let channel = Channel::Secure(TlsSession::of(stream.get_ref().1));
        Ok(Shaken::Secure(Box::new(stream), channel))
    }
}
