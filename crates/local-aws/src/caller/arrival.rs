//! How a request came.

use std::net::SocketAddr;

use crate::tls::TlsSession;

/// Where a request came from, and by what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    pub(crate) peer: SocketAddr,
    pub(crate) channel: Channel,
}

/// By what a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    /// In the clear, as it may.
    Plain,
    /// By TLS.
    Secure(TlsSession),
    /// In the clear, where TLS is spoken.
    Insecure,
}
