//! What is answered to a request for what is not here: the form of whom it was meant for, AWS's code where it has one,
//! and a message that says what is here instead.
//!
//! Sources of the codes: AWS KMS API Reference and AWS STS API Reference, "Common Errors" (`UnknownOperationException`,
//! `InvalidAction`); Amazon EC2 API Reference, "Error codes"; Amazon S3 API Reference, "Error responses"
//! (`NotImplemented`). AWS sends no message with the first.

use aws_wire::{
    model::{self, ServiceId},
    protocol::{EncodedResponse, foreign::ErrorForm},
};

use super::{failure, route::Unrouted};
use crate::{error::ServiceError, operations::supported};

/// Where everything that is answered is listed.
const LISTED: &str = "GET /_claviger/health and docs/reference/operations.md list what it answers";

/// How many operations of like name are told.
const TOLD: usize = 3;

/// How much of what a client sent is repeated to it, and compared with names.
const MOST_REPEATED: usize = 64;

/// What a request says of what it is for, beside `X-Amz-Target`.
#[derive(Clone, Copy, Default)]
pub(super) struct Asked<'a> {
    pub(super) action: Option<&'a str>,
    pub(super) version: Option<&'a str>,
    /// The service that its signature is scoped to.
    pub(super) scope: Option<&'a str>,
}

/// Whose form an error is written in, when the operation is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FormOf {
    Service(ServiceId),
    /// Of a service that is not here, or of none.
    Absent(ErrorForm),
}

impl FormOf {
    /// The error as that service writes it.
    pub(super) fn encode(self, error: &ServiceError, request_id: &str) -> EncodedResponse {
        let error = failure::wire(error.clone());
        match self {
            Self::Service(service) => aws_wire::protocol::encode_error(model::service(service), &error, request_id),
            Self::Absent(form) => aws_wire::protocol::foreign::encode_error(form, &error, request_id),
        }
    }
}

/// An operation that a service that is here does not have, or has only on AWS.
pub(super) fn operation(service: ServiceId, name: &str) -> Unrouted {
    let model = model::service(service);
    let (id, version) = (&model.metadata().service_id, &model.metadata().api_version);
    let queried = model.metadata().protocol.is_query();
    let shown = shown(name);
    let what = match (model.operation(name), queried) {
        // Of these models only what is answered is here.
        _ if matches!(service, ServiceId::Ec2 | ServiceId::AutoScaling) => {
            format!("The embedded AWS does not have {id}'s operation {shown}")
        }
        (Some(_), _) => format!("The embedded AWS does not have {id}'s operation {shown}"),
        (None, true) => format!("Could not find operation {shown} for version {version}"),
        (None, false) if name.is_empty() => format!("X-Amz-Target names no operation of {id}"),
        (None, false) => format!("{id} has no operation {shown}"),
    };
    let nearest = nearest(supported(service), &shown).join(", ");
    let message = format!("{what}; the nearest that the embedded AWS has: {nearest}; {LISTED}");
    let code = if queried { "InvalidAction" } else { "UnknownOperationException" };
    Unrouted { form_of: FormOf::Service(service), error: ServiceError::new(code, message) }
}

/// A method and a path that a service that speaks REST does not have.
pub(super) fn path(service: ServiceId, head: &http::request::Parts) -> Unrouted {
    let id = &model::service(service).metadata().service_id;
    let (method, path) = (&head.method, shown(head.uri.path()));
    let message = format!("{id} has no operation at {method} {path}; {LISTED}");
    let error = ServiceError::new("UnknownOperationException", message).with_status(404);
    Unrouted { form_of: FormOf::Service(service), error }
}

/// A service that is not here; the request names neither an operation nor a version of one that is.
pub(super) fn service(head: &http::request::Parts, asked: Asked<'_>) -> Unrouted {
    let Asked { action, version, scope } = asked;
    let speaks = form_of_absent(head, asked);
    let (code, status) = match speaks {
        ErrorForm::AwsJson => ("UnknownOperationException", 400),
        ErrorForm::Query if action.is_some() => ("InvalidAction", 400),
        ErrorForm::S3 => ("NotImplemented", 501),
        ErrorForm::Query | ErrorForm::RestJson | ErrorForm::RpcV2Cbor => ("UnknownOperationException", 404),
    };
    let wanted = match (super::route::target(head), action, scope) {
        (Some(target), ..) => format!("names {} in X-Amz-Target", shown(target)),
        (None, Some(action), _) => {
            let version = version.map_or("none".into(), shown);
            format!("asks for the operation {} (Version: {version})", shown(action))
        }
        (None, None, Some(scope)) => format!("is signed for {}", shown(scope)),
        (None, None, None) => "names no service".to_owned(),
    };
    let has: Vec<&str> = ServiceId::ALL.iter().map(|id| model::service(*id).metadata().service_id.as_str()).collect();
    let message = format!(
        "The request {wanted}, and no service of the embedded AWS is meant by that; it has {}; {LISTED}",
        has.join(", ")
    );
    // Whoever signs for EC2 and means a version of it that is not here.
    let form_of = if scope == Some("ec2") { FormOf::Service(ServiceId::Ec2) } else { FormOf::Absent(speaks) };
    Unrouted { form_of, error: ServiceError::new(code, message).with_status(status) }
}

/// What a service that is not here speaks, as far as a request to it tells.
///
/// Source: botocore's service models, `metadata.protocol` and `metadata.signingName`: of the services that speak REST
/// with XML, S3's have the names that begin with `s3`.
pub(super) fn form_of_absent(head: &http::request::Parts, asked: Asked<'_>) -> ErrorForm {
    if head.headers.get("smithy-protocol").is_some_and(|protocol| protocol == "rpc-v2-cbor") {
        return ErrorForm::RpcV2Cbor;
    }
    match asked.scope {
        _ if head.headers.contains_key("x-amz-target") => ErrorForm::AwsJson,
        _ if asked.action.is_some() => ErrorForm::Query,
        Some("cloudfront" | "route53") => ErrorForm::Query,
        Some(name) if name.starts_with("s3") => ErrorForm::S3,
        Some(_) => ErrorForm::RestJson,
        None => ErrorForm::AwsJson,
    }
}

/// The names that are most like `name`, the most alike first.
fn nearest<'a>(known: &[&'a str], name: &str) -> Vec<&'a str> {
    let name = name.to_ascii_lowercase();
    let mut known: Vec<_> =
        known.iter().map(|known| (strsim::osa_distance(&known.to_ascii_lowercase(), &name), *known)).collect();
    known.sort_unstable();
    known.into_iter().take(TOLD).map(|(_, known)| known).collect()
}

/// What a client sent, as far as it may be as long as a name is.
fn shown(text: &str) -> String {
    match text.char_indices().nth(MOST_REPEATED) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
