//! What EKS Auth said, as the pod is told.

use aws_sdk_eksauth::{
    error::{ProvideErrorMetadata, SdkError},
    operation::RequestId as _,
    operation::assume_role_for_pod_identity::AssumeRoleForPodIdentityError,
};
use aws_smithy_runtime_api::http::Response;
use http::StatusCode;

use crate::{
    agent::source::{SourceError, SourceErrorClass},
    said::{chain, cut},
};

pub(super) fn no_region() -> SourceError {
    away(
        "unable to fetch credentials from EKS Auth: no AWS region is set, and neither environment, profile nor instance \
         metadata names one; set --region or AWS_REGION"
            .to_owned(),
    )
}

pub(super) fn incomplete(name: &str) -> SourceError {
    SourceError {
        class: SourceErrorClass::Untrue,
        status: StatusCode::INTERNAL_SERVER_ERROR,
        code: None,
        message: format!("invalid response from server: {name} answered without credentials, role or service account"),
    }
}

/// The peer's form, `[REQUEST-ID]: (CODE): MESSAGE, fault: SIDE`, then who it was.
///
/// Source: eks-pod-identity-agent, `pkg/errors/errors.go` and `internal/cloud/eksauth/errors.go`.
pub(super) fn error(error: &SdkError<AssumeRoleForPodIdentityError, Response>, name: &str) -> SourceError {
    let SdkError::ServiceError(answered) = error else {
        return away(cut(format!("unable to fetch credentials from {name}: {}", chain(error))));
    };
    // Another status is a good one with an answer that is none.
    let Some(status) =
        StatusCode::from_u16(answered.raw().status().as_u16()).ok().filter(|status| status.as_u16() >= 400)
    else {
        return incomplete(name);
    };
    let code = answered.err().code().map(|code| code.chars().take(64).collect::<String>());
    let class = match code.as_deref() {
        // Source: eks-pod-identity-agent, `internal/cloud/eksauth/errors.go`, those that are not tried again.
        Some(
            "ResourceNotFoundException" | "ExpiredTokenException" | "InvalidTokenException" | "AccessDeniedException",
        ) => SourceErrorClass::Refused,
        _ if status == StatusCode::TOO_MANY_REQUESTS => SourceErrorClass::Throttled,
        Some("ThrottlingException") => SourceErrorClass::Throttled,
        _ => SourceErrorClass::Away,
    };
    let fault = match answered.err() {
        AssumeRoleForPodIdentityError::InternalServerException(_)
        | AssumeRoleForPodIdentityError::ServiceUnavailableException(_) => "server",
        error if error.code().is_none() => "unknown",
        _ if status.is_server_error() => "server",
        _ => "client",
    };
    let id =
        answered.err().request_id().or_else(|| answered.raw().headers().get("x-amzn-requestid")).unwrap_or_default();
    let said = answered.err().message().unwrap_or_default();
    let shown = code.as_deref().unwrap_or("UnknownError");
    SourceError { class, status, message: cut(format!("[{id}]: ({shown}): {said}, fault: {fault}, from {name}")), code }
}

fn away(message: String) -> SourceError {
    SourceError { class: SourceErrorClass::Away, status: StatusCode::INTERNAL_SERVER_ERROR, code: None, message }
}
