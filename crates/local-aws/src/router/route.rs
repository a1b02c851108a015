//! Which service and operation a request asks for.
//!
//! One port serves every service, so the host says nothing. What the request *is* decides: an `X-Amz-Target` names an
//! awsJson service and its operation, a path that is not `/` one that speaks REST, an `Action` with a `Version` a Query
//! one. Only a request with none of them is taken for the service that its signature is scoped to. A scope that names another service than the request is then
//! answered as that service's endpoint answers it.

use std::borrow::Cow;

use aws_wire::{
    model::{self, Operation, ServiceId, ServiceModel},
    protocol::{
        DecodeError, Received, aws_json,
        foreign::ErrorForm,
        query::{self, Form},
        rest_json,
    },
};
use bytes::Bytes;
use serde_json::Value;

use super::{
    absent::{self, Asked, FormOf},
    operation,
};
use crate::{error::ServiceError, operations::supported};

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
    Rest(Received<'a>),
}

/// A request that asks for nothing that is answered here.
pub(super) struct Unrouted {
    pub(super) form_of: FormOf,
    pub(super) error: ServiceError,
}

impl Route<'_> {
    /// The operation's input as the model sees it; not validated.
    pub(super) fn decode(&self) -> Result<Value, DecodeError> {
        match &self.input {
            Input::Json(body) => aws_json::decode_request(self.model, self.operation, body),
            Input::Form(form) => query::decode_form(self.model, self.operation, form),
            Input::Rest(request) => rest_json::decode_request(self.model, self.operation, request),
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
    head: &'a http::request::Parts,
    body: &'a Bytes,
    parameters: &'a [u8],
) -> Result<Route<'a>, Unrouted> {
    if let Some(target) = target(head) {
        return match named(target) {
            Some((service, name)) => by_target(service, name, body),
            None => Err(absent::service(head, Asked { scope: scope(head), ..Asked::default() })),
        };
    }
    if let Some(routed) = by_path(head, body) {
        return routed;
    }
    let refuse = |service| move |error| Unrouted { form_of: FormOf::Service(service), error };
    let form = match Form::parse(parameters) {
        Ok(form) => form,
        // The body of a service that speaks otherwise is no form.
        Err(error) => match scope(head) {
            scope @ Some(name) if model::service_for_signing_name(name).is_none() => {
                return Err(absent::service(head, Asked { scope, ..Asked::default() }));
            }
            _ => {
                return Err(super::failure::undecodable(error, model::Protocol::Query)).map_err(refuse(ServiceId::Sts));
            }
        },
    };
    let scope = scope(head).or_else(|| presigned_scope(&form));
    let asked = Asked { action: form.get("Action"), version: form.get("Version"), scope };
    match (asked.action, scope.and_then(model::service_for_signing_name)) {
        (Some(action), _) => {
            let (version, of) = (asked.version, model::service_for_version);
            match (model::service_for_action(version, action), version.and_then(of)) {
                (Some(service), _) => by_action(service, form),
                (None, Some(service)) => Err(absent::operation(service, action)),
                (None, None) => Err(absent::service(head, asked)),
            }
        }
        (None, Some(service)) if model::service(service).metadata().protocol.is_query() => {
            Err(ServiceError::new("MissingAction", "The request is missing an action or a required parameter."))
                .map_err(refuse(service))
        }
        (None, Some(service)) => Err(absent::operation(service, "")),
        (None, None) => Err(absent::service(head, asked)),
    }
}

/// Whose protocol the request speaks, told by its head alone: nobody has read its body.
pub(super) fn form_of(head: &http::request::Parts) -> FormOf {
    let scope = scope(head);
    match (target(head), scope.and_then(model::service_for_signing_name)) {
        (Some(target), _) => {
            named(target).map_or(FormOf::Absent(ErrorForm::AwsJson), |(service, _)| FormOf::Service(service))
        }
        (None, Some(service)) => FormOf::Service(service),
        (None, None) => match (of_path(head), scope) {
            (Some((service, _)), _) => FormOf::Service(service),
            (None, Some(_)) => FormOf::Absent(absent::form_of_absent(head, Asked { scope, ..Asked::default() })),
            (None, None) => FormOf::Service(ServiceId::Sts),
        },
    }
}

/// A request to a service that speaks REST: its signature is scoped to one, or its method and path are of one.
fn by_path<'a>(head: &'a http::request::Parts, body: &'a Bytes) -> Option<Result<Route<'a>, Unrouted>> {
    let scoped = scope(head).and_then(speaks_rest);
    let (service, operation) = match (of_path(head), scoped) {
        (None, None) => return None,
        (None, Some(service)) => return Some(Err(absent::path(service, head))),
        (Some(found), _) => found,
    };
    if !supported(service).contains(&operation.name()) {
        return Some(Err(absent::operation(service, operation.name())));
    }
    let text =
        |(name, value): (&'a http::HeaderName, &'a http::HeaderValue)| Some((name.as_str(), value.to_str().ok()?));
    let request = Received {
        path: head.uri.path(),
        query: head.uri.query().unwrap_or_default(),
        headers: head.headers.iter().filter_map(text).collect(),
        body,
    };
    Some(Ok(Route { service, model: model::service(service), operation, input: Input::Rest(request) }))
}

/// What has the request's method and path.
fn of_path(head: &http::request::Parts) -> Option<(ServiceId, &'static Operation)> {
    model::service_for_path(head.method.as_str(), head.uri.path())
}

fn speaks_rest(signing_name: &str) -> Option<ServiceId> {
    let service = model::service_for_signing_name(signing_name)?;
    (model::service(service).metadata().protocol == model::Protocol::RestJson1).then_some(service)
}

/// The service of an `X-Amz-Target`, and the operation.
fn named(target: &str) -> Option<(ServiceId, &str)> {
    let (prefix, name) = target.rsplit_once('.')?;
    Some((model::service_for_target_prefix(prefix)?, name))
}

fn by_target<'a>(service: ServiceId, name: &str, body: &'a Bytes) -> Result<Route<'a>, Unrouted> {
    let model = model::service(service);
    match operation(service, model, name) {
        Some(operation) => Ok(Route { service, model, operation, input: Input::Json(body) }),
        None => Err(absent::operation(service, name)),
    }
}

fn by_action(service: ServiceId, form: Form<'_>) -> Result<Route<'_>, Unrouted> {
    let model = model::service(service);
    let action = form.get("Action").unwrap_or_default();
    match operation(service, model, action) {
        Some(operation) => Ok(Route { service, model, operation, input: Input::Form(form) }),
        None => Err(absent::operation(service, action)),
    }
}

pub(super) fn target(head: &http::request::Parts) -> Option<&str> {
    head.headers.get("x-amz-target")?.to_str().ok()
}

/// The service's name in the credential scope, read with no more trust than a host name.
fn scope(head: &http::request::Parts) -> Option<&str> {
    let header = head.headers.get(http::header::AUTHORIZATION)?.to_str().ok()?;
    service_of(header.split_once("Credential=")?.1.split(',').next()?)
}

/// The same of a presigned request.
fn presigned_scope<'a>(form: &'a Form<'_>) -> Option<&'a str> {
    service_of(form.get("X-Amz-Credential")?)
}

fn service_of(credential: &str) -> Option<&str> {
    credential.split('/').nth(3)
}
