//! From what the SDK says to the class that decides the reaction.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::http::Response;

use super::{client::NoClient, codes};
use crate::{ErrorClass, KeyServiceError};

/// A failure that does not yet know which call it is of.
#[derive(Debug)]
pub(super) struct Failure {
    class: ErrorClass,
    code: Option<String>,
    message: String,
    hint: Option<&'static str>,
}

impl Failure {
    pub(super) fn is_slow(&self) -> bool {
        self.class == ErrorClass::Slow
    }

    pub(super) fn into_error(self, doing: &'static str, key: &str) -> KeyServiceError {
        let Self { class, code, message, hint } = self;
        KeyServiceError { class, doing, key: key.to_owned(), code, message, hint, source: None }
    }
}

const GIVE_REGION: &str = "give the key's ARN, or set the region by flag or AWS_REGION";
const CREDENTIALS: &str = "check where the credentials come from: files, environment, credential process, token file and \
    STS, or instance metadata, which a container reaches only with a hop limit of 2";

pub(super) fn no_client(reason: &NoClient) -> Failure {
    let (class, hint) = match reason {
        NoClient::Region => (ErrorClass::Absent, Some(GIVE_REGION)),
        NoClient::Crashed(_) => (ErrorClass::Internal, None),
    };
    Failure { class, code: None, message: reason.to_string(), hint }
}

/// Not a slow service: it was not called.
pub(super) fn region_awaited() -> Failure {
    Failure {
        class: ErrorClass::Absent,
        code: None,
        message: "no AWS region is set, and the instance metadata has not named one yet".to_owned(),
        hint: Some(GIVE_REGION),
    }
}

/// Not a slow service: it was not called.
pub(super) fn credentials_awaited() -> Failure {
    Failure {
        class: ErrorClass::Absent,
        code: None,
        message: "the credentials are still being looked up".to_owned(),
        hint: Some(CREDENTIALS),
    }
}

pub(super) fn no_credentials(error: &CredentialsError) -> Failure {
    Failure { class: ErrorClass::Absent, code: None, message: chain(error), hint: Some(CREDENTIALS) }
}

pub(super) fn out_of_time() -> Failure {
    Failure { class: ErrorClass::Slow, code: None, message: "no answer within the deadline".to_owned(), hint: None }
}

pub(super) fn sdk<E>(error: &SdkError<E, Response>) -> Failure
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    match error {
        SdkError::ServiceError(answered) => {
            let code = answered.err().code().unwrap_or_default();
            let message = answered.err().message().unwrap_or_default();
            let (class, hint) = codes::of(code, message, answered.raw().status().as_u16());
            let code = (!code.is_empty()).then(|| code.to_owned());
            let message = match (&code, message.is_empty()) {
                (Some(code), true) => code.clone(),
                (Some(code), false) => format!("{code}: {message}"),
                (None, _) => format!("HTTP {} without an error code", answered.raw().status().as_u16()),
            };
            Failure { class, code, message, hint }
        }
        SdkError::TimeoutError(_) => out_of_time(),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            Failure { class: ErrorClass::Slow, code: None, message: chain(error), hint: None }
        }
        SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_) => Failure {
            class: ErrorClass::Absent,
            code: None,
            message: chain(error),
            hint: Some("check the network, the endpoint and where the credentials come from"),
        },
        // The answer was no KMS answer: a proxy's page, or half of one.
        _ => Failure { class: ErrorClass::Internal, code: None, message: chain(error), hint: None },
    }
}

/// What each error of the chain displays. Never `Debug`: the SDK's shows the whole response, and that of a Decrypt
/// holds the plaintext.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let said = error.to_string();
        if !text.ends_with(&said) {
            text = format!("{text}: {said}");
        }
        next = error.source();
    }
    text
}
