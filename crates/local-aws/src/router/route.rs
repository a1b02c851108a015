//! Which service and operation a request asks for.
//!
//! One port serves every service, so the host says nothing. What the request *is* decides: an `X-Amz-Target` names an
//! awsJson service and its operation, an `Action` with a `Version` a Query one. Only a request with neither is taken
//! for the service that its signature is scoped to. A scope that names another service than the request is then
//! answered as that service's endpoint answers it.

use std::borrow::Cow;

use aws_wire::{
    model::{self, Operation, ServiceId, ServiceModel},
    protocol::{
        DecodeError, aws_json,
        query::{self, Form},
    },
};
use bytes::Bytes;
use serde_json::Value;

use super::{operation, supported};
use crate::error::ServiceError;

/// What a request asks for.
pub(super) struct Route<'a> {
    pub(super) service: ServiceId,
    pub(super) model: &'static ServiceModel,
    pub(super) operation: &'static Operation,
    input: Input<'a>,
}

/// Where the operation's input stands.
enum Input<'a> {
    Json(&'a [u8]),
    Form(Form<'a>),
}

/// A request that asks for nothing that is answered here.
pub(super) struct Unrouted {
    pub(super) protocol_of: ProtocolOf,
    pub(super) error: ServiceError,
}

/// Whose protocol an error is written in, when the operation is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProtocolOf {
    Service(ServiceId),
    /// Of a service that is not there, or of none.
    Json,
}

impl Route<'_> {
    /// The operation's input as the model sees it; not validated.
    pub(super) fn decode(&self) -> Result<Value, DecodeError> {
        match &self.input {
            Input::Json(body) => aws_json::decode_request(self.model, self.operation, body),
            Input::Form(form) => query::decode_form(self.model, self.operation, form),
        }
    }
}

/// A request's form parameters: the query string's, the body's, or both together.
pub(super) fn parameters<'a>(head: &'a http::request::Parts, body: &'a Bytes) -> Cow<'a, [u8]> {
    let query = head.uri.query().unwrap_or_default().as_bytes();
    match (query.is_empty(), body.is_empty()) {
        (_, true) => Cow::Borrowed(query),
        (true, false) => Cow::Borrowed(body),
        (false, false) => Cow::Owned([query, b"&", body].concat()),
    }
}

/// What the request asks for.
pub(super) fn of<'a>(
    head: &http::request::Parts,
    body: &'a Bytes,
    parameters: &'a [u8],
) -> Result<Route<'a>, Unrouted> {
    if let Some(target) = target(head) {
        return by_target(target, body);
    }
    let refuse = |service| move |error| Unrouted { protocol_of: ProtocolOf::Service(service), error };
    let form = Form::parse(parameters)
        .map_err(|error| super::failure::undecodable(error, model::Protocol::Query))
        .map_err(refuse(ServiceId::Sts))?;
    match (form.get("Action"), scoped_service(head, &form)) {
        (Some(action), _) => {
            let version = form.get("Version");
            match model::service_for_action(version, action) {
                Some(service) => by_action(service, form),
                None => match version.and_then(model::service_for_version) {
                    Some(service) => Err(unsupported_action(service, action)),
                    None => Err(no_such_action(action, version)),
                },
            }
        }
        (None, Some(service)) if model::service(service).metadata().protocol == model::Protocol::Query => {
            Err(ServiceError::new("MissingAction", "The request is missing an action or a required parameter."))
                .map_err(refuse(service))
        }
        (None, Some(service)) => Err(unknown_operation(service, "")).map_err(refuse(service)),
        (None, None) => Err(Unrouted { protocol_of: ProtocolOf::Json, error: no_service() }),
    }
}

/// Whose protocol the request speaks, told by its head alone.
pub(super) fn protocol_of(head: &http::request::Parts) -> ProtocolOf {
    match target(head).and_then(|target| target.rsplit_once('.')) {
        Some((prefix, _)) => model::service_for_target_prefix(prefix).map_or(ProtocolOf::Json, ProtocolOf::Service),
        None => ProtocolOf::Service(ServiceId::Sts),
    }
}

fn by_target<'a>(target: &str, body: &'a Bytes) -> Result<Route<'a>, Unrouted> {
    let (prefix, name) = target.rsplit_once('.').unwrap_or(("", target));
    let Some(service) = model::service_for_target_prefix(prefix) else {
        return Err(Unrouted { protocol_of: ProtocolOf::Json, error: no_service() });
    };
    let model = model::service(service);
    match operation(service, model, name) {
        Some(operation) => Ok(Route { service, model, operation, input: Input::Json(body) }),
        None => Err(Unrouted { protocol_of: ProtocolOf::Service(service), error: unknown_operation(service, name) }),
    }
}

fn by_action(service: ServiceId, form: Form<'_>) -> Result<Route<'_>, Unrouted> {
    let model = model::service(service);
    let action = form.get("Action").unwrap_or_default();
    match operation(service, model, action) {
        Some(operation) => Ok(Route { service, model, operation, input: Input::Form(form) }),
        None => Err(unsupported_action(service, action)),
    }
}

fn unsupported_action(service: ServiceId, action: &str) -> Unrouted {
    let version = &model::service(service).metadata().api_version;
    let message = format!(
        "Could not find operation {action} for version {version}: the embedded AWS answers {}",
        supported(service).join(", ")
    );
    let error = ServiceError::new("InvalidAction", message);
    Unrouted { protocol_of: ProtocolOf::Service(service), error }
}

fn no_such_action(action: &str, version: Option<&str>) -> Unrouted {
    let version = version.unwrap_or("NO_VERSION_SPECIFIED");
    let error = ServiceError::new("InvalidAction", format!("Could not find operation {action} for version {version}"));
    Unrouted { protocol_of: ProtocolOf::Service(ServiceId::Sts), error }
}

/// AWS sends no message with it; this one helps.
fn unknown_operation(service: ServiceId, name: &str) -> ServiceError {
    let asked = if name.is_empty() { "no operation in X-Amz-Target".to_owned() } else { format!("`{name}`") };
    let answered = supported(service).join(", ");
    let message = format!("The request names {asked}; of this service the embedded AWS answers {answered}");
    ServiceError::new("UnknownOperationException", message)
}

fn no_service() -> ServiceError {
    let message = "The request is for no service that the embedded AWS has. It has KMS (X-Amz-Target: \
                   TrentService.OPERATION), CloudTrail (X-Amz-Target: \
                   com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.OPERATION), IAM \
                   (Action=OPERATION&Version=2010-05-08) and STS \
                   (Action=OPERATION&Version=2011-06-15).";
    ServiceError::new("UnknownOperationException", message)
}

fn target(head: &http::request::Parts) -> Option<&str> {
    head.headers.get("x-amz-target")?.to_str().ok()
}

/// The service of the credential scope, read with no more trust than a host name.
fn scoped_service(head: &http::request::Parts, form: &Form<'_>) -> Option<ServiceId> {
    let header = head.headers.get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let credential = match header {
        Some(header) => header.split_once("Credential=")?.1.split(',').next()?,
        None => form.get("X-Amz-Credential")?,
    };
    model::service_for_signing_name(credential.split('/').nth(3)?)
}
