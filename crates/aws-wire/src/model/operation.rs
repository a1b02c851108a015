//! Operations, and the errors that each declares.

use super::{http::Http, shape::ShapeRef};

/// One operation of a service.
#[derive(Debug)]
pub struct Operation {
    pub(super) name: String,
    pub(super) http: Http,
    pub(super) input: Option<ShapeRef>,
    pub(super) output: Option<ShapeRef>,
    pub(super) result_wrapper: Option<String>,
    pub(super) unsigned: bool,
    pub(super) errors: Vec<ModelledError>,
}

impl Operation {
    /// Its name, for example `Encrypt`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its method and path.
    #[must_use]
    pub fn http(&self) -> &Http {
        &self.http
    }

    /// The structure it takes; `None`: it takes nothing.
    #[must_use]
    pub fn input(&self) -> Option<ShapeRef> {
        self.input
    }

    /// The structure it answers; `None`: it answers nothing.
    #[must_use]
    pub fn output(&self) -> Option<ShapeRef> {
        self.output
    }

    /// The element that holds the answer in Query, for example `AssumeRoleResult`.
    #[must_use]
    pub fn result_wrapper(&self) -> Option<&str> {
        self.result_wrapper.as_deref()
    }

    /// Callers need not sign it (`AssumeRoleWithWebIdentity`, `AssumeRoleWithSAML`).
    #[must_use]
    pub fn is_unsigned(&self) -> bool {
        self.unsigned
    }

    /// The errors that it declares. Beside them every operation may answer the errors that all services share
    /// (validation, signatures, throttling), which models do not list.
    #[must_use]
    pub fn errors(&self) -> &[ModelledError] {
        &self.errors
    }

    /// The declared error with that code on the wire.
    #[must_use]
    pub fn error(&self, code: &str) -> Option<&ModelledError> {
        self.errors.iter().find(|error| error.code == code)
    }
}

/// An error that an operation declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelledError {
    /// The structure's name, for example `MalformedPolicyDocumentException`.
    pub name: String,
    /// The code on the wire, which Query services may shorten, for example `MalformedPolicyDocument`.
    pub code: String,
    /// The HTTP status.
    pub http_status: u16,
    /// The caller is at fault (Query's `<Type>Sender</Type>`).
    pub sender_fault: bool,
    /// The structure with the error's members.
    pub shape: ShapeRef,
}
