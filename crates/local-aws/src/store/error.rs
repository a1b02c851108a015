//! What can go wrong with a state file, and how to mend it.

use std::{io, path::PathBuf, sync::Arc};

/// The state file could not be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process holds the file.
    #[error(
        "cannot open the state file `{}`: another process has it open; stop that one or name another file",
        path.display()
    )]
    InUse {
        /// The state file.
        path: PathBuf,
    },
    /// The file is something else, of another version or damaged.
    #[error("cannot open the state file `{}`: {why}; name another file or restore it from a copy", path.display())]
    Unusable {
        /// The state file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A row is there that does not read, or one is missing that another names.
    #[error("the state is damaged: row `{key}` of `{table}` {why}; restore the file from a copy")]
    Damaged {
        /// The table.
        table: &'static str,
        /// The row's key.
        key: String,
        /// What is wrong with it.
        why: String,
    },
    /// A row of a text does not read.
    #[error("row `{key}` of `{table}` {why}")]
    Misread {
        /// The table.
        table: &'static str,
        /// The row's key.
        key: String,
        /// What is wrong with it.
        why: String,
        /// Where, in bytes from where the row begins.
        at: usize,
    },
    /// The file exists but its master key is nowhere.
    #[error(
        "cannot open the state file `{}`: its master key `{}` is missing; put that file back or give the key",
        path.display(), key.display()
    )]
    NoMasterKey {
        /// The state file.
        path: PathBuf,
        /// Where the key belongs.
        key: PathBuf,
    },
    /// The key opens nothing in this file.
    #[error("cannot open the state file `{}`: its key material was sealed under another master key than this", path.display())]
    WrongMasterKey {
        /// The state file.
        path: PathBuf,
    },
    /// The master key is not 32 bytes in base64.
    #[error("the master key in `{}` is not 32 bytes in base64: it takes 44 characters, as `openssl rand -base64 32` prints", path.display())]
    MalformedMasterKey {
        /// The file of the key.
        path: PathBuf,
    },
    /// Others than the owner may read the key.
    #[error("the master key `{}` can be read by others (mode {mode:04o}): `chmod 600` it", path.display())]
    ExposedMasterKey {
        /// The file of the key.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The operating system refused.
    #[error("cannot {doing} `{}`: {source}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The file it was done to.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// No randomness for a new master key.
    #[error("cannot make a master key: the operating system's random generator failed")]
    NoRandomness,
}

/// A state did not come into the place of another. The other still is there.
#[derive(Debug, thiserror::Error)]
pub enum NotReplaced {
    /// Its file could not be made.
    #[error(
        "the state could not be written beside the state file `{}` ({cause}), which is as it was: make room or mend the disk, \
         then try again",
        path.display()
    )]
    File {
        /// The state file.
        path: PathBuf,
        /// What went wrong.
        cause: String,
    },
    /// The state file could not be written before.
    #[error(transparent)]
    Former(#[from] WriteFailed),
    /// Its writer could not be started.
    #[error(transparent)]
    Writer(#[from] OpenError),
    /// It ended before its time.
    #[error("the state file could not be replaced, which the log tells; try again")]
    Broken,
}

/// A write did not reach the state file. Nothing that is written later does, either: memory and file have parted.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "the state file `{}` could not be written ({cause}); nothing is kept from here on: \
     make room or mend the disk, then restart",
    path.display()
)]
pub struct WriteFailed {
    /// The state file.
    pub path: Arc<std::path::Path>,
    /// What went wrong first.
    pub cause: Arc<str>,
}
