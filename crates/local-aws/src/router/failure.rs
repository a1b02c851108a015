//! What every service answers alike when a request does not reach its operation, in each protocol's own codes.
//!
//! Sources: AWS KMS API Reference and AWS STS API Reference, "Common Errors"; Amazon EC2 API Reference, "Error codes" >
//! "Common client error codes" (of which AuthFailure comes with 401); the statuses are those that the services
//! send, which the references do not always give.

use aws_wire::{
    model::{Operation, Protocol, ServiceId, ServiceModel},
    protocol::{DecodeError, WireError},
    sigv4::SignatureError,
    validate::ValidationError,
};

use crate::{accounts::Unidentified, eks, error::ServiceError, iam, organizations, sqs};

/// The error as the encoders take it.
pub(super) fn wire(error: ServiceError) -> WireError {
    WireError {
        code: error.code().to_owned().into(),
        message: error.message().to_owned(),
        http_status: error.status(),
        fields: error.fields().clone(),
    }
}

/// A signature that is absent, cannot be read, or is not the one it should be.
pub(super) fn signature(error: &SignatureError, speaks: Protocol) -> ServiceError {
    if speaks == Protocol::Ec2Query {
        return match error {
            SignatureError::MissingAuthenticationToken => {
                ServiceError::new("MissingParameter", "The request must contain the parameter AWSAccessKeyId")
            }
            _ => auth_failure(),
        };
    }
    let json = !matches!(speaks, Protocol::Query);
    let (code, query_status) = match error {
        SignatureError::MissingAuthenticationToken if json => ("MissingAuthenticationTokenException", 403),
        SignatureError::MissingAuthenticationToken => ("MissingAuthenticationToken", 403),
        SignatureError::NotKeyValue { .. }
        | SignatureError::MissingHeaderParameters { .. }
        | SignatureError::MissingQueryParameters { .. }
        | SignatureError::Repeated { .. }
        | SignatureError::UnsupportedAlgorithm { .. }
        | SignatureError::MalformedDate { .. }
        | SignatureError::MalformedCredential { .. } => {
            (if json { "IncompleteSignatureException" } else { "IncompleteSignature" }, 400)
        }
        SignatureError::MalformedQueryString { .. } => ("MalformedQueryString", 404),
        _ => (if json { "InvalidSignatureException" } else { "SignatureDoesNotMatch" }, 403),
    };
    ServiceError::new(code, error.to_string()).with_status(if is_awsjson(speaks) { 400 } else { query_status })
}

/// Whether a protocol's services answer 400 to whom they do not know; REST's and Query's answer 403.
fn is_awsjson(speaks: Protocol) -> bool {
    matches!(speaks, Protocol::AwsJson1_0 | Protocol::AwsJson1_1)
}

/// An access key that stands for nobody.
pub(super) fn unidentified(why: Unidentified, speaks: Protocol) -> ServiceError {
    const EXPIRED: &str = "The security token included in the request is expired";
    match (why, speaks) {
        (Unidentified::Unknown, Protocol::Ec2Query) => auth_failure(),
        (Unidentified::Expired, Protocol::Ec2Query) => ServiceError::new("RequestExpired", "Request has expired."),
        (Unidentified::Unknown, Protocol::Query) => {
            ServiceError::new("InvalidClientTokenId", "The security token included in the request is invalid")
                .with_status(403)
        }
        (Unidentified::Unknown, _) => {
            ServiceError::new("UnrecognizedClientException", "The security token included in the request is invalid.")
                .with_status(if is_awsjson(speaks) { 400 } else { 403 })
        }
        (Unidentified::Expired, Protocol::Query) => ServiceError::new("ExpiredToken", EXPIRED).with_status(403),
        (Unidentified::Expired, _) => {
            ServiceError::new("ExpiredTokenException", EXPIRED).with_status(if is_awsjson(speaks) { 400 } else { 403 })
        }
    }
}

/// EC2's one answer to whatever is wrong with a signature or an access key.
fn auth_failure() -> ServiceError {
    let message = "AWS was not able to validate the provided access credentials";
    ServiceError::new("AuthFailure", message).with_status(401)
}

/// A body that is not of its protocol or not of the input's types.
pub(super) fn undecodable(error: DecodeError, speaks: Protocol) -> ServiceError {
    from_wire(error.into_wire(speaks))
}

/// An input that breaks the model's constraints.
pub(super) fn invalid(
    error: ValidationError,
    service: ServiceId,
    operation: &Operation,
    speaks: Protocol,
) -> ServiceError {
    match service {
        ServiceId::Iam => iam::invalid(error),
        ServiceId::Organizations => organizations::invalid(&error),
        ServiceId::Eks | ServiceId::EksAuth => eks::invalid(&error, operation),
        ServiceId::Sqs => sqs::invalid(&error, operation),
        _ => from_wire(error.into_wire(speaks)),
    }
}

fn from_wire(wire: WireError) -> ServiceError {
    ServiceError::new(wire.code, wire.message).with_status(wire.http_status)
}

/// A fault of this program. What it is stands in the log.
pub(super) fn internal(model: &ServiceModel) -> ServiceError {
    let code = match model.metadata().signing_name.as_str() {
        "kms" => "KMSInternalException",
        "ec2" => "InternalError",
        _ => "InternalFailure",
    };
    ServiceError::internal(code, "The request processing has failed because of an unknown error.")
}
