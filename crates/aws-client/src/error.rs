//! What went wrong, where, and who says so.

use std::time::Duration;

use aws_wire::protocol::{DecodeError, EncodeError};
use serde_json::{Map, Value};

use crate::credentials::NoCredentials;

/// A call that has no answer.
#[derive(Debug, thiserror::Error)]
#[error("{service}'s {operation} at {endpoint}{}: {cause}", tries(*.attempts))]
pub struct CallError {
    /// The service, by its name in settings: `EKS`.
    pub service: String,
    /// The operation: `DescribeCluster`.
    pub operation: String,
    /// Who was asked.
    pub endpoint: String,
    /// How often.
    pub attempts: u32,
    /// What went wrong at last; part of the text.
    pub cause: Cause,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The embedded model has no such operation: a mistake of the caller.
    #[error("this program does not know the operation")]
    UnknownOperation,
    /// The input is not of the operation's shape: a mistake of the caller.
    #[error("the input is none of the operation: {0}")]
    Input(#[from] EncodeError),
    /// The operation's answers name no next page: a mistake of the caller.
    #[error("the operation does not answer page by page")]
    NoPages,
    /// There is nothing to sign with.
    #[error("{0}")]
    NoCredentials(#[from] NoCredentials),
    /// What is to be sent cannot be.
    #[error("the request cannot be sent: {0}")]
    Unsendable(String),
    /// No connection, or one that broke.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// The answer took too long.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// The service says no.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// More than is read.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// Something that is no answer of this operation.
    #[error("the answer (status {status}) is none of this operation: {why}; is the endpoint really the service's?")]
    Garbled {
        /// The HTTP status.
        status: u16,
        /// What is wrong; never what it says.
        why: DecodeError,
    },
    /// A page names itself, or one before it, as the next.
    #[error("the pages of the answer do not end")]
    Endless,
}

/// What a service says when it says no.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{code}{}{}", message_of(.message), request_of(.request_id.as_deref()))]
pub struct Refusal {
    /// The service's code: `ResourceNotFoundException`; the status where the answer has none.
    pub code: String,
    /// The service's message.
    pub message: String,
    /// The HTTP status.
    pub status: u16,
    /// What the service calls the request.
    pub request_id: Option<String>,
    /// What else the error tells.
    pub fields: Map<String, Value>,
}

impl CallError {
    /// What the service says, if it was the service that said no.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match &self.cause {
            Cause::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// Whether the service says no with this code.
    #[must_use]
    pub fn is(&self, code: &str) -> bool {
        self.refusal().is_some_and(|refusal| refusal.code == code)
    }
}

fn tries(attempts: u32) -> String {
    if attempts > 1 { format!(" (asked {attempts} times)") } else { String::new() }
}

fn message_of(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {message}") }
}

fn request_of(id: Option<&str>) -> String {
    id.map_or_else(String::new, |id| format!(" (request {id})"))
}
