//! Changes that reach the file together.

use aws_model::SecretBytes;

/// A table of the state file: keys are text, sorted; values are bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Table {
    name: &'static str,
    sealed: bool,
}

/// Changes that are kept together or not at all, in this order.
#[derive(Debug, Default)]
pub struct Batch {
    changes: Vec<Change>,
}

#[derive(Debug)]
pub(super) struct Change {
    pub(super) table: Table,
    pub(super) key: String,
    pub(super) value: Value,
}

#[derive(Debug)]
pub(super) enum Value {
    Gone,
    Kept(SecretBytes),
}

impl Table {
    /// The table of this name, whose rows are kept as they are. By custom the service's name, a dot, and what its
    /// rows are: `kms.grant`.
    pub const fn plain(name: &'static str) -> Self {
        Self { name, sealed: false }
    }

    /// A table of secrets: its rows are sealed under the master key, each bound to its table and key, and a row that is
    /// not is refused. So who can write the file but has no master key cannot plant a secret.
    pub const fn sealed(name: &'static str) -> Self {
        Self { name, sealed: true }
    }

    /// The table's name.
    pub fn name(self) -> &'static str {
        self.name
    }

    pub(crate) fn is_sealed(self) -> bool {
        self.sealed
    }
}

impl Batch {
    /// No change yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is no change.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Keeps `bytes`, replacing what was there; whether sealed, the table says.
    pub fn put(&mut self, table: Table, key: impl Into<String>, bytes: SecretBytes) {
        self.push(table, key.into(), Value::Kept(bytes));
    }

    /// Removes the row, if there is one.
    pub fn delete(&mut self, table: Table, key: impl Into<String>) {
        self.push(table, key.into(), Value::Gone);
    }

    pub(super) fn changes(&self) -> &[Change] {
        &self.changes
    }

    pub(super) fn into_changes(self) -> Vec<Change> {
        self.changes
    }

    fn push(&mut self, table: Table, key: String, value: Value) {
        self.changes.push(Change { table, key, value });
    }
}
