//! One request of a pod, from its head to its answer.

use http::{HeaderMap, Request, StatusCode, Uri, header};
use hyper::body::Incoming;

use super::{
    answer::{self, Answer},
    cache::{Cache, Denied},
    credentials::Credentials,
    hosts::Hosts,
    metrics::{Metrics, RequestOutcome},
    pace::PodPace,
    token::{InvalidBearer, Validator},
};
use crate::{
    bearer::{BearerToken, TokenKey},
    connections::{Answers, Connection},
};

/// Answers pods.
#[derive(Debug)]
pub struct Desk {
    /// By which names it may be called.
    pub hosts: Hosts,
    /// How often each pod may ask.
    pub pace: PodPace,
    /// Which tokens are passed on.
    pub validator: Validator,
    /// What is kept, and who is asked.
    pub cache: Cache,
    /// What is counted.
    pub metrics: Metrics,
}

struct Refusal {
    outcome: RequestOutcome,
    status: StatusCode,
    message: String,
}

impl Desk {
    /// Answers a request, of whatever method; a body is not looked at.
    pub async fn answer<B>(&self, request: &Request<B>, connection: Connection) -> Answer {
        let (uri, headers) = (request.uri(), request.headers());
        if uri.path() != answer::PATH {
            self.metrics.answered(RequestOutcome::NotFound, StatusCode::NOT_FOUND);
            return answer::not_found();
        }
        match self.credentials(uri, headers, connection).await {
            Ok(credentials) => {
                self.metrics.answered(RequestOutcome::Ok, StatusCode::OK);
                answer::credentials(&credentials)
            }
            Err(Refusal { outcome, status, message }) => {
                self.metrics.answered(outcome, status);
                answer::error(status, &message)
            }
        }
    }

    async fn credentials(
        &self,
        uri: &Uri,
        headers: &HeaderMap,
        connection: Connection,
    ) -> Result<Credentials, Refusal> {
        // A header that is no text is no token.
        let text = headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap_or("?")).unwrap_or_default();
        let key = TokenKey::of(text);
        if !self.pace.admits(connection, key) {
            return Err(held_back());
        }
        self.hosts.check(uri, headers).map_err(|message| Refusal {
            outcome: RequestOutcome::WrongHost,
            status: StatusCode::FORBIDDEN,
            message,
        })?;
        if let Some(credentials) = self.cache.hit(key) {
            return Ok(credentials);
        }
        let bearer = self.validator.validate_with_newest(text, self.cache.now()).await;
        let bearer = bearer.map_err(|invalid| self.invalid(&invalid))?;
        let fetched =
            self.cache.fetch(key, &BearerToken::new(text), &bearer, || self.pace.admits_new(connection)).await;
        fetched.map_err(refusal)
    }

    fn invalid(&self, invalid: &InvalidBearer) -> Refusal {
        if let Some(left_out) = self.metrics.log_refusal() {
            tracing::warn!(%invalid, left_out, "a token is not passed on");
        }
        Refusal { outcome: RequestOutcome::InvalidToken, status: StatusCode::BAD_REQUEST, message: invalid.to_string() }
    }
}

impl Answers for Desk {
    const OF: &str = "pods";
    const MOST: usize = 2048;

    async fn answer(&self, request: Request<Incoming>, connection: Connection) -> Answer {
        Desk::answer(self, &request, connection).await
    }

    fn connections(&self, open: usize) {
        self.metrics.connections(open);
    }
}

fn held_back() -> Refusal {
    Refusal {
        outcome: RequestOutcome::HeldBack,
        status: StatusCode::TOO_MANY_REQUESTS,
        message: "Too Many Requests".to_owned(),
    }
}

fn refusal(denied: Denied) -> Refusal {
    match denied {
        Denied::Source(error) => Refusal {
            outcome: if error.is_lasting() { RequestOutcome::Refused } else { RequestOutcome::Failed },
            status: error.status,
            message: error.message,
        },
        Denied::Full | Denied::HeldBack => held_back(),
        Denied::Crashed => Refusal {
            outcome: RequestOutcome::Failed,
            status: StatusCode::INTERNAL_SERVER_ERROR,
            message: "asking for credentials crashed; the agent's log has more".to_owned(),
        },
    }
}
