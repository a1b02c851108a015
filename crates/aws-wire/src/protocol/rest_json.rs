//! restJson1: method and path name the operation; of an input's members some stand in the path, in the query string and
//! in headers, and the others make a JSON document. Answers are a JSON document; an error has its code in a header.
//!
//! Source: Smithy 2.0, "AWS restJson1 protocol" and "HTTP binding traits".

mod text;

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use super::{
    DecodeError, EncodeError, EncodedRequest, EncodedResponse, Received, WireError, aws_json, error, query::unescape,
};
use crate::model::{Kind, Location, Member, Operation, ServiceModel, Structure};

/// What needs an escape in a path's label and in a query string: all but RFC 3986's unreserved characters.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

const CONTENT_TYPE: &str = "application/json";

/// Reads the input of `operation`, its document as leniently as awsJson's.
///
/// # Errors
/// See [`super::decode_request`].
pub fn decode_request(
    model: &ServiceModel,
    operation: &Operation,
    request: &Received<'_>,
) -> Result<Value, DecodeError> {
    let Some(shape) = operation.input() else { return Ok(Value::Object(Map::new())) };
    let Kind::Structure(structure) = &model.shape(shape).kind else { return Ok(Value::Object(Map::new())) };
    let mut input = match (structure.payload, request.body.is_empty()) {
        (_, true) => Map::new(),
        (None, false) => object(aws_json::decode::document(model, shape, request.body)?),
        (Some(payload), false) => {
            let document = aws_json::decode::document(model, payload, request.body)?;
            let member = structure.members.iter().find(|member| member.location == Location::Payload);
            member.map(|member| (member.name.clone(), document)).into_iter().collect()
        }
    };
    let labels = operation.http().labels(request.path).unwrap_or_default();
    let query = pairs(request.query)?;
    for member in &structure.members {
        let value = match member.location {
            Location::Body | Location::Payload => continue,
            Location::Label => {
                let label = labels.iter().find(|(name, _)| *name == member.wire_name);
                label.map(|(_, text)| text::read(model, member, text)).transpose()?
            }
            Location::Query => from_query(model, member, &query, structure)?,
            Location::Header => {
                request.header(&member.wire_name).map(|text| text::read(model, member, text)).transpose()?
            }
        };
        if let Some(value) = value {
            input.insert(member.name.clone(), value);
        }
    }
    Ok(Value::Object(input))
}

/// Writes a request for `operation`.
///
/// # Errors
/// See [`super::encode_request`]; also when a member that stands in the path is not given or empty.
pub fn encode_request(
    model: &ServiceModel,
    operation: &Operation,
    input: &Value,
) -> Result<EncodedRequest, EncodeError> {
    let shape = operation.input().map(|shape| model.shape(shape));
    let structure = match shape.map(|shape| &shape.kind) {
        Some(Kind::Structure(structure)) => Some(structure),
        _ => None,
    };
    let members = || structure.into_iter().flat_map(|structure| &structure.members);
    let given = |member: &Member| input.get(&member.name).filter(|value| !value.is_null());

    let escape = |text: &str| utf8_percent_encode(text, ESCAPED).to_string();
    let label = |name: &str| {
        let member = members().find(|member| member.location == Location::Label && member.wire_name == name)?;
        text::write(model, member, given(member)?).ok().map(Cow::Owned)
    };
    let path = operation.http().path(label, escape);
    let mut target = path.ok_or_else(|| EncodeError(format!("a label of {}'s path has no text", operation.name())))?;

    let mut headers = Vec::new();
    let mut separator = '?';
    for member in members() {
        let Some(value) = given(member) else { continue };
        match member.location {
            Location::Query => {
                for (name, text) in to_query(model, member, value)? {
                    target.push(separator);
                    target.extend([escape(&name), "=".to_owned(), escape(&text)]);
                    separator = '&';
                }
            }
            Location::Header => headers.push((member.wire_name.clone(), text::write(model, member, value)?)),
            Location::Body | Location::Payload | Location::Label => {}
        }
    }
    let body = match (operation.input(), structure) {
        (Some(shape), Some(structure)) => document(model, shape, structure, input)?,
        _ => Vec::new(),
    };
    if !body.is_empty() {
        headers.push(("content-type".to_owned(), CONTENT_TYPE.to_owned()));
    }
    Ok(EncodedRequest { method: operation.http().method().to_owned(), target, headers, body })
}

/// The document; nothing where no member could stand in it.
fn document(
    model: &ServiceModel,
    shape: crate::model::ShapeRef,
    structure: &Structure,
    input: &Value,
) -> Result<Vec<u8>, EncodeError> {
    let is_in = |location| structure.members.iter().find(|member| member.location == location);
    if let (Some(payload), Some(member)) = (structure.payload, is_in(Location::Payload)) {
        return input
            .get(&member.name)
            .map_or(Ok(Vec::new()), |value| aws_json::encode::document(model, payload, value));
    }
    // Checked for members that nobody knows, too.
    let document = aws_json::encode::document(model, shape, input)?;
    Ok(if is_in(Location::Body).is_some() { document } else { Vec::new() })
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
    let body =
        operation.output().map_or_else(|| Ok(Vec::new()), |shape| aws_json::encode::document(model, shape, output));
    Ok(EncodedResponse::new(200, CONTENT_TYPE, request_id, body?))
}

/// Writes an error: the code in `x-amzn-ErrorType`, the message and the other members in the document.
#[must_use]
pub fn encode_error(error: &WireError, request_id: &str) -> EncodedResponse {
    let mut document = error.fields.clone();
    if !error.message.is_empty() {
        document.insert("message".to_owned(), error.message.as_str().into());
    }
    let body = Value::Object(document).to_string().into_bytes();
    let mut response = EncodedResponse::new(error.http_status, CONTENT_TYPE, request_id, body);
    response.headers.push((error::TYPE_HEADER, error.code.as_ref().to_owned()));
    response
}

fn from_query(
    model: &ServiceModel,
    member: &Member,
    query: &[(Cow<'_, str>, Cow<'_, str>)],
    structure: &Structure,
) -> Result<Option<Value>, DecodeError> {
    let mut under = query.iter().filter(|(name, _)| *name == member.wire_name).map(|(_, text)| text);
    match &model.shape(member.shape).kind {
        Kind::List(list) => {
            let texts = under.map(|text| text::of_shape(model, list.element, member.location, text));
            let elements: Vec<Value> = texts.collect::<Result<_, _>>()?;
            Ok((!elements.is_empty()).then_some(Value::Array(elements)))
        }
        Kind::Map(map) => {
            // What no other member is named by.
            let is_free = |name: &str| structure.members.iter().all(|other| other.wire_name != name);
            let mut entries = Map::new();
            for (name, text) in query.iter().filter(|(name, _)| is_free(name)) {
                let value = text::of_shape(model, map.value, member.location, text)?;
                if entries.insert(name.clone().into_owned(), value).is_some() {
                    return Err(given_twice());
                }
            }
            Ok((!entries.is_empty()).then_some(Value::Object(entries)))
        }
        _ => {
            let (first, second) = (under.next(), under.next());
            if second.is_some() {
                return Err(given_twice());
            }
            first.map(|text| text::read(model, member, text)).transpose()
        }
    }
}

fn to_query(model: &ServiceModel, member: &Member, value: &Value) -> Result<Vec<(String, String)>, EncodeError> {
    let text = |shape, value| text::to_shape(model, shape, member.location, value);
    match (&model.shape(member.shape).kind, value) {
        (Kind::List(list), Value::Array(elements)) => {
            elements.iter().map(|element| Ok((member.wire_name.clone(), text(list.element, element)?))).collect()
        }
        (Kind::Map(map), Value::Object(entries)) => {
            entries.iter().map(|(name, value)| Ok((name.clone(), text(map.value, value)?))).collect()
        }
        _ => Ok(vec![(member.wire_name.clone(), text(member.shape, value)?)]),
    }
}

/// A name and a value.
type Pair<'q> = (Cow<'q, str>, Cow<'q, str>);

/// The names and values of a query string, in their order.
fn pairs(query: &str) -> Result<Vec<Pair<'_>>, DecodeError> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let read = pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Ok((unescape(name.as_bytes())?, unescape(value.as_bytes())?))
    });
    read.collect()
}

fn object(document: Value) -> Map<String, Value> {
    match document {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn given_twice() -> DecodeError {
    DecodeError::Malformed("a parameter is given twice".into())
}
