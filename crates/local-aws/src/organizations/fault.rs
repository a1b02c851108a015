//! Organizations' errors.
//!
//! Source of the texts: what people quote of AWS's answers in issues of the AWS provider of Terraform and of
//! org-formation; for the rest, AWS Organizations API Reference, "Errors" of each operation, and ours where that is no
//! sentence of its own.

use aws_wire::validate::{ConstraintKind, ValidationError};

use super::{quotas, records::PolicyType};
use crate::ServiceError;

pub(super) fn not_in_use() -> ServiceError {
    ServiceError::new("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
}

/// A member account that is not let do what the management account may.
pub(super) fn not_permitted() -> ServiceError {
    ServiceError::new("AccessDeniedException", "You don't have permissions to access this resource.")
}

pub(super) fn already_in_organization() -> ServiceError {
    let message = "The AWS account is already a member of an organization.";
    ServiceError::new("AlreadyInOrganizationException", message)
}

/// The embedded AWS's own bound.
pub(super) fn one_organization(id: &str, management: &str) -> ServiceError {
    let message = format!(
        "The embedded AWS has one organization, {id} of the account {management}; delete that one first, or start another \
         embedded AWS."
    );
    ServiceError::new("ConstraintViolationException", message)
}

/// The embedded AWS's own bound, too: which services there are it does not know.
pub(super) fn too_many_services() -> ServiceError {
    let message = format!(
        "The embedded AWS enables {} services for an organization at most; disable one that is not needed first.",
        quotas::SERVICES
    );
    ServiceError::new("ConstraintViolationException", message)
}

pub(super) fn no_root() -> ServiceError {
    ServiceError::new("RootNotFoundException", "You specified a root that doesn't exist.")
}

pub(super) fn no_account() -> ServiceError {
    ServiceError::new("AccountNotFoundException", "You specified an account that doesn't exist.")
}

pub(super) fn no_unit() -> ServiceError {
    let message = "You specified an organizational unit that doesn't exist.";
    ServiceError::new("OrganizationalUnitNotFoundException", message)
}

pub(super) fn no_parent() -> ServiceError {
    ServiceError::new("ParentNotFoundException", "You specified a parent that doesn't exist.")
}

pub(super) fn no_child() -> ServiceError {
    ServiceError::new("ChildNotFoundException", "You specified a child that doesn't exist.")
}

pub(super) fn no_policy() -> ServiceError {
    ServiceError::new("PolicyNotFoundException", "You specified a policy that doesn't exist.")
}

pub(super) fn no_target() -> ServiceError {
    ServiceError::new("TargetNotFoundException", "You specified a target that doesn't exist.")
}

pub(super) fn no_handshake() -> ServiceError {
    ServiceError::new("HandshakeNotFoundException", "You specified a handshake that doesn't exist.")
}

pub(super) fn type_not_available() -> ServiceError {
    let message = "You can't use the specified policy type with the feature set currently enabled for this organization. \
                   The embedded AWS has service control policies and resource control policies, with all features.";
    ServiceError::new("PolicyTypeNotAvailableForOrganizationException", message)
}

pub(super) fn type_not_enabled() -> ServiceError {
    let message = "This operation can be performed only for enabled policy types.";
    ServiceError::new("PolicyTypeNotEnabledException", message)
}

pub(super) fn type_enabled() -> ServiceError {
    ServiceError::new("PolicyTypeAlreadyEnabledException", "The specified policy type is already enabled.")
}

pub(super) fn management_cannot_leave() -> ServiceError {
    let message = "You can't remove the management account from the organization. Delete the organization instead, when it \
                   has no other account.";
    ServiceError::new("MasterCannotLeaveOrganizationException", message)
}

/// A bound that the request would break; the reason is one of the model's.
pub(super) fn constraint(reason: &'static str, message: impl Into<String>) -> ServiceError {
    ServiceError::new("ConstraintViolationException", message).with_field("Reason", reason)
}

/// The same for handshakes.
pub(super) fn handshake_constraint(reason: &'static str, message: impl Into<String>) -> ServiceError {
    ServiceError::new("HandshakeConstraintViolationException", message).with_field("Reason", reason)
}

/// A value that is none; the reason is one of the model's.
pub(super) fn invalid_input(reason: &'static str, message: impl Into<String>) -> ServiceError {
    ServiceError::new("InvalidInputException", message).with_field("Reason", reason)
}

/// A policy of AWS itself.
pub(super) fn immutable(kind: PolicyType) -> ServiceError {
    let message = format!("You specified a policy that is managed by AWS and can't be modified: {}.", kind.full_id());
    invalid_input("IMMUTABLE_POLICY", message)
}

/// An input that breaks the model's constraints: this service has an error of its own for it.
pub(crate) fn invalid(error: &ValidationError) -> ServiceError {
    let Some(first) = error.violations().first() else { return internal() };
    let (reason, message) = match first.kind {
        ConstraintKind::NotNull => ("INPUT_REQUIRED", "You must include a value for all required parameters."),
        ConstraintKind::MinLength => {
            ("MIN_LENGTH_EXCEEDED", "You provided a string parameter that is shorter than allowed.")
        }
        ConstraintKind::MaxLength => {
            ("MAX_LENGTH_EXCEEDED", "You provided a string parameter that is longer than allowed.")
        }
        ConstraintKind::Min => ("MIN_VALUE_EXCEEDED", "You provided a numeric value that is smaller than allowed."),
        ConstraintKind::Max => ("MAX_VALUE_EXCEEDED", "You provided a numeric value that is larger than allowed."),
        ConstraintKind::Pattern => {
            ("INVALID_PATTERN", "You provided a value that does not match the required pattern.")
        }
        ConstraintKind::Values => ("INVALID_ENUM", "You specified an invalid value."),
        ConstraintKind::Elements => {
            ("INVALID_LIST_MEMBER", "You provided a list to a parameter that contains at least one invalid value.")
        }
    };
    invalid_input(reason, message)
}

pub(super) fn unsupported(what: &str) -> ServiceError {
    let message = format!("{what} is not supported by the embedded AWS.");
    ServiceError::new("UnsupportedOperationException", message)
}

pub(super) fn internal() -> ServiceError {
    let message = "The request processing has failed because of an unknown error.";
    ServiceError::internal("ServiceException", message)
}
