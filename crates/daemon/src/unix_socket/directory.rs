//! The directory of a socket whose daemon is not root.
//!
//! A static pod's `hostPath` of type `DirectoryOrCreate` is made by the kubelet as `root:root 0755`, `fsGroup` does not
//! apply to it, and so a daemon that runs as another user cannot bind a socket in it. A first step that runs as root
//! (an init container, or a systemd `ExecStartPre=+`) gives the directory to the daemon's user: that is [`prepare`].
//! `docs/reference/socket-directory.md` has the manifests, and why this way and not another.

use std::{
    ffi::OsStr,
    fmt, fs, io,
    os::unix::{
        ffi::OsStrExt as _,
        fs::{DirBuilderExt as _, MetadataExt as _},
    },
    path::{Path, PathBuf},
    str::FromStr,
};

use rustix::{
    fs::{AtFlags, Dir, FileType, Gid, Mode, OFlags, Uid, statat},
    io::Errno,
};

/// Whom a socket directory is to belong to. Text form: `UID:GID`, in numbers, for a container has no names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ownership {
    /// The user id that the daemon runs as.
    pub uid: u32,
    /// Its group id.
    pub gid: u32,
}

/// Why a directory could not be prepared.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// Something, but no directory, or a link to one.
    #[error("`{directory}` is not a directory of its own: links are not followed here")]
    NotADirectory {
        /// The path.
        directory: PathBuf,
    },
    /// Somebody else's.
    #[error(
        "`{directory}` belongs to uid {owner}, neither to root nor to uid {wanted}: choose another, or give it away first"
    )]
    Foreign {
        /// The path.
        directory: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Whose it should be.
        wanted: u32,
    },
    /// One that everybody may write to, such as `/tmp`.
    #[error("`{directory}` is sticky, so it is there for many users: name a directory of the socket's own below it")]
    Shared {
        /// The path.
        directory: PathBuf,
    },
    /// One that is there for something else, such as `/etc`.
    #[error(
        "`{directory}` holds `{entry}`, which is no socket, so it is not there for sockets alone and is not given away: \
         name a directory of the socket's own"
    )]
    NotForSockets {
        /// The path.
        directory: PathBuf,
        /// The first that was found.
        entry: PathBuf,
    },
    /// What the kernel refused.
    #[error("{doing} `{directory}`: {source}{hint}", hint = hint(source))]
    Io {
        /// Such as `making`.
        doing: &'static str,
        /// The path.
        directory: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

/// Makes `directory` where it is not there, and gives it to `owner` with mode 0750: the daemon can bind and replace its
/// socket, its group can reach it, others cannot. Doing it again changes nothing. Parents must be there.
///
/// Only a directory that is there for sockets is changed: a slip of the pen must not give `/etc` or `/tmp` away.
///
/// # Errors
/// When it is a link or no directory, when it belongs to a third user, when it is sticky or holds anything but sockets,
/// and when we may not (it takes root, or `CAP_CHOWN`, unless the directory is `owner`'s already).
pub fn prepare(directory: &Path, owner: Ownership) -> Result<(), PrepareError> {
    let failed = |doing| move |source| PrepareError::Io { doing, directory: directory.to_owned(), source };
    match fs::DirBuilder::new().mode(MODE).create(directory) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed("making")(error)),
    }
    // From here on by descriptor: what the path leads to may change, what was checked may not.
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = match rustix::fs::open(directory, flags, Mode::empty()) {
        Ok(opened) => fs::File::from(opened),
        Err(Errno::NOTDIR | Errno::LOOP) => {
            return Err(PrepareError::NotADirectory { directory: directory.to_owned() });
        }
        Err(error) => return Err(failed("opening")(error.into())),
    };
    let now = opened.metadata().map_err(failed("looking at"))?;
    if now.uid() != owner.uid && now.uid() != 0 {
        return Err(PrepareError::Foreign { directory: directory.to_owned(), owner: now.uid(), wanted: owner.uid });
    }
    let (mode, owned) = (now.mode() & 0o7777, (now.uid(), now.gid()) == (owner.uid, owner.gid));
    if owned && mode == MODE {
        return Ok(());
    }
    if mode & STICKY != 0 {
        return Err(PrepareError::Shared { directory: directory.to_owned() });
    }
    if let Some(entry) = not_a_socket(&opened).map_err(|e| failed("listing")(e.into()))? {
        return Err(PrepareError::NotForSockets { directory: directory.to_owned(), entry });
    }
    if mode != MODE {
        rustix::fs::fchmod(&opened, Mode::from_raw_mode(MODE)).map_err(|e| failed("setting the mode of")(e.into()))?;
    }
    if !owned {
        let (uid, gid) = (Uid::from_raw(owner.uid), Gid::from_raw(owner.gid));
        rustix::fs::fchown(&opened, Some(uid), Some(gid)).map_err(|e| failed("giving away")(e.into()))?;
    }
    Ok(())
}

/// The first entry that is anything else than a socket.
fn not_a_socket(directory: &fs::File) -> Result<Option<PathBuf>, Errno> {
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        if [c".", c".."].contains(&name) {
            continue;
        }
        let kind = match entry.file_type() {
            // Not every file system tells.
            FileType::Unknown => FileType::from_raw_mode(statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?.st_mode),
            told => told,
        };
        if kind != FileType::Socket {
            return Ok(Some(OsStr::from_bytes(name.to_bytes()).into()));
        }
    }
    Ok(None)
}

impl FromStr for Ownership {
    type Err = OwnershipError;

    fn from_str(text: &str) -> Result<Self, OwnershipError> {
        let numbers = text.split_once(':').and_then(|(uid, gid)| Some((uid.parse().ok()?, gid.parse().ok()?)));
        match numbers {
            // The kernel takes -1 for "leave it".
            Some((u32::MAX, _) | (_, u32::MAX)) | None => Err(OwnershipError { text: text.to_owned() }),
            Some((uid, gid)) => Ok(Self { uid, gid }),
        }
    }
}

impl fmt::Display for Ownership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.uid, self.gid)
    }
}

/// A text that is no [`Ownership`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not `UID:GID` in numbers, such as `65532:65532`")]
pub struct OwnershipError {
    text: String,
}

fn hint(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::PermissionDenied => ": this step runs as root, or with CAP_CHOWN",
        io::ErrorKind::NotFound => ": its parent must be there",
        _ => "",
    }
}

const MODE: u32 = 0o750;
/// S_ISVTX, inode(7).
const STICKY: u32 = 0o1000;
