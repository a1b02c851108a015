//! Whether an operation may answer an error at all.
//!
//! SDKs make a typed error only of those that the model declares for an operation; a service that answers others
//! surprises its callers. Debug builds, tests among them, turn such an error into a loud one.

use aws_wire::model::{Operation, Protocol, ServiceModel};

use crate::error::ServiceError;

/// What every operation may answer from behind its input's validation, though no model lists it.
///
/// Sources: AWS KMS API Reference and AWS STS API Reference, "Common Errors"; IAM User Guide, "Pass session tags in AWS
/// STS" (`InvalidParameterValue`). `InvalidArnException` is of the look-up of a key, which all operations on keys share
/// while some models leave it out; `NotAuthorizedException` is what AWS answers to an alias of its own;
/// `NoSuchEntity` is what AWS answers `CreateRole` whose boundary is not there, which its model does not have;
/// `MissingParameter` is of what SQS is not told (Amazon SQS API Reference, "Common errors");
/// `UnsupportedOperationException` says what the embedded AWS does not have.
const COMMON: [&str; 16] = [
    "AccessDenied",
    "AccessDeniedException",
    "InternalFailure",
    "InvalidArnException",
    "InvalidParameterValue",
    "KMSInternalException",
    "MissingParameter",
    "NoSuchEntity",
    "NotAuthorizedException",
    "SerializationException",
    "ServiceUnavailable",
    "Throttling",
    "ThrottlingException",
    "UnsupportedOperationException",
    "ValidationError",
    "ValidationException",
];

/// The error itself, if `operation` may answer it; in a debug build another, if not.
pub(super) fn checked(model: &ServiceModel, operation: &Operation, error: ServiceError) -> ServiceError {
    // EC2's model declares nothing: all of its operations may answer all of its codes.
    let is_ec2 = model.metadata().protocol == Protocol::Ec2Query;
    let declared = is_ec2 || operation.error(error.code()).is_some() || COMMON.contains(&error.code());
    if declared || !cfg!(debug_assertions) {
        return error;
    }
    let (service, name) = (&model.metadata().service_id, operation.name());
    tracing::error!(service, operation = name, code = error.code(), "the model does not declare this error");
    ServiceError::internal(
        "UndeclaredError",
        format!("{service}'s {name} answered an error that its model does not declare: {error}"),
    )
}
