//! One request for metadata.
//!
//! Source: Amazon EC2 User Guide, "Use the Instance Metadata Service to access instance metadata" > "How Instance Metadata
//! Service Version 2 works"; "Access instance metadata for an EC2 instance" > "Responses and error messages".

use std::sync::Arc;

use http::{HeaderMap, Method, Request, StatusCode, header, request::Parts};
use hyper::body::Incoming;

use super::{
    Sources, Told,
    page::{TTL, refusal, text},
    token::Life,
    tree,
};
use crate::{
    caller::{Arrival, RoleDelivery},
    loopback::{host, is_loopback},
    router::Response,
    server::{Answers, Unanswered},
    serving::Current,
};

const TOKEN: &str = "x-aws-ec2-metadata-token";
const TOKENS: [&str; 3] = ["latest", "api", "token"];

/// No path of metadata has more parts: none is looked at that has.
const MOST_PARTS: usize = 16;

/// Answers requests for metadata, whatever connection they come on.
pub(crate) struct Metadata {
    told: Arc<Told>,
    current: Arc<Current>,
    exposed: bool,
}

impl Metadata {
    pub(crate) fn new(told: Arc<Told>, current: Arc<Current>, exposed: bool) -> Self {
        Self { told, current, exposed }
    }

    fn answer(&self, head: &Parts, arrival: Arrival, sources: Sources<'_>) -> Response {
        // A page in a browser that was led here under another name is nobody of this machine.
        let is_local =
            arrival.peer.ip().to_canonical().is_loopback() && host(head).is_some_and(|host| is_loopback(&host));
        if !self.exposed && !is_local {
            return refusal(
                StatusCode::FORBIDDEN,
                "Metadata is told to this machine, under a loopback address or localhost.",
            );
        }
        let Some((machine, profile)) = self.told.machine(sources) else {
            return refusal(StatusCode::NOT_FOUND, "There is no instance here that runs.");
        };
        if !machine.access.is_on {
            return refusal(StatusCode::FORBIDDEN, "The metadata of this instance is turned off.");
        }
        let parts: Vec<&str> = head.uri.path().split('/').filter(|part| !part.is_empty()).take(MOST_PARTS).collect();
        if parts == TOKENS {
            return self.token(head, &machine.id);
        }
        if head.method != Method::GET && head.method != Method::HEAD {
            return refusal(StatusCode::METHOD_NOT_ALLOWED, "Metadata is read.");
        }
        let given = one(&head.headers, TOKEN);
        let left = given.and_then(|token| self.told.tokens.left(&machine.id, token.as_bytes()));
        if left.is_none() && (given.is_some() || head.headers.contains_key(TOKEN) || machine.access.needs_token) {
            return refusal(StatusCode::UNAUTHORIZED, "A token is needed that is good: PUT /latest/api/token.");
        }
        let delivery = if left.is_some() { RoleDelivery::Token } else { RoleDelivery::Plain };
        match tree::find(&self.told, sources, &machine, profile.as_ref(), &parts, delivery) {
            Some(found) => text(found, left),
            None => refusal(StatusCode::NOT_FOUND, "There is no such metadata."),
        }
    }

    fn token(&self, head: &Parts, instance: &str) -> Response {
        if head.method != Method::PUT {
            return refusal(StatusCode::METHOD_NOT_ALLOWED, "A token is asked for by PUT.");
        }
        // Whoever forwards requests is not the instance itself.
        if head.headers.contains_key("x-forwarded-for") {
            return refusal(StatusCode::FORBIDDEN, "No token goes through a proxy.");
        }
        let life = one(&head.headers, TTL).and_then(|text| text.to_str().ok()).and_then(Life::parse);
        let Some(life) = life else {
            return refusal(StatusCode::BAD_REQUEST, "X-aws-ec2-metadata-token-ttl-seconds is 1 to 21600, once.");
        };
        match self.told.tokens.make(instance, life) {
            Some(token) => text(token, Some(life.seconds())),
            None => refusal(StatusCode::INTERNAL_SERVER_ERROR, "There is no randomness for a token."),
        }
    }
}

impl Answers for Metadata {
    async fn answer(&self, request: Request<Incoming>, arrival: Arrival) -> Result<Response, Unanswered> {
        // No request has a body that says anything.
        let (head, _) = request.into_parts();
        let (_called, serving) = self.current.to_call().await;
        let answer = self.answer(&head, arrival, serving.router.sources());
        if let Err(failed) = serving.router.kept().await {
            tracing::error!(%failed, "an answer rests on a change that was not kept");
            return Ok(refusal(StatusCode::INTERNAL_SERVER_ERROR, "What this rests on was not kept."));
        }
        serving.router.trail_room().await;
        Ok(answer)
    }
}

/// The value of a header that is there once.
fn one<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h header::HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}
