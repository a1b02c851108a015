//! The whole state as one JSON text: exported, looked at, kept, and imported again.
//!
//! ```text
//!   rows of every table, the world file's users and roles, the clock
//!      --write--> text with secrets, or without --seal--> text that only a key's holder can import
//!      <--read---
//! ```
//!
//! What the text has is what the state file has, row by row, under the names of its tables: nothing else has to be
//! restored. What `--world` told besides stands in it as a world file (`docs/reference/world-files.md`). In an order that
//! does not change from one time to the next.
//!
//! In the state file the clock and what `world` has are rows of their own ([`kept`]).
//!
//! Not in it: the events of CloudTrail and when keys and roles were used last, which tell of a process and no state.
//! Sessions are in the tokens that their callers have, and go on where the secrets are.

pub(crate) mod kept;
mod read;
mod references;
mod sealed;
mod secrets;
mod tables;
#[cfg(test)]
mod tests;
mod write;

use std::fmt;

use authz::world::World;
use serde::Serialize;

pub use sealed::{Sealing, seal, unseal};
pub(crate) use write::{NotExported, write};

pub use crate::json::MOST_VALUES;
use crate::{
    clock::Setting,
    json::{NoJson, Node},
};

const FORMAT: &str = "claviger local-aws state";
const VERSION: &str = "1";

/// How long a text may be: some ten times what 10,000 roles, keys and grants take.
pub const MOST_BYTES: usize = 256 << 20;

/// A text that was read.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) partition: String,
    pub(crate) clock: Setting,
    pub(crate) world: World,
    pub(crate) secrets: Secrets,
    pub(crate) rows: Vec<kept::Row>,
}

/// What a text has of the secrets: key material, what tokens are sealed under, and the seed of the credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Secrets {
    /// Nothing.
    Absent,
    /// All of them, to be read by anybody.
    Plain,
    /// All of them, under a key.
    Sealed,
}

/// A text that is not imported: where in it, and why. Nothing of it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
    /// The path of the field, `tables.kms.grant.KEY`; empty for the whole text.
    pub field: String,
    /// What is wrong, and what would be right.
    pub why: String,
}

/// What is wrong at a byte of the text.
#[derive(Debug)]
pub(crate) struct Flaw {
    pub(crate) at: usize,
    pub(crate) field: String,
    pub(crate) why: String,
}

impl Flaw {
    pub(crate) fn new(at: usize, field: impl Into<String>, why: impl Into<String>) -> Self {
        Self { at, field: field.into(), why: why.into() }
    }

    /// Told with its place in the text.
    pub(crate) fn of(self, text: &str) -> Refused {
        let before = text.get(..text.floor_char_boundary(self.at)).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Refused {
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
            field: self.field,
            why: self.why,
        }
    }
}

impl From<NoJson> for Flaw {
    fn from(NoJson { at, why }: NoJson) -> Self {
        Self::new(at, "", why)
    }
}

impl Document {
    /// Reads a text.
    ///
    /// # Errors
    /// [`Refused`], at the first place that is not right.
    pub(crate) fn read(text: &str) -> Result<Self, Refused> {
        read::document(text).map_err(|flaw| flaw.of(text))
    }
}

/// What is wrong so many bytes into a row of a text that was read, with its place there.
pub(crate) fn flaw_of_row(text: &str, table: &str, key: &str, at: usize, why: impl Into<String>) -> Refused {
    // Looked up anew: of the many rows that are right nobody keeps the places.
    let root = Node::read(text).ok();
    let row = root.as_ref().and_then(|root| root.get("tables")?.get(table)?.get(key));
    Flaw::new(row.map_or(0, |row| row.at + at), field(table, key), why).of(text)
}

fn field(table: &str, key: &str) -> String {
    format!("tables.{table}.{key}")
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.line, self.column)?;
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.why)
    }
}

impl std::error::Error for Refused {}
