//! EC2's own form of Query: the same form parameters, with names and lists of its own, and XML out that is wrapped
//! otherwise.
//!
//! A request is `Action=CreateTags&Version=2016-11-15&ResourceId.1=vol-..&Tag.1.Key=..`; an answer is
//! `<CreateTagsResponse xmlns=".."><requestId>..</requestId><return>true</return>..`, its lists are `<tagSet><item>..`.
//! Requests and errors are read and written by [`query`](super::query), which knows the names from the model.
//!
//! Source: Smithy 2.0, "AWS EC2 query protocol".

use std::convert::Infallible;

use serde_json::{Map, Value};

use super::{
    DecodeError, EncodeError, EncodedResponse, WireError,
    query::{self, xml::XmlWriter},
};
use crate::model::{Operation, ServiceModel};

/// What every answer is, errors too.
const CONTENT_TYPE: &str = "text/xml;charset=UTF-8";

/// Writes the answer of `operation`.
///
/// # Errors
/// See [`super::encode_response`].
pub fn encode_response(
    model: &ServiceModel,
    operation: &Operation,
    output: &Value,
    request_id: &str,
) -> Result<EncodedResponse, EncodeError> {
    let name = format!("{}Response", operation.name());
    let body = XmlWriter::document(&name, query::namespace(model), |xml| {
        xml.element("requestId", request_id);
        match operation.output() {
            Some(shape) => query::write_members(model, shape, output, xml),
            // EC2 says so where it has nothing else to say.
            None => {
                xml.element("return", "true");
                Ok(())
            }
        }
    })?;
    Ok(EncodedResponse::new(200, CONTENT_TYPE, request_id, body))
}

/// Writes an error: `<Response><Errors><Error><Code>..</Code><Message>..</Message></Error></Errors><RequestID>..`.
#[must_use]
pub fn encode_error(error: &WireError, request_id: &str) -> EncodedResponse {
    let mut xml = XmlWriter::default();
    let Ok(()): Result<_, Infallible> = xml.nested(Some("Response"), |xml| {
        xml.nested(Some("Errors"), |xml| {
            xml.nested(Some("Error"), |xml| {
                xml.element("Code", &error.code);
                xml.element("Message", &error.message);
                Ok::<(), Infallible>(())
            })
        })?;
        xml.element("RequestID", request_id);
        Ok(())
    });
    EncodedResponse::new(error.http_status, CONTENT_TYPE, request_id, xml.into_bytes())
}

/// Reads the answer of `operation`.
///
/// # Errors
/// See [`super::decode_response`].
pub fn decode_response(model: &ServiceModel, operation: &Operation, body: &[u8]) -> Result<Value, DecodeError> {
    match operation.output() {
        Some(shape) => query::read_members(model, shape, body),
        None => Ok(Value::Object(Map::new())),
    }
}
