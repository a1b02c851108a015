//! What STS said, as it is told on.

use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::http::Response;

use crate::{
    broker::assumer::{AssumeError, AssumeErrorKind},
    said::{chain, cut},
};

pub(super) fn no_region() -> AssumeError {
    let message = "no AWS region is set, and neither environment, profile nor instance metadata names one; set --region \
                   or AWS_REGION";
    AssumeError { kind: AssumeErrorKind::OwnCredentials, message: message.to_owned() }
}

pub(super) fn incomplete(name: &str) -> AssumeError {
    AssumeError { kind: AssumeErrorKind::Untrue, message: format!("{name} answered without credentials or role") }
}

pub(super) fn error<E>(error: &SdkError<E, Response>, name: &str) -> AssumeError
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    let answered = match error {
        SdkError::ServiceError(answered) => answered,
        // Nothing was sent: there is nothing to sign with.
        SdkError::ConstructionFailure(_) => {
            return AssumeError { kind: AssumeErrorKind::OwnCredentials, message: cut(chain(error)) };
        }
        SdkError::DispatchFailure(failed) if failed.is_other() || failed.is_user() => {
            return AssumeError { kind: AssumeErrorKind::OwnCredentials, message: cut(chain(error)) };
        }
        _ => {
            return AssumeError {
                kind: AssumeErrorKind::Away,
                message: cut(format!("no answer of {name}: {}", chain(error))),
            };
        }
    };
    let status = answered.raw().status().as_u16();
    if status < 400 {
        return incomplete(name);
    }
    let (code, said) = (answered.err().code().unwrap_or("UnknownError"), answered.err().message().unwrap_or_default());
    let message = cut(format!("{name} answered {code}: {said}"));
    AssumeError { kind: kind(status, code, said), message }
}

/// Sources: AWS STS API Reference, "AssumeRole" > "Errors" and "Common Errors". The texts of the two refusals of a duration
/// are those that users quote (aws-vault issue 263, eks-anywhere pull request 9485); both name the parameter.
fn kind(status: u16, code: &str, said: &str) -> AssumeErrorKind {
    match code {
        "AccessDenied" | "AccessDeniedException" => AssumeErrorKind::Denied,
        "ValidationError" if said.contains("DurationSeconds") && said.contains("exceeds") => AssumeErrorKind::TooLong,
        "PackedPolicyTooLarge" => AssumeErrorKind::PackedTooLarge,
        "Throttling" | "ThrottlingException" | "RequestLimitExceeded" => AssumeErrorKind::Throttled,
        "ExpiredToken"
        | "ExpiredTokenException"
        | "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "NotAuthorized"
        | "OptInRequired" => AssumeErrorKind::OwnCredentials,
        _ if status == 429 => AssumeErrorKind::Throttled,
        _ if status >= 500 => AssumeErrorKind::Away,
        _ => AssumeErrorKind::Invalid,
    }
}
