//! What who gives credentials answered, as the pod is told: the same whether that is EKS Auth or the broker.

use http::StatusCode;

use super::source::{SourceError, SourceErrorClass};
use crate::said::cut;

/// An answer that is a refusal.
pub(super) struct Answered<'a> {
    pub(super) status: StatusCode,
    pub(super) code: Option<&'a str>,
    pub(super) message: &'a str,
    pub(super) request_id: &'a str,
    /// Who answered.
    pub(super) by: &'a str,
}

impl Answered<'_> {
    /// The peer's form, `[REQUEST-ID]: (CODE): MESSAGE, fault: SIDE`, then who it was.
    ///
    /// Source: eks-pod-identity-agent, `pkg/errors/errors.go` and `internal/cloud/eksauth/errors.go`.
    pub(super) fn error(self) -> SourceError {
        let Self { status, code, message, request_id, by } = self;
        let code = code.map(|code| code.chars().take(64).collect::<String>());
        let class = match code.as_deref() {
            // Source: eks-pod-identity-agent, `internal/cloud/eksauth/errors.go`, those that are not tried again.
            Some(
                "ResourceNotFoundException"
                | "ExpiredTokenException"
                | "InvalidTokenException"
                | "AccessDeniedException",
            ) => SourceErrorClass::Refused,
            _ if status == StatusCode::TOO_MANY_REQUESTS => SourceErrorClass::Throttled,
            Some("ThrottlingException") => SourceErrorClass::Throttled,
            _ => SourceErrorClass::Away,
        };
        let fault = match code {
            _ if status.is_server_error() => "server",
            None => "unknown",
            Some(_) => "client",
        };
        let shown = code.as_deref().unwrap_or("UnknownError");
        let message = cut(format!("[{request_id}]: ({shown}): {message}, fault: {fault}, from {by}"));
        SourceError { class, status, message, code }
    }
}

/// It answered, and not what it should have.
pub(super) fn incomplete(by: &str) -> SourceError {
    SourceError {
        class: SourceErrorClass::Untrue,
        status: StatusCode::INTERNAL_SERVER_ERROR,
        code: None,
        message: format!("invalid response from server: {by} answered without credentials, role or service account"),
    }
}

/// It did not answer.
pub(super) fn away(by: &str, reason: &str) -> SourceError {
    let message = cut(format!("unable to fetch credentials from {by}: {reason}"));
    SourceError { class: SourceErrorClass::Away, status: StatusCode::INTERNAL_SERVER_ERROR, code: None, message }
}
