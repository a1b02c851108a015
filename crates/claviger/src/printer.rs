//! The only writer of stdout. Data goes there; progress and notes go to stderr.

use std::{
    fmt,
    io::{self, Write},
};

use clap::ValueEnum;
use serde::Serialize;

/// The form of what a command prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs: one JSON object a line.
    Json,
}

/// Says what is going on, on stderr.
#[cfg(any(feature = "addons", feature = "explain", feature = "pod-identity", feature = "up"))]
pub(crate) fn note(text: impl fmt::Display) {
    // Progress that cannot be told is no reason to stop.
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Writes to stdout in one format. Colours are left out where stdout is no terminal or `NO_COLOR` is set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Printer {
    format: Format,
}

impl Printer {
    pub(crate) fn new(format: Format) -> Self {
        Self { format }
    }

    /// One thing that is said in both formats.
    ///
    /// # Errors
    /// When stdout does not take it. A reader that went away is none.
    pub(crate) fn say(self, what: &(impl Serialize + fmt::Display)) -> io::Result<()> {
        match self.format {
            Format::Text => self.raw(format!("{what}\n").as_bytes()),
            Format::Json => {
                let mut line = serde_json::to_vec(what)?;
                line.push(b'\n');
                self.raw(&line)
            }
        }
    }

    /// A text whose lines and colours are its own, or one JSON object.
    ///
    /// # Errors
    /// As [`say`](Self::say).
    #[cfg(feature = "explain")]
    pub(crate) fn either(
        self,
        text: impl FnOnce() -> String,
        json: impl FnOnce() -> serde_json::Value,
    ) -> io::Result<()> {
        match self.format {
            Format::Text => self.raw(text().as_bytes()),
            Format::Json => self.raw(format!("{}\n", json()).as_bytes()),
        }
    }

    /// Octets as they are, such as a man page.
    ///
    /// # Errors
    /// As [`say`](Self::say).
    pub(crate) fn raw(self, octets: &[u8]) -> io::Result<()> {
        let mut stdout = anstream::stdout().lock();
        match stdout.write_all(octets).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written,
        }
    }
}
