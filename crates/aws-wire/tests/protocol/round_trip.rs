//! What one side writes, the other reads: for every operation of every service, with values made from the model.

use aws_wire::model::{self, Operation, Protocol, ServiceId, ServiceModel, ShapeRef};
use aws_wire::protocol::{self, EncodedResponse, WireError};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

use crate::values;

/// Calls `check` with values of `shape`.
fn for_values(
    model: &'static ServiceModel,
    operation: &Operation,
    shape: ShapeRef,
    check: impl Fn(&Value) -> Result<(), TestCaseError>,
) {
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(24) });
    let outcome = runner.run(&values::document(model, shape), |value| check(&value));
    if let Err(error) = outcome {
        panic!("{}: {error}", operation.name());
    }
}

fn for_operations(check: impl Fn(&'static ServiceModel, &'static Operation)) {
    for id in ServiceId::ALL {
        let model = model::service(id);
        for operation in model.operations() {
            check(model, operation);
        }
    }
}

#[test]
fn a_server_reads_what_a_client_writes() {
    for_operations(|model, operation| {
        let Some(shape) = operation.input() else { return };
        for_values(model, operation, shape, |input| {
            let request = protocol::encode_request(model, operation, input).unwrap();
            let read = protocol::decode_request(model, operation, &request.received()).unwrap();
            prop_assert_eq!(&read, input, "{} {}", request.target, String::from_utf8_lossy(&request.body));
            let found = model.operation_for_path(&request.method, request.received().path);
            let is_rest = model.metadata().protocol == Protocol::RestJson1;
            prop_assert_eq!(found.map(Operation::name), is_rest.then(|| operation.name()));
            if model.metadata().protocol.is_query() {
                let form = protocol::query::Form::parse(&request.body).unwrap();
                prop_assert_eq!(form.get("Action"), Some(operation.name()));
                prop_assert_eq!(form.get("Version"), Some(model.metadata().api_version.as_str()));
            }
            Ok(())
        });
    });
}

#[test]
fn a_client_reads_what_a_server_answers() {
    for_operations(|model, operation| {
        let Some(shape) = operation.output() else { return };
        for_values(model, operation, shape, |output| {
            let response = protocol::encode_response(model, operation, output, "request-1").unwrap();
            let read = protocol::decode_response(model, operation, &response.body).unwrap();
            prop_assert_eq!(&read, output, "{}", String::from_utf8_lossy(&response.body));
            Ok(())
        });
    });
}

#[test]
fn a_client_reads_every_error_that_an_operation_declares() {
    for_operations(|model, operation| {
        for declared in operation.errors() {
            let error = WireError::new(declared.code.clone(), "no <way> & \"so\" on").with_status(declared.http_status);
            let response = protocol::encode_error(model, &error, "request-1");
            assert_eq!(response.status, declared.http_status);
            assert_eq!(decode_error(model, &response), error);
            let silent = WireError { message: String::new(), ..error };
            let response = protocol::encode_error(model, &silent, "request-1");
            assert_eq!(decode_error(model, &response), silent);
        }
    });
}

fn decode_error(model: &ServiceModel, response: &EncodedResponse) -> WireError {
    let kind = response.headers.iter().find(|(name, _)| *name == "x-amzn-ErrorType").map(|(_, value)| value.as_str());
    protocol::decode_error(model, response.status, kind, &response.body)
}
