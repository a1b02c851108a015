//! Errors as services write them whose models are not here.
//!
//! Whoever asks for such a service must be able to read that it is not there: each client knows its own service's form
//! alone, and shows another as a fault of its parser.

use std::convert::Infallible;

use serde_json::json;

use super::{EncodedResponse, WireError, query::xml::XmlWriter};

/// How a service writes its errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorForm {
    /// A JSON document with the code in `__type`.
    AwsJson,
    /// `<ErrorResponse>`: Query, and REST with XML.
    Query,
    /// A bare `<Error>`: S3.
    S3,
    /// A JSON document, with the code in a header, too.
    RestJson,
    /// A CBOR map with the code in `__type`.
    ///
    /// Source: Smithy 2.0, "Smithy RPC v2 CBOR protocol", section "Operation error serialization".
    RpcV2Cbor,
}

/// Writes the code and message of an error.
#[must_use]
pub fn encode_error(form: ErrorForm, error: &WireError, request_id: &str) -> EncodedResponse {
    let (code, message) = (error.code.as_ref(), error.message.as_str());
    let (content_type, body) = match form {
        ErrorForm::AwsJson => ("application/x-amz-json-1.1", json_document(code, message)),
        ErrorForm::RestJson => ("application/json", json_document(code, message)),
        ErrorForm::Query => ("text/xml", error_response(error, request_id)),
        ErrorForm::S3 => ("application/xml", s3_error(code, message, request_id)),
        ErrorForm::RpcV2Cbor => ("application/cbor", cbor_document(code, message)),
    };
    let mut response = EncodedResponse::new(error.http_status, content_type, request_id, body);
    match form {
        ErrorForm::RestJson => response.headers.push(("x-amzn-ErrorType", code.to_owned())),
        ErrorForm::RpcV2Cbor => response.headers.push(("smithy-protocol", "rpc-v2-cbor".to_owned())),
        ErrorForm::S3 => response.headers.push(("x-amz-request-id", request_id.to_owned())),
        ErrorForm::AwsJson | ErrorForm::Query => {}
    }
    response
}

fn json_document(code: &str, message: &str) -> Vec<u8> {
    json!({ "__type": code, "message": message }).to_string().into_bytes()
}

fn error_response(error: &WireError, request_id: &str) -> Vec<u8> {
    xml(|xml| {
        within(xml, "ErrorResponse", |xml| {
            within(xml, "Error", |xml| {
                xml.element("Type", if error.http_status < 500 { "Sender" } else { "Receiver" });
                code_and_message(xml, &error.code, &error.message);
            });
            xml.element("RequestId", request_id);
        });
    })
}

fn s3_error(code: &str, message: &str, request_id: &str) -> Vec<u8> {
    xml(|xml| {
        within(xml, "Error", |xml| {
            code_and_message(xml, code, message);
            xml.element("RequestId", request_id);
        });
    })
}

fn code_and_message(xml: &mut XmlWriter, code: &str, message: &str) {
    xml.element("Code", code);
    xml.element("Message", message);
}

fn xml(content: impl FnOnce(&mut XmlWriter)) -> Vec<u8> {
    let mut xml = XmlWriter::default();
    content(&mut xml);
    xml.into_bytes()
}

fn within(xml: &mut XmlWriter, name: &str, content: impl FnOnce(&mut XmlWriter)) {
    let Ok(()): Result<(), Infallible> = xml.nested(Some(name), |xml| {
        content(xml);
        Ok(())
    });
}

/// A map of two texts to texts. Source: RFC 8949, section 3.1: major type 5 is a map, 3 a text.
fn cbor_document(code: &str, message: &str) -> Vec<u8> {
    const MAP: u8 = 5 << 5;
    let mut out = vec![MAP | 2];
    for text in ["__type", code, "message", message] {
        // A length of four bytes may stand for any: no reader asks for the shortest.
        const TEXT_OF_FOUR_BYTE_LENGTH: u8 = 3 << 5 | 26;
        out.push(TEXT_OF_FOUR_BYTE_LENGTH);
        out.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
        out.extend(text.as_bytes());
    }
    out
}
