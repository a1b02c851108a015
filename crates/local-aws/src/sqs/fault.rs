//! SQS's errors.
//!
//! Sources: Amazon SQS API Reference, "Errors" of each operation and "Common errors"; the texts are those that people quote of AWS's
//! answers, ours where nobody does.

use aws_wire::{model::Operation, validate::ValidationError};

use crate::ServiceError;

/// An input that breaks the model's constraints: of attributes it names the known ones, and otherwise what must be there.
pub(crate) fn invalid(error: &ValidationError, operation: &Operation) -> ServiceError {
    let text = error.to_string();
    let is_of_set = text.contains("enum value set") && operation.error("InvalidAttributeName").is_some();
    ServiceError::new(if is_of_set { "InvalidAttributeName" } else { "InvalidParameterValue" }, text)
}

pub(super) fn no_queue() -> ServiceError {
    ServiceError::new("QueueDoesNotExist", "The specified queue does not exist.")
}

pub(super) fn invalid_address(url: &str) -> ServiceError {
    ServiceError::new("InvalidAddress", format!("The address {url} is not valid for this endpoint."))
}

pub(super) fn invalid_value(name: &str, why: &str) -> ServiceError {
    ServiceError::new("InvalidAttributeValue", format!("Invalid value for the parameter {name}.{why}"))
}

pub(super) fn invalid_parameter(value: impl std::fmt::Display, name: &str, why: &str) -> ServiceError {
    let message = format!("Value {value} for parameter {name} is invalid. Reason: {why}");
    ServiceError::new("InvalidParameterValue", message)
}

pub(super) fn unsupported(message: impl Into<String>) -> ServiceError {
    ServiceError::new("UnsupportedOperation", message)
}

pub(super) fn invalid_receipt(receipt: &str) -> ServiceError {
    ServiceError::new(
        "ReceiptHandleIsInvalid",
        format!("The input receipt handle \"{receipt}\" is not a valid receipt handle."),
    )
}

pub(super) fn internal() -> ServiceError {
    ServiceError::internal("InternalFailure", "The request processing has failed because of an unknown error.")
}
