//! Unix sockets as a daemon should have them: never open to others, never two owners, never a needless gap.
//!
//! ```text
//! Endpoint   `/run/kms/kms.sock`, `@name`, `unix://...`          endpoint.rs
//!    | Listener::bind
//!    v        stale: replaced; live: refused, or joined          claim.rs
//! Listener   take_place() -> Displaced, where it was joined
//!    |       accept() -> a stream and its Peer                   peer.rs
//!    | close()
//!    v        the file goes, if it is still ours
//! Queued     who had connected before, then nobody
//! ```
//!
//! [`directory`] makes the directory for a daemon that is not root.

mod claim;
pub mod directory;
mod endpoint;
mod error;
mod peer;

use std::{
    io,
    sync::{Arc, PoisonError, RwLock},
};

use rustix::net::{SocketFlags, accept_with};
use tokio::net::{UnixListener, UnixStream};

use self::claim::SocketFile;
pub use self::{
    claim::{Displaced, WhenLive},
    endpoint::Endpoint,
    error::{BindError, EndpointError, Owner},
    peer::{AllowedUids, Peer},
};
use crate::log_pace::LogPace;

/// How to listen.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Who may connect, beside what the file's mode says.
    pub allowed: AllowedUids,
    /// What to do when another process serves the endpoint.
    pub when_live: WhenLive,
}

/// A listening unix socket. Its file, where it has one, goes when this is dropped or closed, unless another process has
/// taken its place by then.
#[derive(Debug)]
pub struct Listener {
    endpoint: Endpoint,
    socket: UnixListener,
    file: Option<SocketFile>,
    admission: Admission,
    refusals: LogPace,
    beside: bool,
}

impl Listener {
    /// Listens at `endpoint`. Whoever connects waits in the kernel's queue until [`accept`](Self::accept) is called.
    ///
    /// # Errors
    /// When a living process serves the endpoint and is not to be displaced, when the path is too long or taken by
    /// something that is not a socket, or when the kernel refuses. Must be called within a tokio runtime.
    pub fn bind(endpoint: &Endpoint, options: Options) -> Result<Self, BindError> {
        let claimed = claim::claim(endpoint, options.when_live)?;
        let socket = UnixListener::from_std(claimed.socket).map_err(|source| BindError::Io {
            doing: "registering",
            endpoint: endpoint.clone(),
            source,
        })?;
        Ok(Self {
            endpoint: endpoint.clone(),
            socket,
            file: claimed.file,
            admission: Admission::of(options.allowed),
            refusals: LogPace::default(),
            beside: claimed.beside,
        })
    }

    /// Where this listens.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Who may connect, to be changed while this listens.
    pub fn admission(&self) -> Admission {
        self.admission.clone()
    }

    /// With [`WhenLive::TakeOver`]: puts this in the place of the process that serves the endpoint, and gives that
    /// process, which does not know yet. Call it when all the sockets of the daemon are bound and are about to be served;
    /// then tell the former with [`Displaced::terminate`]. Else, and the second time, nothing happens.
    ///
    /// # Errors
    /// When the kernel refuses; the former is still in its place then.
    pub fn take_place(&mut self) -> Result<Option<Displaced>, BindError> {
        let (true, Some(file), Some(path)) = (self.beside, self.file.as_mut(), self.endpoint.path()) else {
            return Ok(None);
        };
        let former = claim::take_place(&self.endpoint, path, file)?;
        self.beside = false;
        Ok(former)
    }

    /// Waits for the next peer that may connect. Others are dropped, and logged at the pace of [`LogPace`].
    ///
    /// Cancel safe: a dropped future has accepted nobody.
    ///
    /// # Errors
    /// What accept(2) says; `EMFILE` and its like pass.
    pub async fn accept(&self) -> io::Result<(UnixStream, Peer)> {
        loop {
            let (stream, _) = self.socket.accept().await?;
            if let Some(peer) = self.admit(&stream)? {
                return Ok((stream, peer));
            }
        }
    }

    /// Removes the socket's file, if it is still ours, so that nobody else connects; who had connected before can still
    /// be accepted from what this returns.
    pub fn close(mut self) -> Queued {
        self.file = None;
        Queued(self)
    }

    fn admit(&self, stream: &UnixStream) -> io::Result<Option<Peer>> {
        let peer = Peer::of(stream)?;
        if self.admission.admits(peer) {
            return Ok(Some(peer));
        }
        if let Some(left_out) = self.refusals.line() {
            let endpoint = &self.endpoint;
            tracing::warn!(%endpoint, %peer, left_out, "refused a connection: its user is not among the allowed");
        }
        Ok(None)
    }
}

/// Who may connect to one [`Listener`]. Clones share it.
#[derive(Clone, Debug)]
pub struct Admission(Arc<RwLock<AllowedUids>>);

impl Admission {
    fn of(allowed: AllowedUids) -> Self {
        Self(Arc::new(RwLock::new(allowed)))
    }

    /// Admits exactly `allowed` from the next connection on. Those that there are stay.
    pub fn change(&self, allowed: AllowedUids) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = allowed;
    }

    fn admits(&self, peer: Peer) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(peer.uid)
    }
}

/// What is left of a closed [`Listener`]: the connections that nobody had accepted yet.
#[derive(Debug)]
pub struct Queued(Listener);

impl Queued {
    /// The next that may connect; `None` when the queue is empty.
    ///
    /// # Errors
    /// What accept(2) says.
    pub fn accept(&mut self) -> io::Result<Option<(UnixStream, Peer)>> {
        loop {
            // Not tokio's accept: that one asks the kernel only after epoll has reported the socket.
            let stream = match accept_with(&self.0.socket, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC) {
                Ok(stream) => UnixStream::from_std(stream.into())?,
                Err(rustix::io::Errno::AGAIN) => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            if let Some(peer) = self.0.admit(&stream)? {
                return Ok(Some((stream, peer)));
            }
        }
    }
}
