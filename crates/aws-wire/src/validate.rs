//! Validation of inputs against the model, with AWS's own messages.
//!
//! ```text
//!   2 validation errors detected: Value '' at 'keyId' failed to satisfy constraint: Member must have length
//!   greater than or equal to 1; Value null at 'policy' failed to satisfy constraint: Member must not be null
//! ```
//!
//! What is known of the messages, and from where: the forms for single members from AWS's answers recorded by
//! localstack (`tests/aws/services/kms/test_kms.snapshot.json`) and by floci's KMS tests; those for elements of
//! lists and for maps from answers of Lambda, CloudFormation and DynamoDB, which share the framework. Values of
//! blobs and of sensitive members are left out (`Value at 'plaintext' failed ..`). The order is that of the
//! members in the model; at most ten are told, as kinesalite found of AWS.

mod constraint;
pub(crate) mod pattern;
mod walk;

use std::fmt;

use serde_json::Value;

use crate::model::{Kind, Operation, Protocol, ServiceModel};
use crate::protocol::WireError;

/// Checks a decoded input: required members, lengths, ranges, patterns, enumerations; in nested members too.
///
/// # Errors
/// With everything that is wrong, in AWS's words.
pub fn input(model: &ServiceModel, operation: &Operation, input: &Value) -> Result<(), ValidationError> {
    let Some(shape) = operation.input() else { return Ok(()) };
    let shape = model.shape(shape);
    let Kind::Structure(structure) = &shape.kind else { return Ok(()) };
    let violations = walk::structure(model, structure, shape.sensitive, input);
    if violations.is_empty() { Ok(()) } else { Err(ValidationError { violations }) }
}

/// What is wrong with an input; its `Display` is AWS's message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidationError {
    violations: Vec<Violation>,
}

impl ValidationError {
    /// What is wrong, in order; at least one.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// The same with no value told, for services that tell none.
    #[must_use]
    pub fn without_values(mut self) -> Self {
        for violation in &mut self.violations {
            violation.shown = None;
        }
        self
    }

    /// What AWS answers to it: `ValidationException` in JSON, `ValidationError` in Query; in EC2 what it has for the
    /// first of the violations.
    ///
    /// Source: Amazon EC2 API Reference, "Error codes" > "Client errors" (`MissingParameter`, `InvalidParameterValue`).
    #[must_use]
    pub fn into_wire(self, protocol: Protocol) -> WireError {
        let code = match (protocol, self.violations.first()) {
            (Protocol::AwsJson1_0 | Protocol::AwsJson1_1 | Protocol::RestJson1, _) => "ValidationException",
            (Protocol::Query, _) => "ValidationError",
            (Protocol::Ec2Query, Some(Violation { kind: ConstraintKind::NotNull, path, .. })) => {
                let mut path = path.chars();
                let first = path.next().map(|first| first.to_ascii_uppercase());
                let name: String = first.into_iter().chain(path).collect();
                return WireError::new("MissingParameter", format!("The request must contain the parameter {name}"));
            }
            (Protocol::Ec2Query, _) => "InvalidParameterValue",
        };
        WireError::new(code, self.to_string())
    }
}

impl fmt::Display for ValidationError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.violations.len();
        let plural = if count == 1 { "" } else { "s" };
        write!(formatter, "{count} validation error{plural} detected: ")?;
        for (at, violation) in self.violations.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(formatter, "{separator}{violation}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ValidationError {}

/// One constraint that one member does not satisfy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where, for example `tags.1.member.tagKey`.
    pub path: String,
    /// The value as the message shows it; `None`: it is not to be shown.
    pub shown: Option<String>,
    /// What was asked of it.
    pub constraint: String,
    /// What kind of constraint that is.
    pub kind: ConstraintKind,
}

/// A kind of constraint that a model puts on a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConstraintKind {
    /// That it is there.
    NotNull,
    /// The least length.
    MinLength,
    /// The greatest length.
    MaxLength,
    /// The least number.
    Min,
    /// The greatest number.
    Max,
    /// A regular expression.
    Pattern,
    /// An enumeration.
    Values,
    /// Whatever is asked of the elements of a list, or of the keys or values of a map.
    Elements,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Value ")?;
        if let Some(shown) = &self.shown {
            write!(formatter, "{shown} ")?;
        }
        write!(formatter, "at '{}' failed to satisfy constraint: {}", self.path, self.constraint)
    }
}
