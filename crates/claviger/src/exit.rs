//! What the process says about itself when it ends.

use std::process::ExitCode;

/// The exit codes, the same for every command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, and nothing to object to.
    Done = 0,
    /// It could not be done.
    Error = 1,
    /// It was done, and what it found is not as it should be.
    #[cfg(any(feature = "addons", feature = "explain", feature = "up"))]
    Findings = 2,
    /// The command line or the configuration asks for something that does not exist.
    Usage = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}
