//! The one error every service answers with.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// An error as AWS tells it: a code, a message, an HTTP status and, for some codes, further fields.
///
/// It knows no wire protocol: the router writes it as the service's protocol wants it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ServiceError {
    code: Cow<'static, str>,
    message: String,
    status: u16,
    fields: Map<String, Value>,
}

impl ServiceError {
    /// An error that the caller can mend: status 400, which nearly every modelled error has.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), status: 400, fields: Map::new() }
    }

    /// The error that hides a fault of the embedded AWS itself; what went wrong belongs in the log.
    pub fn internal(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(code, message).with_status(500)
    }

    /// The same error under another HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The same error with a further field of its shape.
    #[must_use]
    pub fn with_field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.fields.insert(name.into(), value.into());
        self
    }

    /// The error's name, such as `NotFoundException`.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// AWS's text for it.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The HTTP status it is answered with.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The further fields of its shape.
    pub fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }
}
