//! awsJson 1.0 and 1.1: one JSON document each way, the operation in `X-Amz-Target`, the request id in a header.

pub(super) mod decode;
pub(super) mod encode;

use serde_json::{Map, Value};

use super::{DecodeError, EncodeError, EncodedRequest, EncodedResponse, WireError};
use crate::model::{Kind, Operation, Protocol, ServiceModel, Shape, ShapeRef};

/// Reads the input of `operation`.
///
/// As on AWS, members that the model does not know are ignored, `null` is as good as absent, and a decimal where
/// a whole number belongs loses its fraction. Unlike most of AWS, a member given twice is refused: nobody should
/// have to guess which one was meant.
///
/// # Errors
/// See [`super::decode_request`].
pub fn decode_request(model: &ServiceModel, operation: &Operation, body: &[u8]) -> Result<Value, DecodeError> {
    decode(model, operation.input(), body)
}

/// Reads the answer of `operation`, as leniently as a request.
///
/// # Errors
/// See [`super::decode_response`].
pub fn decode_response(model: &ServiceModel, operation: &Operation, body: &[u8]) -> Result<Value, DecodeError> {
    decode(model, operation.output(), body)
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
    let prefix = model.metadata().target_prefix.as_deref().unwrap_or_default();
    let headers = vec![
        ("content-type".to_owned(), content_type(model).to_owned()),
        ("x-amz-target".to_owned(), format!("{prefix}.{}", operation.name())),
    ];
    // An operation without members still sends an object: that is what AWS reads.
    let body = operation.input().map_or_else(|| Ok(b"{}".to_vec()), |shape| encode::document(model, shape, input))?;
    Ok(EncodedRequest::post(headers, body))
}

/// Writes the answer of `operation`. An operation that answers nothing has an empty body, as on AWS.
///
/// # Errors
/// See [`super::encode_response`].
pub fn encode_response(
    model: &ServiceModel,
    operation: &Operation,
    output: &Value,
    request_id: &str,
) -> Result<EncodedResponse, EncodeError> {
    let body = operation.output().map_or_else(|| Ok(Vec::new()), |shape| encode::document(model, shape, output))?;
    Ok(EncodedResponse::new(200, content_type(model), request_id, body))
}

/// Writes an error: `{"__type":"NotFoundException","message":"..."}`.
#[must_use]
pub fn encode_error(model: &ServiceModel, error: &WireError, request_id: &str) -> EncodedResponse {
    let mut document = Map::with_capacity(error.fields.len() + 2);
    document.insert("__type".to_owned(), Value::from(error.code.as_ref()));
    if !error.message.is_empty() {
        document.insert(message_name(model, &error.code).to_owned(), Value::from(error.message.as_str()));
    }
    document.extend(error.fields.iter().map(|(name, value)| (name.clone(), value.clone())));
    let body = Value::Object(document).to_string().into_bytes();
    let mut response = EncodedResponse::new(error.http_status, content_type(model), request_id, body);
    if model.metadata().is_query_compatible {
        let fault = if error.http_status < 500 { "Sender" } else { "Receiver" };
        response.headers.push(("x-amzn-query-error", format!("{};{fault}", query_code(&error.code))));
    }
    response
}

/// The code that an error of SQS had when it spoke Query, which clients go on to look for.
///
/// Sources: Smithy 2.0, "AWS query compatible", `awsQueryError`; Amazon SQS API Reference, "Errors" of each operation.
fn query_code(code: &str) -> String {
    match code {
        "AccessDeniedException" => "AccessDenied".to_owned(),
        "QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue".to_owned(),
        "QueueNameExists" => "QueueAlreadyExists".to_owned(),
        "BatchEntryIdsNotDistinct"
        | "BatchRequestTooLong"
        | "EmptyBatchRequest"
        | "InvalidBatchEntryId"
        | "MessageNotInflight"
        | "PurgeQueueInProgress"
        | "QueueDeletedRecently"
        | "TooManyEntriesInBatchRequest"
        | "UnsupportedOperation" => format!("AWS.SimpleQueueService.{code}"),
        other => other.to_owned(),
    }
}

/// Reads an error, wherever services put its code and message. `kind` is what the header `x-amzn-ErrorType` says.
#[must_use]
pub fn decode_error(status: u16, kind: Option<&str>, body: &[u8]) -> WireError {
    let mut fields = match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    let mut take = |name: &str| match fields.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let named = take("__type").or_else(|| take("code"));
    let code = kind.map(str::to_owned).or(named);
    let message = take("message").or_else(|| take("Message")).unwrap_or_default();
    WireError { code: bare(code, status).into(), message, http_status: status, fields }
}

/// The code without a namespace before `#` or an address after `:`; the status where there is no code.
fn bare(code: Option<String>, status: u16) -> String {
    let code = code.as_deref().and_then(|code| code.split(':').next());
    let code = code.and_then(|code| code.rsplit('#').next()).filter(|code| !code.is_empty());
    code.map_or_else(|| status.to_string(), str::to_owned)
}

/// What the framework in front of a service answers has a capital `Message`; what the service answers does not.
/// Seen on Athena (`SerializationException`) and EMR (`AccessDeniedException`), which share it with KMS. A service whose
/// errors have a member `Message` writes that.
fn message_name(model: &ServiceModel, code: &str) -> &'static str {
    let is_capital = |shape: &Shape| match &shape.kind {
        Kind::Structure(structure) => structure.members.iter().any(|member| member.name == "Message"),
        _ => false,
    };
    match code {
        "AccessDeniedException" | "SerializationException" => "Message",
        _ if model.shapes().any(|shape| shape.name == code && is_capital(shape)) => "Message",
        _ => "message",
    }
}

fn content_type(model: &ServiceModel) -> &'static str {
    match model.metadata().protocol {
        Protocol::AwsJson1_0 => "application/x-amz-json-1.0",
        Protocol::AwsJson1_1 | Protocol::Query | Protocol::Ec2Query | Protocol::RestJson1 => {
            "application/x-amz-json-1.1"
        }
    }
}

fn decode(model: &ServiceModel, shape: Option<ShapeRef>, body: &[u8]) -> Result<Value, DecodeError> {
    match shape {
        Some(shape) if !body.is_empty() => decode::document(model, shape, body),
        Some(_) => Err(DecodeError::Malformed("it is empty".into())),
        None => Ok(Value::Object(Map::new())),
    }
}
