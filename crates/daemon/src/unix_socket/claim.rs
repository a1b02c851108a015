//! Making an endpoint ours: the check of who has it, and the binding, as one step that no other starter can disturb.
//!
//! **The lock** is flock(2) on the directory itself: it leaves no file behind, and the kernel lets go of it when its
//! holder dies. It is held while binding and while removing, never while serving.
//!
//! **The mode** is set with fchmod(2) before bind(2): Linux gives the file the mode of the socket it is bound to, less
//! the umask, so there is no moment at which others could connect. The umask itself belongs to the whole process and
//! cannot be changed while other threads make files.
//!
//! **Taking over** binds a name of its own beside the path, and later renames it over the path. The path always leads to
//! a listening socket: the former's until the rename, ours after it. Until then a failure, say with another socket of the
//! same daemon, leaves the former as it was. That name is drawn at random, for process ids are no names: two containers
//! that share the directory may both be process 1. What is renamed is looked at once more, and never another's.

use std::{
    ffi::OsString,
    fs, io,
    os::{
        fd::{AsFd, OwnedFd},
        linux::fs::MetadataExt as _,
        unix::fs::FileTypeExt as _,
        unix::net::UnixListener,
    },
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    fs::{FlockOperation, Mode, OFlags},
    io::Errno,
    net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType},
    process::{Pid, PidfdFlags, Signal},
    rand::GetRandomFlags,
};
use tokio::net::UnixStream;

use super::{
    Endpoint,
    endpoint::SUN_PATH,
    error::{BindError, Owner},
};

/// What to do when another process serves the endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenLive {
    /// Leave it alone and say who it is.
    #[default]
    Refuse,
    /// Listen beside it, ready to [take its place](super::Listener::take_place).
    TakeOver,
}

/// A listening socket that is ours.
#[derive(Debug)]
pub(super) struct Claimed {
    pub(super) socket: UnixListener,
    pub(super) file: Option<SocketFile>,
    /// The path is still another process's, and the file beside it.
    pub(super) beside: bool,
}

/// Listens at `endpoint`, as the module's text says.
pub(super) fn claim(endpoint: &Endpoint, when_live: WhenLive) -> Result<Claimed, BindError> {
    match endpoint {
        Endpoint::Path(path) => claim_path(endpoint, path, when_live),
        Endpoint::Abstract(name) => claim_abstract(endpoint, name, when_live),
    }
}

fn claim_path(endpoint: &Endpoint, path: &Path, when_live: WhenLive) -> Result<Claimed, BindError> {
    let failed = |doing| move |source| BindError::Io { doing, endpoint: endpoint.clone(), source };
    let lock = DirectoryLock::of(path, START_PATIENCE)?;
    let beside = match probe(endpoint, path)? {
        Found::Nothing => false,
        Found::Stale => {
            fs::remove_file(path).map_err(failed("removing the stale socket at"))?;
            false
        }
        Found::Live(former) => match (when_live, former.owner()) {
            (WhenLive::TakeOver, owner) if owner != Owner::Process(own_pid()) => true,
            (_, owner) => return Err(BindError::Live { endpoint: endpoint.clone(), owner }),
        },
    };
    let bound_at = if beside { name_beside(endpoint, path)? } else { path.to_owned() };
    let address = SocketAddrUnix::new(&bound_at).map_err(|e| failed("naming")(e.into()))?;
    let socket = listen(&address).map_err(|e| failed("listening at")(e.into()))?;
    let file = SocketFile::at(&bound_at).map_err(failed("looking at"))?;
    drop(lock);
    Ok(Claimed { socket, file: Some(file), beside })
}

/// Renames a file that was bound beside `path` over it. Gives whoever served there until now.
pub(super) fn take_place(
    endpoint: &Endpoint,
    path: &Path,
    file: &mut SocketFile,
) -> Result<Option<Displaced>, BindError> {
    let _lock = DirectoryLock::of(path, START_PATIENCE)?;
    // Asked anew: the one that was there at first may have gone, and another come.
    let former = match probe(endpoint, path)? {
        Found::Live(former) => Some(former),
        Found::Stale | Found::Nothing => None,
    };
    if !file.is_ours() {
        return Err(BindError::Lost { endpoint: endpoint.clone(), beside: file.path.clone() });
    }
    fs::rename(&file.path, path).map_err(|source| BindError::Io {
        doing: "taking over",
        endpoint: endpoint.clone(),
        source,
    })?;
    path.clone_into(&mut file.path);
    Ok(former)
}

fn claim_abstract(endpoint: &Endpoint, name: &str, when_live: WhenLive) -> Result<Claimed, BindError> {
    let failed =
        |doing| move |source: Errno| BindError::Io { doing, endpoint: endpoint.clone(), source: source.into() };
    let address = SocketAddrUnix::new_abstract_name(name.as_bytes()).map_err(failed("naming"))?;
    match listen(&address) {
        Ok(socket) => Ok(Claimed { socket, file: None, beside: false }),
        Err(Errno::ADDRINUSE) => {
            let owner = connect(&address).map_or(Owner::Unknown, |former| former.owner());
            Err(match when_live {
                WhenLive::Refuse => BindError::Live { endpoint: endpoint.clone(), owner },
                WhenLive::TakeOver => BindError::AbstractTakeOver { endpoint: endpoint.clone(), owner },
            })
        }
        Err(error) => Err(failed("listening at")(error)),
    }
}

fn listen(address: &SocketAddrUnix) -> Result<UnixListener, Errno> {
    let socket = stream_socket()?;
    rustix::fs::fchmod(&socket, Mode::RUSR | Mode::WUSR)?;
    rustix::net::bind(&socket, address)?;
    rustix::net::listen(&socket, BACKLOG)?;
    Ok(UnixListener::from(socket))
}

fn stream_socket() -> Result<OwnedFd, Errno> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)
}

/// What is at a path.
enum Found {
    Nothing,
    Stale,
    Live(Displaced),
}

fn probe(endpoint: &Endpoint, path: &Path) -> Result<Found, BindError> {
    let failed = |source| BindError::Io { doing: "looking at", endpoint: endpoint.clone(), source };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(failed(error)),
        Ok(found) if !found.file_type().is_socket() => return Err(BindError::NotASocket { path: path.to_owned() }),
        Ok(_) => {}
    }
    let address = SocketAddrUnix::new(path).map_err(|e| failed(e.into()))?;
    match connect(&address) {
        Ok(former) => Ok(Found::Live(former)),
        // Its queue is full: somebody is there, and busy.
        Err(Errno::AGAIN) => Ok(Found::Live(Displaced { pid: None, process: None })),
        Err(Errno::CONNREFUSED) => Ok(Found::Stale),
        Err(Errno::NOENT) => Ok(Found::Nothing),
        Err(error) => Err(failed(error.into())),
    }
}

/// Connects, and learns who had called listen(2). The connection is closed again without a word.
fn connect(address: &SocketAddrUnix) -> Result<Displaced, Errno> {
    let connection = stream_socket()?;
    rustix::net::connect(&connection, address)?;
    // Not rustix's SO_PEERCRED: its `Pid` cannot be the 0 that stands for a process of another pid namespace.
    let credentials = UnixStream::from_std(connection.into()).and_then(|stream| stream.peer_cred());
    let pid = credentials.ok().and_then(|owner| owner.pid()).filter(|pid| *pid > 0).and_then(Pid::from_raw);
    // Opened while it certainly lives, so that no later process of the same number is meant.
    let process = pid.and_then(|pid| rustix::process::pidfd_open(pid, PidfdFlags::empty()).ok());
    Ok(Displaced { pid, process })
}

/// A process whose endpoint is ours now. It serves whom it has accepted, and whoever still waits in its queue, until it
/// is told to stop.
#[derive(Debug)]
pub struct Displaced {
    pid: Option<Pid>,
    process: Option<OwnedFd>,
}

impl Displaced {
    /// Who it is.
    pub fn owner(&self) -> Owner {
        self.pid.map_or(Owner::Unknown, |pid| Owner::Process(pid.as_raw_nonzero().get()))
    }

    /// Sends it SIGTERM. Call this once a process, after all of its sockets were taken over: it removes those that are
    /// still its own.
    ///
    /// # Errors
    /// When the process cannot be seen from here, or is not ours to stop. That it is gone already is none.
    pub fn terminate(self) -> io::Result<()> {
        let Some(process) = self.process else {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                "the former process cannot be reached from here: stop it yourself",
            ));
        };
        match rustix::process::pidfd_send_signal(process, Signal::TERM) {
            Ok(()) | Err(Errno::SRCH) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// The file of a socket of ours. Dropping it removes the file, unless another is in its place.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl SocketFile {
    fn at(path: &Path) -> io::Result<Self> {
        let found = fs::symlink_metadata(path)?;
        Ok(Self { path: path.to_owned(), device: found.st_dev(), inode: found.st_ino() })
    }

    /// Whether what is there now is what was bound. Holds for as long as the directory's lock is held.
    fn is_ours(&self) -> bool {
        // Not another `SocketFile`: dropping that one would wait for the lock that our caller holds.
        fs::symlink_metadata(&self.path).is_ok_and(|now| (now.st_dev(), now.st_ino()) == (self.device, self.inode))
    }

    fn remove(&self) -> Result<(), BindError> {
        let _lock = DirectoryLock::of(&self.path, END_PATIENCE)?;
        if self.is_ours()
            && let Err(source) = fs::remove_file(&self.path)
        {
            return Err(BindError::Io { doing: "removing", endpoint: Endpoint::Path(self.path.clone()), source });
        }
        Ok(())
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if let Err(error) = self.remove() {
            // The next starter finds it stale and replaces it.
            tracing::warn!(%error, "left the socket's file behind");
        }
    }
}

/// The right to change what is at a path of this directory.
struct DirectoryLock(#[expect(dead_code, reason = "closing it lets go of the lock")] OwnedFd);

impl DirectoryLock {
    fn of(path: &Path, patience: Duration) -> Result<Self, BindError> {
        let directory = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let failed = |error: Errno| BindError::Directory { directory: directory.to_owned(), source: error.into() };
        let opened = rustix::fs::open(directory, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).map_err(failed)?;
        let deadline = Instant::now() + patience;
        loop {
            match rustix::fs::flock(opened.as_fd(), FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Self(opened)),
                Err(Errno::WOULDBLOCK | Errno::INTR) if Instant::now() < deadline => thread::sleep(LOCK_RETRY),
                Err(Errno::WOULDBLOCK) => {
                    return Err(BindError::Locked { directory: directory.to_owned(), patience });
                }
                Err(error) => return Err(failed(error)),
            }
        }
    }
}

/// The name that a socket has until it takes the place of the one at `path`: nobody else's, or bind(2) refuses it.
fn name_beside(endpoint: &Endpoint, path: &Path) -> Result<PathBuf, BindError> {
    let limit = SUN_PATH - 1 - SUFFIX;
    if path.as_os_str().len() > limit {
        return Err(BindError::NoRoomToTakeOver { path: path.to_owned(), limit });
    }
    let mut bits = [0; 4];
    let drawn = rustix::rand::getrandom(&mut bits, GetRandomFlags::empty());
    drawn.map_err(|e| BindError::Io {
        doing: "drawing a name beside",
        endpoint: endpoint.clone(),
        source: e.into(),
    })?;
    let mut name = OsString::from(path);
    name.push(format!(".{:08x}", u32::from_ne_bytes(bits)));
    Ok(name.into())
}

fn own_pid() -> i32 {
    rustix::process::getpid().as_raw_nonzero().get()
}

/// Octets of what [`name_beside`] adds: a dot and eight hexadecimal digits.
const SUFFIX: usize = 9;
/// Connections that may wait to be accepted; the kernel takes `net.core.somaxconn` when that is less.
const BACKLOG: i32 = 1024;
/// How long to wait for another starter, whose own work takes milliseconds.
const START_PATIENCE: Duration = Duration::from_secs(5);
/// The same at the end, on a thread that still answers calls: a file that is left behind harms nobody.
const END_PATIENCE: Duration = Duration::from_millis(100);
const LOCK_RETRY: Duration = Duration::from_millis(5);
