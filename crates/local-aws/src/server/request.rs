//! One request: its body is read, its answer is found, its connection is kept or not.

use std::{net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Request, header, request::Parts};
use hyper::body::{Body as _, Incoming};
use uuid::Uuid;

use super::{
    Answers,
    body::{BodyError, BodyReader},
};
use crate::{
    admin::{self, Route},
    caller::{Arrival, Channel},
    error::ServiceError,
    faults::{LONGEST_DELAY, Ruling, Silence},
    options::Limits,
    router::{Reply, Response, Router},
    serving::Current,
    state::MOST_BYTES,
};

/// Bytes of a request with a message: 1 MiB, each octet of which JSON may write as six (`\u003c`), and the rest of the request. How
/// large SQS lets a request be is not documented: assumed.
///
/// Source: Amazon SQS Developer Guide, "Amazon SQS message quotas".
const LARGEST_MESSAGE: usize = (6 << 20) + (64 << 10);

/// What answers requests, whatever connection they come on.
pub(crate) struct Endpoint {
    current: Arc<Current>,
    has_admin: bool,
    bodies: BodyReader,
    /// For messages of queues.
    messages: BodyReader,
    /// For whole states, one at a time. Only peers on this machine bring them.
    states: BodyReader,
}

/// A request that gets no answer, on request: see [`Faults`](crate::FaultPlan).
#[derive(Debug, thiserror::Error)]
#[error("a fault that was asked for leaves this request unanswered")]
pub(crate) struct Unanswered;

impl Endpoint {
    pub(crate) fn new(current: Arc<Current>, has_admin: bool, limits: &Limits) -> Self {
        let states = BodyReader::new(&Limits { body_bytes: MOST_BYTES, all_body_bytes: MOST_BYTES, ..limits.clone() });
        let bodies = BodyReader::new(limits);
        let messages = bodies.of_up_to(limits.body_bytes.max(LARGEST_MESSAGE));
        Self { current, has_admin, bodies, messages, states }
    }

    /// Answers a request for an admin route. Whatever is wrong with its head is told before its body is read.
    async fn administer(&self, head: &Parts, body: Incoming, peer: SocketAddr, request_id: &str) -> Response {
        let route = match Route::of(head, peer) {
            Ok(route) => route,
            Err(refused) => {
                let is_whole = body.is_end_stream();
                let refusal = admin::refuse(&refused, request_id);
                return if is_whole { refusal } else { last(head, refusal) };
            }
        };
        let bodies = if route == Route::Import { &self.states } else { &self.bodies };
        match bodies.read(body).await {
            Ok(body) => admin::answer(&self.current, route, body.held(), request_id).await,
            Err(unread) => last(head, admin::refuse(&unread.into(), request_id)),
        }
    }

    /// Answers a call. While it waits on request it keeps nobody from anything: an import may put other services in
    /// place meanwhile, and then it is those that answer it.
    async fn call(
        &self,
        head: &Parts,
        body: &Bytes,
        arrival: Arrival,
        request_id: &str,
    ) -> Result<Response, Unanswered> {
        let mut decided = None;
        loop {
            let (called, serving) = self.current.to_call().await;
            let reply = serving.router.answer(head, body, arrival, request_id, decided.take()).await;
            drop((called, serving));
            match reply {
                Reply::Answer(response) => return Ok(response),
                Reply::Later(Ruling { delay, fate }) => {
                    tokio::time::sleep(delay).await;
                    decided = Some(fate);
                }
                Reply::Nothing(silence) => {
                    if silence == Silence::Silent {
                        tokio::time::sleep(LONGEST_DELAY).await;
                    }
                    return Err(Unanswered);
                }
            }
        }
    }
}

impl Answers for Endpoint {
    async fn answer(&self, request: Request<Incoming>, arrival: Arrival) -> Result<Response, Unanswered> {
        let (head, body) = request.into_parts();
        let mut id = Uuid::encode_buffer();
        let request_id = &*Uuid::new_v4().hyphenated().encode_lower(&mut id);
        if arrival.channel == Channel::Insecure {
            return Ok(last(&head, Router::refuse(&head, &insecure(), request_id)));
        }
        if self.has_admin && Route::is_meant(&head) {
            return Ok(self.administer(&head, body, arrival.peer, request_id).await);
        }
        let bodies = if brings_a_message(&head) { &self.messages } else { &self.bodies };
        match bodies.read(body).await {
            Ok(body) => self.call(&head, &body.bytes, arrival, request_id).await,
            Err(unread) => Ok(last(&head, Router::refuse(&head, &unread.into(), request_id))),
        }
    }
}

/// Whether a request is one of SQS's, which may bring a message.
fn brings_a_message(head: &Parts) -> bool {
    let target = head.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    target.is_some_and(|target| target.starts_with("AmazonSQS."))
}

/// The last answer on a connection of HTTP/1: what is left of the body will not be read, so nothing behind it can be.
fn last(head: &Parts, mut response: Response) -> Response {
    if head.version < http::Version::HTTP_2 {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

impl From<BodyError> for admin::Refused {
    fn from(unread: BodyError) -> Self {
        Self::Unread(ServiceError::from(unread))
    }
}

/// AWS has no such port: what is sent to it in the clear is refused before it is a request.
fn insecure() -> ServiceError {
    let message =
        "This port speaks TLS: take an endpoint URL that begins with https://, and trust whom AWS_CA_BUNDLE names.";
    ServiceError::new("SecureTransportRequired", message).with_status(400)
}
