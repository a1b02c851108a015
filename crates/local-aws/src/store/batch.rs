//! Changes that reach the file together.

use aws_model::SecretBytes;

/// A table of the state file: keys are text, sorted; values are bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Table(&'static str);

/// Changes that are kept together or not at all, in this order.
#[derive(Debug, Default)]
pub struct Batch(Vec<Change>);

#[derive(Debug)]
pub(super) struct Change {
    pub(super) table: Table,
    pub(super) key: String,
    pub(super) value: Value,
}

#[derive(Debug)]
pub(super) enum Value {
    Gone,
    Plain(Vec<u8>),
    /// Encrypted under the master key before it reaches the file.
    Sealed(SecretBytes),
}

impl Table {
    /// The table of this name. By custom the service's name, a dot, and what its rows are: `kms.grant`.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The table's name.
    pub fn name(self) -> &'static str {
        self.0
    }
}

impl Batch {
    /// No change yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is no change.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keeps `bytes` as they are, replacing what was there. Not for secrets.
    pub fn put(&mut self, table: Table, key: impl Into<String>, bytes: Vec<u8>) {
        self.push(table, key.into(), Value::Plain(bytes));
    }

    /// Keeps a secret, sealed under the master key and bound to its table and key.
    pub fn put_sealed(&mut self, table: Table, key: impl Into<String>, secret: SecretBytes) {
        self.push(table, key.into(), Value::Sealed(secret));
    }

    /// Removes the row, if there is one.
    pub fn delete(&mut self, table: Table, key: impl Into<String>) {
        self.push(table, key.into(), Value::Gone);
    }

    pub(super) fn changes(&self) -> &[Change] {
        &self.0
    }

    fn push(&mut self, table: Table, key: String, value: Value) {
        self.0.push(Change { table, key, value });
    }
}
