//! Who is at the other end of a connection, and whether they may be.

use std::{collections::BTreeSet, fmt, io};

use tokio::net::UnixStream;

/// The process that connected, as it was when it did (SO_PEERCRED, unix(7)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its process id; `None` when it is of another pid namespace.
    pub pid: Option<i32>,
    /// Its effective user id.
    pub uid: u32,
    /// Its effective group id.
    pub gid: u32,
}

impl Peer {
    /// The peer of `stream`.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub fn of(stream: &UnixStream) -> io::Result<Self> {
        let credentials = stream.peer_cred()?;
        Ok(Self { pid: credentials.pid().filter(|pid| *pid > 0), uid: credentials.uid(), gid: credentials.gid() })
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pid {
            Some(pid) => write!(f, "pid {pid}, uid {}, gid {}", self.uid, self.gid),
            None => write!(f, "pid unknown, uid {}, gid {}", self.uid, self.gid),
        }
    }
}

/// The users that may connect. By default root, as whom the apiserver usually runs, and our own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedUids(BTreeSet<u32>);

impl AllowedUids {
    /// Exactly these.
    pub fn only(uids: impl IntoIterator<Item = u32>) -> Self {
        Self(uids.into_iter().collect())
    }

    /// These also.
    #[must_use]
    pub fn and(mut self, uids: impl IntoIterator<Item = u32>) -> Self {
        self.0.extend(uids);
        self
    }

    /// Whether `uid` may connect.
    pub fn contains(&self, uid: u32) -> bool {
        self.0.contains(&uid)
    }
}

impl Default for AllowedUids {
    fn default() -> Self {
        Self::only([0, rustix::process::geteuid().as_raw()])
    }
}
