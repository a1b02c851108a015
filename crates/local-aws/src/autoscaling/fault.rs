//! Auto Scaling's errors.
//!
//! Sources: Amazon EC2 Auto Scaling API Reference, "Common Errors" and those of each operation; the texts are those that
//! people quote of AWS's answers, ours where nobody does.

use crate::ServiceError;

pub(super) fn internal() -> ServiceError {
    ServiceError::internal("InternalFailure", "The request processing has failed because of an unknown error.")
}

pub(super) fn unsupported(operation: &str) -> ServiceError {
    validation(format!("{operation} is not supported by the embedded AWS."))
}

pub(super) fn absent(member: &str) -> ServiceError {
    validation(format!("The embedded AWS does not have what {member} asks for."))
}

pub(super) fn validation(message: impl Into<String>) -> ServiceError {
    ServiceError::new("ValidationError", message)
}

pub(super) fn no_group(name: &str) -> ServiceError {
    validation(format!("AutoScalingGroup name not found - AutoScalingGroup {name} not found"))
}

pub(super) fn group_exists(name: &str) -> ServiceError {
    let message = format!("AutoScalingGroup by this name already exists - A group with the name {name} already exists");
    ServiceError::new("AlreadyExists", message)
}

pub(super) fn no_instance(id: &str) -> ServiceError {
    validation(format!("Instance Id not found - No managed instance found for instance ID: {id}"))
}

pub(super) fn in_progress(activity: &str) -> ServiceError {
    let message = format!("Scaling activity {activity} is in progress and blocks this action");
    ServiceError::new("ScalingActivityInProgress", message)
}

pub(super) fn activities_in_progress() -> ServiceError {
    let message =
        "You cannot delete an AutoScalingGroup while there are scaling activities in progress for that group.";
    ServiceError::new("ScalingActivityInProgress", message)
}

pub(super) fn has_instances() -> ServiceError {
    let message = "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.";
    ServiceError::new("ResourceInUse", message)
}

pub(super) fn limit(message: impl Into<String>) -> ServiceError {
    ServiceError::new("LimitExceeded", message)
}

pub(super) fn next_token(token: &str) -> ServiceError {
    ServiceError::new("InvalidNextToken", format!("The NextToken value '{token}' is not valid."))
}

pub(super) fn max_records(asked: i64, most: usize) -> ServiceError {
    let bound =
        if asked < 1 { "greater than or equal to 1".to_owned() } else { format!("less than or equal to {most}") };
    validation(format!(
        "1 validation error detected: Value '{asked}' at 'maxRecords' failed to satisfy constraint: Member must have value {bound}"
    ))
}

/// What EC2 says of what a group would launch, to who would make the group so.
pub(super) fn template(refused: &ServiceError, named: &str) -> ServiceError {
    match refused.code() {
        "UnauthorizedOperation" => {
            let message = format!("You are not authorized to use launch template: {named}");
            ServiceError::new("AccessDenied", message).with_status(403)
        }
        _ => validation(format!("You must use a valid fully-formed launch template. {}", refused.message())),
    }
}

/// IAM does not let the caller have the service-linked role made.
pub(super) fn role_not_made(refused: &ServiceError) -> ServiceError {
    let message = format!(
        "The default Service-Linked Role for Auto Scaling could not be created. \
         com.amazonaws.services.identitymanagement.model.AmazonIdentityManagementException: {}",
        refused.message()
    );
    ServiceError::new("AccessDenied", message).with_status(403)
}
