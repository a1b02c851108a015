//! Why a control plane did not come up.

use std::{io, path::PathBuf, process::ExitStatus, time::Duration};

use crate::{http::CallError, process::SpawnError};

/// Why a control plane did not come up.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A program is not where it should be.
    #[error("there is no `{name}` in `{}`", folder.display())]
    NoBinary {
        /// The file's name.
        name: String,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// A file or folder of the control plane cannot be written.
    #[error("cannot write `{}`: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A key or certificate cannot be made.
    #[error("cannot make the certificate of {subject}: {reason}")]
    Certificate {
        /// Whose it is.
        subject: &'static str,
        /// Why.
        reason: String,
    },
    /// No port of 127.0.0.1 is free.
    #[error("cannot find a free port on 127.0.0.1: {0}")]
    NoPort(io::Error),
    /// A program cannot be started.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// A program ended instead of becoming ready.
    #[error("`{}` ended with {status} before it was ready; its log `{}` ends with\n{tail}", program.display(), log.display())]
    Ended {
        /// The program.
        program: PathBuf,
        /// How it ended.
        status: ExitStatus,
        /// Its log.
        log: PathBuf,
        /// The log's last lines.
        tail: String,
    },
    /// A program runs but does not become ready.
    #[error("`{}` was not ready after {} s ({last}); its log `{}` ends with\n{tail}", program.display(), waited.as_secs(), log.display())]
    NotReady {
        /// The program.
        program: PathBuf,
        /// How long it was given.
        waited: Duration,
        /// What it answered last.
        last: String,
        /// Its log.
        log: PathBuf,
        /// The log's last lines.
        tail: String,
    },
    /// The namespace of the first objects cannot be made.
    #[error("the apiserver is ready but refuses its first write: {0}")]
    FirstWrite(#[from] CallError),
}

impl StartError {
    /// Whether the program found its port taken: between our choice and its start another process was faster.
    pub(crate) fn is_port_taken(&self) -> bool {
        matches!(self, Self::Ended { tail, .. } if tail.contains("address already in use"))
    }
}
