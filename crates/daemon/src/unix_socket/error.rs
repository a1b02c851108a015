//! Why a socket could not be had.

use std::{fmt, io, path::PathBuf, time::Duration};

use super::Endpoint;

/// A text that names no unix socket.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// There is no name in it.
    #[error("`{text}` names no socket: write a path such as `/run/kms/kms.sock`, or `@name`")]
    Empty {
        /// What was given.
        text: String,
    },
    /// Another kind of address.
    #[error("`{text}` is not a unix socket: write a path, `unix:///path` or `@name`")]
    Scheme {
        /// What was given.
        text: String,
    },
    /// The percent-encoding hides something that is not UTF-8.
    #[error("`{text}` is not UTF-8 once its percent-encoding is undone")]
    NotUtf8 {
        /// What was given.
        text: String,
    },
    /// No path has a NUL in it.
    #[error("{text:?} holds a NUL character")]
    Nul {
        /// What was given.
        text: String,
    },
    /// The kernel has no room for it.
    #[error("`{text}` has {length} octets, and a socket's name at most {limit}: choose a shorter directory")]
    TooLong {
        /// What was given.
        text: String,
        /// Its length.
        length: usize,
        /// The most that the kernel takes.
        limit: usize,
    },
}

/// Who serves a socket, as far as the kernel tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A process that can be named from here.
    Process(i32),
    /// One of another pid namespace, or one that is too busy to take a connection.
    Unknown,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Process(pid) => write!(f, "process {pid}"),
            Self::Unknown => f.write_str("a process that cannot be seen from here"),
        }
    }
}

/// Why [`Listener::bind`](super::Listener::bind) failed.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody serves it.
    #[error("{endpoint} is served by {owner}: stop that one first, choose another socket, or take this one over")]
    Live {
        /// The endpoint.
        endpoint: Endpoint,
        /// Who serves it.
        owner: Owner,
    },
    /// Abstract names cannot change hands.
    #[error("{endpoint} is served by {owner}, and an abstract name cannot be taken over: stop that one first")]
    AbstractTakeOver {
        /// The endpoint.
        endpoint: Endpoint,
        /// Who serves it.
        owner: Owner,
    },
    /// A file that is no socket is never removed.
    #[error("`{path}` exists and is not a socket: remove it if it is of no use")]
    NotASocket {
        /// The path.
        path: PathBuf,
    },
    /// There is no directory for it, or we may not look into it.
    #[error("cannot open `{directory}`, where the socket is to be: {source}")]
    Directory {
        /// The directory.
        directory: PathBuf,
        /// What open(2) said.
        source: io::Error,
    },
    /// Another process is starting on the same socket.
    #[error("another process has held the lock on `{directory}` for {patience:?}: is one that starts there stuck?")]
    Locked {
        /// The directory.
        directory: PathBuf,
        /// How long we waited.
        patience: Duration,
    },
    /// A path that fits by itself, but not with the suffix that taking over needs.
    #[error("`{path}` is too long to be taken over: it may have {limit} octets at most")]
    NoRoomToTakeOver {
        /// The path.
        path: PathBuf,
        /// The most.
        limit: usize,
    },
    /// What was bound to take the place of another is not there any more.
    #[error(
        "`{beside}`, which was to take the place of {endpoint}, was removed or replaced meanwhile, so the former keeps \
         its place: start again"
    )]
    Lost {
        /// What was to be taken over.
        endpoint: Endpoint,
        /// The name that had been bound.
        beside: PathBuf,
    },
    /// Anything that the kernel refused.
    #[error("{doing} {endpoint}: {source}")]
    Io {
        /// Such as `binding`.
        doing: &'static str,
        /// The endpoint.
        endpoint: Endpoint,
        /// What it said.
        source: io::Error,
    },
}
