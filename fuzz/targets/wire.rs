//! What a server and a client do with whatever comes, and what must hold of it.

use aws_wire::model::{Protocol, ServiceModel};
use aws_wire::protocol::{self, Received};
use aws_wire::validate;
use libfuzzer_sys::Corpus;

/// Bytes as a request: the first line is the target where it begins with a slash.
fn received(bytes: &[u8]) -> Received<'_> {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    match std::str::from_utf8(&bytes[..end]) {
        Ok(target) if target.starts_with('/') => Received::of(target, bytes.get(end + 1..).unwrap_or_default()),
        _ => Received::of("/", bytes),
    }
}

/// Takes bytes as a request and as an answer of every operation. Keeps those that some operation reads.
pub fn take(model: &ServiceModel, bytes: &[u8]) -> Corpus {
    let mut kept = Corpus::Reject;
    let request = received(bytes);
    for operation in model.operations() {
        if let Ok(input) = protocol::decode_request(model, operation, &request) {
            kept = Corpus::Keep;
            // A label that is empty is valid, but where its shape says otherwise; there is no path with it.
            let is_rest = model.metadata().protocol == Protocol::RestJson1;
            let written = protocol::encode_request(model, operation, &input);
            if validate::input(model, operation, &input).is_ok() && (written.is_ok() || !is_rest) {
                let written = written.expect("a valid input is written");
                let read = protocol::decode_request(model, operation, &written.received()).expect("what we write, we read");
                // Query cannot say that a structure is there and empty.
                assert!(read == input || model.metadata().protocol.is_query());
            }
        }
        if let Ok(output) = protocol::decode_response(model, operation, bytes) {
            kept = Corpus::Keep;
            if let Ok(written) = protocol::encode_response(model, operation, &output, "request-1") {
                // An operation that answers nothing has no body to read.
                if operation.output().is_some() {
                    protocol::decode_response(model, operation, &written.body).expect("what we write, we read");
                }
            }
        }
    }
    let error = protocol::decode_error(model, 400, None, bytes);
    assert!(!error.code.is_empty());
    kept
}
