//! What each class of failure does to Status, to the health endpoints and to the calls.
//!
//! The same table stands in `docs/reference/errors.md`, with the reasons; a test compares the two both ways.

use std::{fmt, time::Duration};

use key_service::{ErrorClass, KeyServiceError};
use tonic::Code;

/// How long Status stays good through failures that say nothing about the key, counted from the last good probe.
pub const DEFAULT_COAST: Duration = Duration::from_secs(600);

/// The reaction to one class of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What a probe that failed this way does to Status, and by it to readyz.
    pub status: StatusReaction,
    /// Whether livez still answers well after such a probe. It errs only where a restart may help.
    pub live: bool,
    /// The code of a refused Encrypt, and of an erring Status.
    pub encrypt: Code,
    /// The code of a refused Decrypt.
    pub decrypt: Code,
}

/// Status after a failed probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusReaction {
    /// The failure says nothing about the key: what was published stays good for the coast, then Status errs.
    Coast,
    /// Somebody or something took the key away: Status errs at once, so that writes stop.
    Err,
}

/// The table.
pub fn policy(class: ErrorClass) -> Policy {
    use StatusReaction::{Coast, Err};
    let row = |status, live, encrypt, decrypt| Policy { status, live, encrypt, decrypt };
    match class {
        ErrorClass::Absent => row(Coast, true, Code::Unavailable, Code::Unavailable),
        ErrorClass::Slow => row(Coast, true, Code::DeadlineExceeded, Code::DeadlineExceeded),
        ErrorClass::Throttled => row(Coast, true, Code::ResourceExhausted, Code::ResourceExhausted),
        ErrorClass::Denied => row(Err, true, Code::PermissionDenied, Code::PermissionDenied),
        ErrorClass::Disabled => row(Err, true, Code::FailedPrecondition, Code::FailedPrecondition),
        ErrorClass::PendingDeletion => row(Err, true, Code::FailedPrecondition, Code::FailedPrecondition),
        ErrorClass::NotFound => row(Err, true, Code::NotFound, Code::NotFound),
        ErrorClass::Unavailable => row(Err, true, Code::Unavailable, Code::Unavailable),
        ErrorClass::CorruptCiphertext => row(Err, false, Code::DataLoss, Code::InvalidArgument),
        ErrorClass::Internal => row(Coast, true, Code::Internal, Code::Internal),
    }
}

/// A call, or a Status, that is answered with an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub class: RefusalClass,
    /// What the apiserver gets.
    pub code: Code,
    /// For people. Holds no plaintext and no key material.
    pub message: String,
}

/// Why a call was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefusalClass {
    /// The key service failed.
    KeyService(ErrorClass),
    /// The request can never be served: empty, too long, or of a format that is not ours.
    InvalidRequest,
}

/// The call that a refusal answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    Encrypt,
    Decrypt,
}

impl Refusal {
    pub(crate) fn of(call: Refused, error: &KeyServiceError) -> Self {
        let policy = policy(error.class);
        let code = match call {
            Refused::Encrypt => policy.encrypt,
            Refused::Decrypt => policy.decrypt,
        };
        Self { class: RefusalClass::KeyService(error.class), code, message: error.to_string() }
    }

    pub(crate) fn status(class: ErrorClass, message: impl Into<String>) -> Self {
        Self { class: RefusalClass::KeyService(class), code: policy(class).encrypt, message: message.into() }
    }

    pub(crate) fn invalid_request(message: impl Into<String>) -> Self {
        Self { class: RefusalClass::InvalidRequest, code: Code::InvalidArgument, message: message.into() }
    }
}

impl RefusalClass {
    /// The name in audit records and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::KeyService(class) => class.as_str(),
            Self::InvalidRequest => "invalid_request",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.class.as_str(), self.message)
    }
}
