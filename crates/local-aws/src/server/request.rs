//! One request: its body is read, its answer is found, its connection is kept or not.

use std::sync::Arc;

use http::{HeaderValue, Request, header, request::Parts};
use hyper::body::Incoming;
use uuid::Uuid;

use super::body::BodyReader;
use crate::{
    admin::{self, Admin},
    caller::{Arrival, Channel},
    error::ServiceError,
    options::Limits,
    router::{Response, Router, Unanswered},
    serving::Current,
    state::MOST_BYTES,
};

/// What answers requests, whatever connection they come on.
pub(crate) struct Endpoint {
    current: Arc<Current>,
    has_admin: bool,
    bodies: BodyReader,
    /// For whole states, one at a time. Only peers on this machine bring them.
    states: BodyReader,
}

impl Endpoint {
    pub(crate) fn new(current: Arc<Current>, has_admin: bool, limits: &Limits) -> Self {
        let states = BodyReader::new(&Limits { body_bytes: MOST_BYTES, all_body_bytes: MOST_BYTES, ..limits.clone() });
        Self { current, has_admin, bodies: BodyReader::new(limits), states }
    }

    /// Answers a request.
    ///
    /// # Errors
    /// On request only: then its connection is closed, or its stream is reset.
    pub(super) async fn answer(&self, request: Request<Incoming>, arrival: Arrival) -> Result<Response, Unanswered> {
        let (head, body) = request.into_parts();
        let mut id = Uuid::encode_buffer();
        let request_id = &*Uuid::new_v4().hyphenated().encode_lower(&mut id);
        if arrival.channel == Channel::Insecure {
            return Ok(refuse(&head, &insecure(), request_id));
        }
        let peer = arrival.peer;
        let is_state = self.has_admin && admin::state::is_meant(&head);
        let bodies = if is_state && admin::state::brings_one(&head, peer) { &self.states } else { &self.bodies };
        Ok(match bodies.read(body).await {
            Ok(body) if is_state => admin::state::answer(&self.current, &head, &body.bytes, peer, request_id).await,
            Ok(body) => {
                let (_called, serving) = self.current.to_call().await;
                match &serving.admin {
                    Some(admin) if Admin::is_meant(&head) => admin.answer(&head, &body.bytes, peer, request_id).await,
                    _ => serving.router.answer(&head, &body.bytes, arrival, request_id).await?,
                }
            }
            Err(unread) => refuse(&head, &unread.into(), request_id),
        })
    }
}

/// Refuses a request whose body is not read, or not to its end.
fn refuse(head: &Parts, error: &ServiceError, request_id: &str) -> Response {
    let mut refusal = Router::refuse(head, error, request_id);
    // What is left of the body will not be read, so nothing behind it can be.
    if head.version < http::Version::HTTP_2 {
        refusal.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    refusal
}

/// AWS has no such port: what is sent to it in the clear is refused before it is a request.
fn insecure() -> ServiceError {
    let message =
        "This port speaks TLS: take an endpoint URL that begins with https://, and trust whom AWS_CA_BUNDLE names.";
    ServiceError::new("SecureTransportRequired", message).with_status(400)
}
