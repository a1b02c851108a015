//! What the process that is killed tells of its writes: before each, what it tries, and after it, what it did.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};

/// Something that writes change, and that can be asked for after the kill.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Subject {
    /// The key's state.
    State {
        key: String,
    },
    /// Whether the key is pending deletion, or already gone.
    Leaving {
        key: String,
    },
    /// Whether the key is gone.
    Gone {
        key: String,
    },
    Description {
        key: String,
    },
    /// The value of the one tag.
    Tag {
        key: String,
    },
    /// The period of automatic rotation.
    RotationPeriod {
        key: String,
    },
    /// How often the key was rotated.
    Rotations {
        key: String,
    },
    /// The key behind the alias.
    Alias {
        name: String,
    },
    /// The first operation of the grant.
    Grant {
        key: String,
        id: String,
    },
    /// What the ciphertext opens to.
    Ciphertext {
        blob: String,
    },
}

/// The value that a subject has; none where there is no such thing.
pub(crate) type Value = Option<String>;

/// One line.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Told {
    /// About to give the subject this value: from now on it may have it.
    Try(Subject, Value),
    /// An operation was acknowledged: from now on the subject has the value.
    Did(Subject, Value, String),
}

impl Told {
    /// None for a line that the kill cut off, or that something else printed.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).unwrap())
    }
}

/// Which values each subject may have, by all that was told.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) may_be: BTreeMap<Subject, BTreeSet<Value>>,
    /// The operations that were acknowledged, and how often.
    pub(crate) acknowledged: BTreeMap<String, usize>,
}

impl Ledger {
    pub(crate) fn enter(&mut self, told: Told) {
        match told {
            Told::Try(subject, value) => {
                // Before the first acknowledgement it may as well not be there.
                self.may_be.entry(subject).or_insert_with(|| [None].into()).insert(value);
            }
            Told::Did(subject, value, operation) => {
                *self.acknowledged.entry(operation).or_default() += 1;
                self.may_be.insert(subject, [value].into());
            }
        }
    }
}
