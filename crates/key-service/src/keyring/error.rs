//! What can be wrong with a keyring file.

use std::{io, path::PathBuf};

/// A keyring file that cannot be used or changed.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The operating system said no.
    #[error("{doing} the keyring `{}`: {source}", path.display())]
    Io {
        /// Such as `reading`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Others than the owner may read or write it.
    #[error("the keyring `{path}` has mode {mode:04o}: only its owner may reach it (help: chmod 600 {path})", path = path.display())]
    TooOpen {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is a third user's, who could read and replace every key.
    #[error(
        "the keyring `{path}` belongs to uid {owner}, neither to root nor to uid {own}, which reads it \
         (help: chown {own} {path})", path = path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Our effective user id.
        own: u32,
    },
    /// A directory, a device, or far too large.
    #[error("`{}` is no keyring: {reason}", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What it is instead.
        reason: &'static str,
    },
    /// It is not the JSON that a keyring is. The reason never quotes the content.
    #[error("`{}` is no keyring: {reason} at line {line}, column {column}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What was expected.
        reason: &'static str,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// It is JSON, but what it says does not hold together.
    #[error("the keyring `{}` {reason}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The file changed under an edit over and over.
    #[error("the keyring `{}` keeps being replaced by others: try again", path.display())]
    Contended {
        /// The file.
        path: PathBuf,
    },
    /// The cryptographic library refused.
    #[error("{doing}: the cryptographic library refused")]
    Crypto {
        /// What was being done.
        doing: &'static str,
    },
}
