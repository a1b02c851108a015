//! The port of the broker.

use std::{io, net::SocketAddr, sync::Arc};

use daemon::{http::ListenAddress, shutdown::Shutdown};
use tokio::{net::TcpListener, task::JoinHandle};

use super::desk::Desk;
use crate::{certificate::Certificate, connections};

/// A bound port that does not answer yet: so that a taken one is told before anything else starts.
#[derive(Debug)]
pub struct Listening(TcpListener);

impl Listening {
    /// Binds an address.
    ///
    /// # Errors
    /// As the kernel says.
    pub async fn bind(address: &ListenAddress) -> io::Result<Self> {
        address.bind().await.map(Self)
    }

    /// What was bound; tells the port when 0 was asked for.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// Answers until the end is asked for, and what is being answered then. By TLS, where there is a certificate.
    pub fn serve(self, tls: Option<Arc<Certificate>>, desk: Arc<Desk>, shutdown: Shutdown) -> JoinHandle<()> {
        tokio::spawn(connections::serve(self.0, tls, desk, shutdown))
    }
}
