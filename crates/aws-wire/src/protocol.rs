//! The wire protocols, in both directions: what a server reads and answers, what a client writes and reads.
//!
//! Values are [`serde_json::Value`]s in the form of the model: structures and maps are objects, blobs are base64
//! strings, times are seconds since the epoch (with fractions), and a member that is not given is not there,
//! never `null`. Each protocol reads into that form and writes from it, so that a handler need not know which
//! protocol carries it.
//!
//! ```text
//!   client                                              server
//!   encode_request   -- target, headers, body -->   decode_request
//!   decode_response  <-- status, headers, body --   encode_response
//!   decode_error     <-- status, headers, body --   encode_error
//! ```
//!
//! The functions of this module choose the protocol by the model; those of [`aws_json`], [`query`],
//! [`ec2_query`] and [`rest_json`] are each protocol's own.

pub mod aws_json;
pub(crate) mod base64_text;
pub mod ec2_query;
mod error;
pub mod foreign;
pub mod query;
pub mod rest_json;
mod timestamp;

use serde_json::Value;

pub use error::{DecodeError, EncodeError, WireError};

use crate::model::{Operation, Protocol, ServiceModel};

/// What a client sends, but for host and signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedRequest {
    /// `POST`, but for REST.
    pub method: String,
    /// Path and query string, with their escapes; `/`, but for REST.
    pub target: String,
    /// Content type, the operation in awsJson, members in REST.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What a server got, as far as protocols look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received<'a> {
    /// The path, with its escapes; only REST looks at it.
    pub path: &'a str,
    /// The query string behind it, with its escapes; only REST looks at it.
    pub query: &'a str,
    /// The headers; only REST looks at them.
    pub headers: Vec<(&'a str, &'a str)>,
    /// The body.
    pub body: &'a [u8],
}

impl EncodedRequest {
    fn post(headers: Vec<(String, String)>, body: Vec<u8>) -> Self {
        Self { method: "POST".to_owned(), target: "/".to_owned(), headers, body }
    }

    /// The same, as a server gets it.
    #[must_use]
    pub fn received(&self) -> Received<'_> {
        let headers = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Received { headers, ..Received::of(&self.target, &self.body) }
    }
}

impl<'a> Received<'a> {
    /// A request to a target (path and query string), with no headers.
    #[must_use]
    pub fn of(target: &'a str, body: &'a [u8]) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self { path, query, headers: Vec::new(), body }
    }

    fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }
}

/// What a server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedResponse {
    /// The HTTP status.
    pub status: u16,
    /// Content type, request id and, in REST, an error's code.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl EncodedResponse {
    fn new(status: u16, content_type: &str, request_id: &str, body: Vec<u8>) -> Self {
        let headers = vec![("x-amzn-RequestId", request_id.to_owned()), ("content-type", content_type.to_owned())];
        Self { status, headers, body }
    }
}

/// Reads the input of `operation` from a request.
///
/// # Errors
/// When the body is not of the protocol's form, or a member not of its shape's type. Constraints are checked by
/// [`validate::input`](crate::validate::input), afterwards, as AWS does.
pub fn decode_request(
    model: &ServiceModel,
    operation: &Operation,
    request: &Received<'_>,
) -> Result<Value, DecodeError> {
    match model.metadata().protocol {
        Protocol::AwsJson1_0 | Protocol::AwsJson1_1 => aws_json::decode_request(model, operation, request.body),
        Protocol::Query | Protocol::Ec2Query => query::decode_request(model, operation, request.body),
        Protocol::RestJson1 => rest_json::decode_request(model, operation, request),
    }
}

/// Writes the answer of `operation`.
///
/// # Errors
/// When `output` is not of the operation's output shape: a mistake of the server.
pub fn encode_response(
    model: &ServiceModel,
    operation: &Operation,
    output: &Value,
    request_id: &str,
) -> Result<EncodedResponse, EncodeError> {
    match model.metadata().protocol {
        Protocol::AwsJson1_0 | Protocol::AwsJson1_1 => aws_json::encode_response(model, operation, output, request_id),
        Protocol::Query => query::encode_response(model, operation, output, request_id),
        Protocol::RestJson1 => rest_json::encode_response(model, operation, output, request_id),
        Protocol::Ec2Query => ec2_query::encode_response(model, operation, output, request_id),
    }
}

/// Writes an error.
#[must_use]
pub fn encode_error(model: &ServiceModel, error: &WireError, request_id: &str) -> EncodedResponse {
    match model.metadata().protocol {
        Protocol::AwsJson1_0 | Protocol::AwsJson1_1 => aws_json::encode_error(model, error, request_id),
        Protocol::Query => query::encode_error(model, error, request_id),
        Protocol::RestJson1 => rest_json::encode_error(error, request_id),
        Protocol::Ec2Query => ec2_query::encode_error(error, request_id),
    }
}

/// Writes a request for `operation`.
///
/// # Errors
/// When `input` is not of the operation's input shape: a mistake of the caller.
pub fn encode_request(
    model: &ServiceModel,
    operation: &Operation,
    input: &Value,
) -> Result<EncodedRequest, EncodeError> {
    match model.metadata().protocol {
        Protocol::AwsJson1_0 | Protocol::AwsJson1_1 => aws_json::encode_request(model, operation, input),
        Protocol::Query | Protocol::Ec2Query => query::encode_request(model, operation, input),
        Protocol::RestJson1 => rest_json::encode_request(model, operation, input),
    }
}

/// Reads the answer of `operation` from the body of a successful response.
///
/// # Errors
/// As for [`decode_request`].
pub fn decode_response(model: &ServiceModel, operation: &Operation, body: &[u8]) -> Result<Value, DecodeError> {
    match model.metadata().protocol {
        Protocol::AwsJson1_0 | Protocol::AwsJson1_1 | Protocol::RestJson1 => {
            aws_json::decode_response(model, operation, body)
        }
        Protocol::Query => query::decode_response(model, operation, body),
        Protocol::Ec2Query => ec2_query::decode_response(model, operation, body),
    }
}

/// Reads the error in a response with that status. `kind` is what its header `x-amzn-ErrorType` says. A body that is no
/// error of the protocol (a proxy's page, say) gives an error whose code is the status.
#[must_use]
pub fn decode_error(model: &ServiceModel, status: u16, kind: Option<&str>, body: &[u8]) -> WireError {
    match model.metadata().protocol {
        Protocol::AwsJson1_0 | Protocol::AwsJson1_1 | Protocol::RestJson1 => aws_json::decode_error(status, kind, body),
        Protocol::Query | Protocol::Ec2Query => query::decode_error(status, body),
    }
}
