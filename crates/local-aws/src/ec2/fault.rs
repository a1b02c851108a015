//! EC2's errors.
//!
//! Sources: Amazon EC2 API Reference, "Error codes"; the texts are those that people quote of AWS's answers, ours where
//! nobody does.

use crate::ServiceError;

pub(super) fn internal() -> ServiceError {
    ServiceError::internal("InternalError", "An internal error has occurred")
}

pub(super) fn dry_run() -> ServiceError {
    ServiceError::new("DryRunOperation", "Request would have succeeded, but DryRun flag is set.").with_status(412)
}

/// A denial, in the words that name who is denied what. EC2 begins so whatever the action; of its own ones the words do, too.
pub(super) fn unauthorized(why: &str, encoded: Option<&str>) -> ServiceError {
    const BEGINNING: &str = "You are not authorized to perform this operation. ";
    let why = why.strip_prefix(BEGINNING).unwrap_or(why);
    let encoded = encoded.map(|text| format!(" Encoded authorization failure message: {text}")).unwrap_or_default();
    let message = format!("{BEGINNING}{why}{encoded}");
    ServiceError::new("UnauthorizedOperation", message).with_status(403)
}

/// Something of another account that it keeps to itself.
pub(super) fn not_authorized_for(what: &str, id: &str) -> ServiceError {
    ServiceError::new("AuthFailure", format!("Not authorized for {what}: [{id}]")).with_status(403)
}

/// What is not there, or malformed. EC2 has a code for each kind.
pub(super) fn not_found(id: &str) -> ServiceError {
    let (code, message) = match id.split_once('-').map_or("", |(prefix, _)| prefix) {
        "i" => ("InvalidInstanceID.NotFound", format!("The instance ID '{id}' does not exist")),
        "ami" => ("InvalidAMIID.NotFound", format!("The image id '[{id}]' does not exist")),
        "snap" => ("InvalidSnapshot.NotFound", format!("The snapshot '{id}' does not exist.")),
        "vol" => ("InvalidVolume.NotFound", format!("The volume '{id}' does not exist.")),
        "subnet" => ("InvalidSubnetID.NotFound", format!("The subnet ID '{id}' does not exist")),
        "sg" => ("InvalidGroup.NotFound", format!("The security group '{id}' does not exist")),
        "vpc" => ("InvalidVpcID.NotFound", format!("The vpc ID '{id}' does not exist")),
        "fleet" => ("InvalidFleetId.NotFound", format!("The fleet ID '{id}' does not exist")),
        "sir" => {
            ("InvalidSpotInstanceRequestID.NotFound", format!("The spot instance request ID '{id}' does not exist"))
        }
        "lt" => (
            "InvalidLaunchTemplateId.NotFound",
            format!("The specified launch template, with template ID {id}, does not exist."),
        ),
        _ => ("InvalidID", format!("The ID '{id}' is not valid")),
    };
    ServiceError::new(code, message)
}

pub(super) fn no_template(name: &str) -> ServiceError {
    let message = format!("The specified launch template, with template name {name}, does not exist.");
    ServiceError::new("InvalidLaunchTemplateName.NotFoundException", message)
}

pub(super) fn no_version(id: &str, version: &str) -> ServiceError {
    let message = format!("Could not find the specified version {version} for the launch template with ID {id}.");
    ServiceError::new("InvalidLaunchTemplateId.VersionNotFound", message)
}

/// A client's token that came with something else before.
pub(super) fn other_parameters(token: &str) -> ServiceError {
    let message = format!(
        "Arguments on this idempotent request are inconsistent with arguments used in previous request(s) with the token {token}."
    );
    ServiceError::new("IdempotentParameterMismatch", message)
}

pub(super) fn missing(parameter: &str) -> ServiceError {
    ServiceError::new("MissingParameter", format!("The request must contain the parameter {parameter}"))
}

pub(super) fn invalid(message: impl Into<String>) -> ServiceError {
    ServiceError::new("InvalidParameterValue", message)
}

pub(super) fn combination(message: impl Into<String>) -> ServiceError {
    ServiceError::new("InvalidParameterCombination", message)
}

pub(super) fn unsupported(message: impl Into<String>) -> ServiceError {
    ServiceError::new("UnsupportedOperation", message)
}
