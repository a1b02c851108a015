//! What a server and a client do with whatever comes, and what must hold of it.

use aws_wire::model::{Protocol, ServiceModel};
use aws_wire::{protocol, validate};
use libfuzzer_sys::Corpus;

/// Takes bytes as a request and as an answer of every operation. Keeps those that some operation reads.
pub fn take(model: &ServiceModel, bytes: &[u8]) -> Corpus {
    let mut kept = Corpus::Reject;
    for operation in model.operations() {
        if let Ok(input) = protocol::decode_request(model, operation, bytes) {
            kept = Corpus::Keep;
            if validate::input(model, operation, &input).is_ok() {
                let written = protocol::encode_request(model, operation, &input).expect("a valid input is written");
                let read = protocol::decode_request(model, operation, &written.body).expect("what we write, we read");
                // Query cannot say that a structure is there and empty.
                assert!(read == input || model.metadata().protocol == Protocol::Query);
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
    let error = protocol::decode_error(model, 400, bytes);
    assert!(!error.code.is_empty());
    kept
}
