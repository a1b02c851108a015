//! Errors on the wire, and the two ways in which putting something on it or taking something off it can fail.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::model::{Protocol, Shape, Structure};

/// The header that has an error's code; restJson1's, and awsJson's, too.
pub(super) const TYPE_HEADER: &str = "x-amzn-ErrorType";

/// An error as a service answers it.
#[derive(Debug, Clone, PartialEq)]
pub struct WireError {
    /// AWS's code, for example `NotFoundException`.
    pub code: Cow<'static, str>,
    /// AWS's message; empty: the answer has none.
    pub message: String,
    /// The HTTP status: below 500 the caller is at fault.
    pub http_status: u16,
    /// Members of the error beside its message.
    pub fields: Map<String, Value>,
}

impl WireError {
    /// An error of the caller, status 400, with no members but its message.
    #[must_use]
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), http_status: 400, fields: Map::new() }
    }

    /// The same error with another status.
    #[must_use]
    pub fn with_status(self, http_status: u16) -> Self {
        Self { http_status, ..self }
    }
}

/// Why bytes are not what an operation takes or answers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes are not of the protocol's form. AWS says no more than that to the caller.
    #[error("the body is not well-formed: {0}")]
    Malformed(Cow<'static, str>),
    /// A value is not of its shape's type; in AWS's words, which never show the value.
    #[error("{0}")]
    Type(Cow<'static, str>),
}

impl DecodeError {
    /// What AWS answers to it.
    ///
    /// JSON: `SerializationException`, with no message for a malformed body (measured on Athena, which shares
    /// the framework, in athena-local's `docs` of 2026-09). Query: `MalformedInput`. EC2: Amazon EC2 API Reference, "Error
    /// codes".
    #[must_use]
    pub fn into_wire(self, protocol: Protocol) -> WireError {
        let (code, message) = match (protocol, self) {
            (Protocol::Query, Self::Malformed(message) | Self::Type(message)) => ("MalformedInput", message),
            (Protocol::Ec2Query, Self::Malformed(message)) => ("InvalidQueryParameter", message),
            (Protocol::Ec2Query, Self::Type(message)) => ("InvalidParameterValue", message),
            (_, Self::Malformed(_)) => ("SerializationException", "".into()),
            (_, Self::Type(message)) => ("SerializationException", message),
        };
        WireError::new(code, message)
    }
}

/// Why a value cannot be put on the wire: it is not of the shape that the model says. A mistake of this program,
/// not of its peer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EncodeError(pub(super) String);

/// What is wrong with a value that is not of its shape's type; the value itself is not shown.
pub(super) fn wrong_type(shape: &Shape, value: &Value) -> String {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    format!("{found} cannot be written as the shape `{}`", shape.name)
}

/// What is wrong with an object that has more members than its structure.
pub(super) fn unknown_member(shape: &Shape, structure: &Structure, object: &Map<String, Value>) -> String {
    let known = |name: &str| structure.members.iter().any(|member| member.name == name);
    let unknown = object.keys().find(|name| !known(name)).map_or("", String::as_str);
    format!("the structure `{}` has no member `{unknown}`", shape.name)
}
