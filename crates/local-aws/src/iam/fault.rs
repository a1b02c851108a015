//! IAM's errors, with AWS's texts.
//!
//! Source of the texts: answers of AWS that localstack recorded (`tests/aws/services/iam/*.snapshot.json`, 2026), and
//! moto's tests that were made against AWS; where neither has one, ours.

use aws_catalog::access::IamKind;
use aws_model::Arn;

use crate::{ServiceError, sealing::SealError};

/// 404.
pub(super) fn no_such_entity(message: impl Into<String>) -> ServiceError {
    ServiceError::new("NoSuchEntity", message).with_status(404)
}

/// Nothing of this kind has this name.
pub(super) fn missing(kind: IamKind, name: &str) -> ServiceError {
    no_such_entity(match kind {
        IamKind::InstanceProfile => format!("Instance Profile {name} cannot be found."),
        IamKind::OidcProvider => format!("OpenIDConnect Provider not found for arn {name}"),
        IamKind::Policy => format!("Policy {name} was not found."),
        IamKind::Mfa => format!("MFA Device with serial number {name} does not exist."),
        IamKind::User | IamKind::Role | IamKind::Group => {
            format!("The {} with name {name} cannot be found.", kind.name())
        }
    })
}

/// Something of this kind has this name already.
pub(super) fn exists(kind: IamKind, name: &str) -> ServiceError {
    let message = match kind {
        IamKind::User => format!("User with name {name} already exists."),
        IamKind::Role => format!("Role with name {name} already exists."),
        IamKind::Group => format!("Group with name {name} already exists."),
        IamKind::InstanceProfile => format!("Instance Profile {name} already exists."),
        IamKind::Policy => format!("A policy called {name} already exists. Duplicate names are not allowed."),
        IamKind::OidcProvider => format!("Provider with url {name} already exists."),
        IamKind::Mfa => "MFA device already exists.".to_owned(),
    };
    ServiceError::new("EntityAlreadyExists", message).with_status(409)
}

/// The entity is in use.
pub(super) fn delete_conflict(message: &str) -> ServiceError {
    ServiceError::new("DeleteConflict", message).with_status(409)
}

pub(super) fn limit_exceeded(message: impl Into<String>) -> ServiceError {
    ServiceError::new("LimitExceeded", message).with_status(409)
}

/// A text that is no ARN of what it should be one of.
pub(super) fn invalid_arn(text: &str) -> ServiceError {
    invalid_input(format!("Invalid ARN: {text}"))
}

/// The ARN of a managed policy; another text is refused.
pub(super) fn policy_arn(text: &str) -> Result<Arn, ServiceError> {
    let arn = text.parse().ok().filter(|arn: &Arn| arn.service() == "iam" && arn.resource().starts_with("policy/"));
    arn.ok_or_else(|| invalid_input(format!("ARN {text} is not valid.")))
}

/// A managed policy that cannot be attached or made a boundary.
pub(super) fn not_attachable(what: &str, arn: &str) -> ServiceError {
    no_such_entity(format!("{what} {arn} does not exist or is not attachable."))
}

/// A quota of the account or of an entity is used up.
pub(super) fn quota(name: &str, most: usize) -> ServiceError {
    limit_exceeded(format!("Cannot exceed quota for {name}: {most}"))
}

pub(super) fn invalid_input(message: impl Into<String>) -> ServiceError {
    ServiceError::new("InvalidInput", message)
}

pub(super) fn validation(message: impl Into<String>) -> ServiceError {
    ServiceError::new("ValidationError", message)
}

/// A service-linked role, which only its service changes.
pub(super) fn unmodifiable(role: &str) -> ServiceError {
    ServiceError::new(
        "UnmodifiableEntity",
        format!("Cannot perform the operation on the protected role '{role}' - this role is only modifiable by AWS"),
    )
}

/// A caller that is no user must say which user it means.
pub(super) fn no_user_name() -> ServiceError {
    validation("Must specify userName when calling with non-User credentials")
}

pub(super) fn unsupported(what: &str) -> ServiceError {
    validation(format!("{what} is not supported by the embedded AWS."))
}

/// Randomness failed.
pub(super) fn not_made(failed: &SealError) -> ServiceError {
    ServiceError::internal("ServiceFailure", failed.to_string())
}
