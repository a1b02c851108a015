//! `claviger keyring`.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use daemon::secrecy::keep_memory_private;
use key_service::keyring::{KeyringError, add_version, create, set_current};
use serde::Serialize;

use crate::{
    exit::Exit,
    failure::Failure,
    printer::{Format, Printer},
};

const EXAMPLES: &str = "\
Examples:
  claviger keyring create /etc/claviger/keyring.json

  A new version: first to every node, then in use. A running plugin takes up both by itself:
    claviger keyring add-version /etc/claviger/keyring.json
    claviger keyring use-version 2 /etc/claviger/keyring.json";

/// Make a keyring file for `kms-plugin --keyring`, and change which of its versions seals
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES, disable_help_subcommand = true, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Keyring {
    #[command(subcommand)]
    action: Action,

    /// The form of what is printed
    #[arg(short, long, global = true, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a keyring of one version, readable by its owner alone
    #[command(after_help = "Example:\n  claviger keyring create /etc/claviger/keyring.json")]
    Create {
        /// The file; it must not be there
        file: PathBuf,
    },
    /// Add a version, which opens but does not seal yet: give the file to every node before that
    #[command(after_help = "Example:\n  claviger keyring add-version /etc/claviger/keyring.json")]
    AddVersion {
        /// The keyring
        file: PathBuf,
    },
    /// Seal with this version from now on; the others still open
    #[command(after_help = "Example:\n  claviger keyring use-version 2 /etc/claviger/keyring.json")]
    UseVersion {
        /// The version's number
        version: u32,
        /// The keyring
        file: PathBuf,
    },
}

/// What was done.
#[derive(Serialize)]
struct Done<'a> {
    event: &'static str,
    keyring: &'a Path,
    version: u32,
    seals: bool,
}

impl Keyring {
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        keep_memory_private()?;
        let done = self.action.run().map_err(|error| match &error {
            KeyringError::Io { source, .. } if source.kind() == io::ErrorKind::AlreadyExists => {
                Failure::from(error).help("a keyring is never overwritten: what it sealed could not be opened any more")
            }
            _ => Failure::from(error),
        })?;
        Printer::new(self.output).say(&done)?;
        Ok(Exit::Done)
    }
}

impl Action {
    fn run(&self) -> Result<Done<'_>, KeyringError> {
        match self {
            Self::Create { file } => {
                create(file)?;
                Ok(Done { event: "created", keyring: file, version: 1, seals: true })
            }
            Self::AddVersion { file } => {
                let version = add_version(file)?;
                Ok(Done { event: "version_added", keyring: file, version, seals: false })
            }
            Self::UseVersion { version, file } => {
                set_current(file, *version)?;
                Ok(Done { event: "version_in_use", keyring: file, version: *version, seals: true })
            }
        }
    }
}

impl fmt::Display for Done<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if self.seals { "seals" } else { "is there and does not seal yet" };
        write!(f, "{}: version {} {how}", self.keyring.display(), self.version)
    }
}
