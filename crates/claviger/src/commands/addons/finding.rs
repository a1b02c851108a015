//! What is not as it should be.

use std::fmt;

use serde::Serialize;

/// Something about an add-on that a person should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) addon: String,
    pub(super) kind: Kind,
    pub(super) text: String,
}

/// What it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Kind {
    /// It needs permissions and has no role: its pods have what their node's role has, or nothing.
    Missing,
    /// It has its role by IRSA.
    Irsa,
    /// Its role has more than AWS recommends.
    TooWide,
    /// Its role has not what AWS recommends.
    PolicyMissing,
    /// Its role is there, and cannot be lent to it.
    Untrusting,
    /// Nothing is done until somebody decides.
    Blocked,
}

impl Kind {
    pub(super) fn blocks(self) -> bool {
        self == Self::Blocked
    }

    /// The word for tables.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Irsa => "irsa",
            Self::TooWide => "too wide",
            Self::PolicyMissing => "policy missing",
            Self::Untrusting => "untrusting role",
            Self::Blocked => "blocked",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.addon, self.kind.word(), self.text)
    }
}
