//! Query: form parameters in, XML out.
//!
//! A request is `Action=AssumeRole&Version=2011-06-15&RoleArn=...&Tags.member.1.Key=...`; an answer is
//! `<AssumeRoleResponse xmlns=".."><AssumeRoleResult>..</AssumeRoleResult><ResponseMetadata>..`.

mod decode;
mod form;
mod reader;
mod writer;
pub(super) mod xml;

use std::convert::Infallible;

use serde_json::{Map, Value};

pub use form::Form;
pub(super) use form::unescape;

use super::{DecodeError, EncodeError, EncodedRequest, EncodedResponse, WireError};
use crate::model::{Operation, ServiceModel, ShapeRef};
use xml::XmlWriter;

/// What every answer is, errors too.
const CONTENT_TYPE: &str = "text/xml";

/// Reads the input of `operation` from a form body or a query string. Parameters that the model does not know
/// are ignored (a presigned request's signature is among them); one given twice is refused.
///
/// # Errors
/// See [`super::decode_request`].
pub fn decode_request(model: &ServiceModel, operation: &Operation, form: &[u8]) -> Result<Value, DecodeError> {
    let form = Form::parse(form)?;
    decode_form(model, operation, &form)
}

/// The same, from a form that is parsed already (its `Action` chose the operation).
///
/// # Errors
/// See [`super::decode_request`].
pub fn decode_form(model: &ServiceModel, operation: &Operation, form: &Form<'_>) -> Result<Value, DecodeError> {
    operation.input().map_or_else(|| Ok(Value::Object(Map::new())), |shape| decode::input(model, shape, form))
}

/// Writes a request for `operation`.
///
/// # Errors
/// See [`super::encode_request`].
pub fn encode_request(
    model: &ServiceModel,
    operation: &Operation,
    input: &Value,
) -> Result<EncodedRequest, EncodeError> {
    let mut form = form::FormWriter::default();
    form.push("Action", operation.name());
    form.push("Version", &model.metadata().api_version);
    if let Some(shape) = operation.input() {
        writer::form(model, shape, input, &mut form)?;
    }
    let headers = vec![("content-type".to_owned(), "application/x-www-form-urlencoded; charset=utf-8".to_owned())];
    Ok(EncodedRequest::post(headers, form.finish()))
}

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
    let body = XmlWriter::document(&format!("{}Response", operation.name()), namespace(model), |xml| {
        if let Some(shape) = operation.output() {
            xml.nested(operation.result_wrapper(), |xml| writer::xml(model, shape, output, xml))?;
        }
        xml.nested(Some("ResponseMetadata"), |xml| {
            xml.element("RequestId", request_id);
            Ok(())
        })
    })?;
    Ok(EncodedResponse::new(200, CONTENT_TYPE, request_id, body))
}

/// Writes an error: `<ErrorResponse><Error><Type>Sender</Type><Code>..</Code><Message>..</Message></Error>`.
#[must_use]
pub fn encode_error(model: &ServiceModel, error: &WireError, request_id: &str) -> EncodedResponse {
    let Ok(body): Result<_, Infallible> = XmlWriter::document("ErrorResponse", namespace(model), |xml| {
        xml.nested(Some("Error"), |xml| {
            xml.element("Type", if is_of_sender(model, error) { "Sender" } else { "Receiver" });
            xml.element("Code", &error.code);
            if !error.message.is_empty() {
                xml.element("Message", &error.message);
            }
            for (name, value) in &error.fields {
                xml.element(name, value.as_str().unwrap_or(&value.to_string()));
            }
            Ok::<(), Infallible>(())
        })?;
        xml.element("RequestId", request_id);
        Ok(())
    });
    EncodedResponse::new(error.http_status, CONTENT_TYPE, request_id, body)
}

/// Reads the answer of `operation`.
///
/// # Errors
/// See [`super::decode_response`].
pub fn decode_response(model: &ServiceModel, operation: &Operation, body: &[u8]) -> Result<Value, DecodeError> {
    let Some(shape) = operation.output() else { return Ok(Value::Object(Map::new())) };
    let root = reader::parse(body)?;
    let result = match operation.result_wrapper() {
        Some(wrapper) => root
            .child(wrapper)
            .ok_or_else(|| DecodeError::Malformed(format!("the answer has no `{wrapper}`").into()))?,
        None => &root,
    };
    reader::value(model, model.shape(shape), result)
}

/// Writes the members of a structure, as they stand in the answers of both forms of Query.
pub(super) fn write_members(
    model: &ServiceModel,
    shape: ShapeRef,
    value: &Value,
    xml: &mut XmlWriter,
) -> Result<(), EncodeError> {
    writer::xml(model, shape, value, xml)
}

/// Reads a structure whose members are the children of the document's element.
pub(super) fn read_members(model: &ServiceModel, shape: ShapeRef, body: &[u8]) -> Result<Value, DecodeError> {
    reader::value(model, model.shape(shape), &reader::parse(body)?)
}

/// Reads an error.
#[must_use]
pub fn decode_error(status: u16, body: &[u8]) -> WireError {
    let root = reader::parse(body).ok();
    // Some services wrap the error once more, in `Errors`.
    let error = root
        .as_ref()
        .and_then(|root| root.child("Error").or_else(|| root.child("Errors").and_then(|errors| errors.child("Error"))));
    let text = |name: &str| error.and_then(|error| error.child(name)).map(|child| child.text().to_owned());
    let mut fields = Map::new();
    for child in error.iter().flat_map(|error| error.children()) {
        if !matches!(child.name(), "Type" | "Code" | "Message") {
            fields.insert(child.name().to_owned(), child.text().into());
        }
    }
    WireError {
        code: text("Code").filter(|code| !code.is_empty()).unwrap_or_else(|| status.to_string()).into(),
        message: text("Message").unwrap_or_default(),
        http_status: status,
        fields,
    }
}

pub(super) fn namespace(model: &ServiceModel) -> &str {
    model.metadata().xml_namespace.as_deref().unwrap_or_default()
}

/// Whose fault it is, as the model declares it: Auto Scaling's `ResourceContention` is the caller's, with status 500. Of an
/// error that no operation declares, the status says it.
fn is_of_sender(model: &ServiceModel, error: &WireError) -> bool {
    let mut declared = model.operations().flat_map(Operation::errors);
    declared
        .find(|declared| declared.code == error.code)
        .map_or(error.http_status < 500, |declared| declared.sender_fault)
}
