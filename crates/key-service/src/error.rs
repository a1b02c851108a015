//! What can go wrong with a key service, in the classes that decide what a caller does about it.

use std::{error::Error, fmt};

/// The classes of failure. Each has one row in `docs/reference/errors.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ErrorClass {
    /// The service, or the credentials for it, cannot be reached.
    Absent,
    /// No answer within the deadline.
    Slow,
    /// The service asks for fewer calls.
    Throttled,
    /// The caller may not use the key.
    Denied,
    /// The key is disabled.
    Disabled,
    /// The key is scheduled for deletion.
    PendingDeletion,
    /// There is no such key.
    NotFound,
    /// The key is in another state that does not serve (being created, awaiting import, its store is away).
    Unavailable,
    /// The ciphertext was altered, is bound to another context, or was sealed by another key.
    CorruptCiphertext,
    /// Anything else: the service failed, or said what we do not know.
    Internal,
}

impl ErrorClass {
    /// Every class, in the order of the table.
    pub const ALL: [Self; 10] = [
        Self::Absent,
        Self::Slow,
        Self::Throttled,
        Self::Denied,
        Self::Disabled,
        Self::PendingDeletion,
        Self::NotFound,
        Self::Unavailable,
        Self::CorruptCiphertext,
        Self::Internal,
    ];

    /// The name in logs, metrics and the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Slow => "slow",
            Self::Throttled => "throttled",
            Self::Denied => "denied",
            Self::Disabled => "disabled",
            Self::PendingDeletion => "pending_deletion",
            Self::NotFound => "not_found",
            Self::Unavailable => "unavailable",
            Self::CorruptCiphertext => "corrupt_ciphertext",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for ErrorClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A failed call, with what was being done, the service's own words and, where one is known, the way out.
#[derive(Debug, thiserror::Error)]
#[error("{doing} with `{key}`: {message}{}", self.help())]
pub struct KeyServiceError {
    /// What decides the reaction.
    pub class: ErrorClass,
    /// Such as `sealing`.
    pub doing: &'static str,
    /// The key as the user named it.
    pub key: String,
    /// The service's own code, such as `DisabledException`, where it gave one.
    pub code: Option<String>,
    /// What the service or the transport said. Never holds plaintext, tokens or key material.
    pub message: String,
    /// How to fix it, where that is known.
    pub hint: Option<&'static str>,
    /// What lies beneath.
    #[source]
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

impl KeyServiceError {
    fn help(&self) -> String {
        self.hint.map_or_else(String::new, |hint| format!(" (help: {hint})"))
    }
}
