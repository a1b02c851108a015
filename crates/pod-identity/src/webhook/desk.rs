//! One request, one answer.

use std::{net::IpAddr, time::Duration};

use bytes::Bytes;
use daemon::http::Health;
use http::{HeaderValue, Method as HttpMethod, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use tokio::time::{Instant, timeout};

use super::{
    inject::{Facts, Injection, Left, Missed, inject, missed},
    metrics::{Metrics, Outcome},
    patch::Patch,
    pod::Pod,
    review::{InvalidReview, Review},
    room::{Held, Room},
    settings::Settings,
    sources::Sources,
};
use crate::connections::{Answers, Connection};

/// The peer's path.
const PATH: &str = "/mutate";
/// The longest review: apiservers take objects of 3 MiB, and a review has one with little around it.
const LONGEST_BODY: usize = 4 << 20;
/// How long a body may take from its first octet to its last: an apiserver has all of it before it asks.
const BODY_TIME: Duration = Duration::from_secs(3);
/// The longest that an apiserver waits for a webhook.
///
/// Source: Kubernetes API, `MutatingWebhook.timeoutSeconds`, "between 1 and 30 seconds".
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// The one status whose text an apiserver passes on to who makes the pod (client-go, `NewGenericServerResponse`); of a 503
/// it says only that it was one.
const WITH_REASON: StatusCode = StatusCode::INTERNAL_SERVER_ERROR;

/// All that a request needs to be answered.
pub struct Desk {
    settings: Settings,
    sources: Sources,
    metrics: Metrics,
    room: Room,
}

type Answer = Response<Full<Bytes>>;

struct Refusal {
    outcome: Outcome,
    status: StatusCode,
    message: String,
}

impl Desk {
    /// One that injects by `settings` whom `sources` tell.
    #[must_use]
    pub fn new(settings: Settings, sources: Sources, metrics: Metrics) -> Self {
        Self { settings, sources, metrics, room: Room::new() }
    }

    /// Whether a pod that is there should have been injected and was not, by what is known now.
    #[must_use]
    pub fn missed(&self, namespace: &str, pod: &Pod<'_>) -> Option<Missed> {
        let name = pod.service_account()?;
        let account = self.sources.known_service_account(namespace, name);
        let facts = Facts {
            associated: self.sources.is_associated(namespace, name),
            service_account: account.as_deref(),
            settings: &self.settings,
            jitter: 0,
        };
        missed(pod, &facts)
    }

    /// Answers a request of this address.
    pub async fn answer<B>(&self, request: Request<B>, peer: IpAddr) -> Answer
    where
        B: Body<Data = Bytes> + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let began = Instant::now();
        let answered = match (request.method(), request.uri().path()) {
            (&HttpMethod::GET | &HttpMethod::HEAD, "/healthz") => return text(StatusCode::OK, "ok".to_owned()),
            (&HttpMethod::POST, PATH) => self.review(request, peer).await,
            (_, PATH) => {
                Err(refusal(Outcome::NotFound, StatusCode::METHOD_NOT_ALLOWED, "reviews are sent by POST".to_owned()))
            }
            _ => Err(refusal(Outcome::NotFound, StatusCode::NOT_FOUND, "404 page not found".to_owned())),
        };
        match answered {
            Ok((outcome, dry_run, body)) => {
                self.metrics.reviewed(outcome, dry_run, began.elapsed());
                with_type(StatusCode::OK, body.into(), "application/json")
            }
            Err(Refusal { outcome, status, message }) => {
                self.metrics.reviewed(outcome, false, began.elapsed());
                if let Some(left_out) = self.metrics.log_refusal() {
                    tracing::warn!(%status, message, left_out, "a request is refused");
                }
                text(status, message)
            }
        }
    }

    async fn review<B>(&self, request: Request<B>, peer: IpAddr) -> Result<(Outcome, bool, Vec<u8>), Refusal>
    where
        B: Body<Data = Bytes> + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let media_type = request.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
        if media_type.split(|octet| *octet == b';').next().is_none_or(|kind| kind.trim_ascii() != b"application/json") {
            let message = "Invalid Content-Type, expected `application/json`".to_owned();
            return Err(refusal(Outcome::Invalid, StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
        }
        // A pod that is let through now goes without credentials, and nobody would know. So the failurePolicy decides.
        if let Some(awaited) = self.sources.awaited() {
            return Err(refusal(Outcome::NotReady, WITH_REASON, awaited.to_owned()));
        }
        let wait = wait(request.uri());
        let late = |_| {
            let message = "the review did not come in time, or there was no room for it".to_owned();
            refusal(Outcome::Late, WITH_REASON, message)
        };
        let (_room, body) = timeout(wait, self.body(request.into_body(), peer)).await.map_err(late)??;
        let review = Review::parse(&body).map_err(|invalid| invalid_review(&invalid))?;
        let (outcome, patch, warnings) = self.decide(&review, wait).await;
        let answer = review.answer(&patch, &warnings);
        let answer = answer.map_err(|error| {
            refusal(Outcome::Invalid, StatusCode::INTERNAL_SERVER_ERROR, format!("cannot write the answer: {error}"))
        })?;
        Ok((outcome, review.dry_run, answer))
    }

    async fn body<B>(&self, body: B, peer: IpAddr) -> Result<(Held, Bytes), Refusal>
    where
        B: Body<Data = Bytes> + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let too_large = || {
            let message = format!("reviews of up to {LONGEST_BODY} octets are read");
            refusal(Outcome::TooLarge, StatusCode::PAYLOAD_TOO_LARGE, message)
        };
        let length =
            body.size_hint().exact().map_or(LONGEST_BODY, |length| usize::try_from(length).unwrap_or(usize::MAX));
        if length > LONGEST_BODY {
            return Err(too_large());
        }
        let room = self.room.take(peer, length).await.ok_or_else(too_large)?;
        let collected = timeout(BODY_TIME, Limited::new(body, LONGEST_BODY).collect()).await.map_err(|_| {
            refusal(Outcome::Late, WITH_REASON, format!("the review was not there within {} s", BODY_TIME.as_secs()))
        })?;
        match collected {
            Ok(collected) => Ok((room, collected.to_bytes())),
            Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
            Err(error) => {
                Err(refusal(Outcome::Invalid, StatusCode::BAD_REQUEST, format!("cannot read the review: {error}")))
            }
        }
    }

    async fn decide(&self, review: &Review<'_>, wait: Duration) -> (Outcome, Patch, Vec<String>) {
        let nothing = Patch::default;
        let Some(pod) = &review.pod else { return (Outcome::NoPod, nothing(), Vec::new()) };
        let Some(name) = pod.service_account() else {
            return (Outcome::Left(Left::NotAsked), nothing(), Vec::new());
        };
        let namespace = &*review.namespace;
        // Half of what the apiserver waits is left for what may come before and after.
        let account = timeout(wait / 2, self.sources.service_account(namespace, name)).await.ok().flatten();
        let facts = Facts {
            associated: self.sources.is_associated(namespace, name),
            service_account: account.as_deref(),
            settings: &self.settings,
            jitter: jitter(&review.uid),
        };
        match inject(pod, &facts) {
            Ok(Injection { method, patch }) => {
                let outcome = if patch.is_empty() { Outcome::Complete } else { Outcome::Injected(method) };
                tracing::debug!(namespace, pod = pod.name(), service_account = name, ?outcome, "a pod is reviewed");
                (outcome, patch, Vec::new())
            }
            Err(left) => {
                tracing::debug!(namespace, pod = pod.name(), service_account = name, ?left, "a pod is left as it is");
                (Outcome::Left(left), nothing(), Vec::from_iter(self.warning(left)))
            }
        }
    }

    /// What who makes the pod is told, where its pod is not to have what its service account could have.
    fn warning(&self, left: Left) -> Option<String> {
        match left {
            Left::NotAsked | Left::OptedOut => None,
            Left::Fargate => Some(
                "this pod gets no AWS credentials from its Pod Identity association: there is no agent on Fargate; \
                 annotate its service account with a role (IRSA)"
                    .to_owned(),
            ),
            Left::VolumeTaken => Some(format!(
                "this pod gets no AWS credentials: it has a volume of its own that is called `{}` or `{}`, as the volume \
                 of its token would be; call that volume something else",
                self.settings.pod_identity.volume, self.settings.web_identity.volume
            )),
        }
    }
}

impl Answers for Desk {
    const OF: &str = "apiservers";
    const MOST: usize = 512;

    async fn answer(&self, request: Request<Incoming>, connection: Connection) -> Answer {
        Self::answer(self, request, connection.peer.ip()).await
    }

    fn connections(&self, open: usize) {
        self.metrics.connections(open);
    }

    fn handshake_failed(&self) {
        self.metrics.handshake_failed();
    }
}

impl Health for Desk {
    fn name(&self) -> &str {
        "webhook"
    }

    fn live(&self) -> Result<(), String> {
        Ok(())
    }

    fn ready(&self) -> Result<(), String> {
        self.sources.awaited().map_or(Ok(()), |awaited| Err(awaited.to_owned()))
    }
}

/// How long the apiserver waits, as it says in its query: `?timeout=10s`.
fn wait(uri: &Uri) -> Duration {
    let mut parameters = uri.query().unwrap_or_default().split('&');
    let said = parameters.find_map(|parameter| parameter.strip_prefix("timeout=")?.strip_suffix('s')?.parse().ok());
    said.map_or(LONGEST_WAIT, |seconds| Duration::from_secs(seconds).clamp(Duration::from_secs(1), LONGEST_WAIT))
}

/// A number that is always the same for a review, and unlike that of others (FNV-1a).
fn jitter(uid: &str) -> u64 {
    uid.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, octet| (hash ^ u64::from(octet)).wrapping_mul(0x100_0000_01b3))
}

fn invalid_review(invalid: &InvalidReview) -> Refusal {
    refusal(Outcome::Invalid, StatusCode::BAD_REQUEST, invalid.to_string())
}

fn refusal(outcome: Outcome, status: StatusCode, message: String) -> Refusal {
    Refusal { outcome, status, message }
}

fn text(status: StatusCode, text: String) -> Answer {
    with_type(status, text.into(), "text/plain; charset=utf-8")
}

fn with_type(status: StatusCode, body: Bytes, media_type: &'static str) -> Answer {
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    answer
}
