//! Routes for the programs that test against the embedded AWS; AWS has nothing like them.
//!
//! | request | does |
//! |---|---|
//! | `GET /_claviger/health` | what runs: `{"status": "ok", "version": .., "operations": {"kms": [..], ..}, "accounts": [..]}` |
//! | `GET /_claviger/clock` | the time: `{"now": "2026-01-31T00:00:00Z"}` |
//! | `POST /_claviger/clock` | moves it, and answers the time it is then |
//! | `GET /_claviger/faults` | the [faults](crate::FaultPlan) that were asked for, and how often each was asked and did something |
//! | `PUT /_claviger/faults` | a file of faults (`docs/reference/faults.md`) as JSON, instead of all that there are |
//! | `POST /_claviger/faults` | the same, beside those that there are |
//! | `DELETE /_claviger/faults`, `.../faults/NAME` | takes all away, or one |
//! | `POST /_claviger/accounts` | `{"account": "111122223333"}` makes an account, so that others may assume roles in it |
//! | `POST /_claviger/credentials` | `{"principal": ARN, "session": {..}}` makes a credential of a root user, a user or a session of a role, as AWS's JSON has it |
//! | `GET /_claviger/world` | the facts of the authorization model as they are now, as a world file (`docs/reference/world-files.md`) in JSON |
//! | `POST /_claviger/export` | the whole state as JSON; `{"secrets": true}` with its secrets, which `{}` leaves out |
//! | `POST /_claviger/import` | puts such a state in place of this one, all at once: `{"imported": ROWS, "secrets": ..}` |
//! | `POST /_claviger/decide` | a request file (`docs/reference/world-files.md`) as JSON: what the authorization model says of it, and what AWS would answer |
//!
//! `principal` and `session` are written as in a request file. A session lasts an hour; nobody's trust policy is asked.
//!
//! The world holds no secret: neither key material nor access keys nor tokens of grants or sessions. Sessions, and what
//! was narrowed with them, are in the tokens that their callers have, and so not in it.
//!
//! A state that was exported with its secrets is the same when it is imported: ids, ciphertexts, grants, credentials,
//! sessions and the clock. Without them, credentials and key material are made anew under the same ids, and what was
//! imported into keys has to be imported again. A state that does not read is refused with the line and the column
//! (`{"error": .., "line": .., "column": .., "field": ..}`), and the one that was there stays.
//!
//! The clock takes one of
//! - `{"advance": "P30D"}`: forward by an ISO 8601 duration of weeks, days (of 24 hours), hours, minutes and seconds;
//! - `{"set": "2026-01-31T00:00:00Z"}`: to a time, from which it ticks on;
//! - `{"freeze": "2026-01-31T00:00:00Z"}`: to a time, at which it stands;
//! - `{"real": true}`: back to the machine's time.
//!
//! They are not signed, so they answer only peers on this machine, under a loopback host name (a page in a browser
//! that was led here under another name is refused), and take only JSON that says so (which such a page cannot send
//! unasked). Whoever reaches them can be anybody in the embedded AWS: they hand out its credentials.

mod commands;
mod principals;
pub(crate) mod state;

use std::net::SocketAddr;
use std::sync::Arc;

use authz::file::world::{self, NotWritten};
use aws_wire::model::ServiceId;
use bytes::Bytes;
use http::{Method, StatusCode, header, request::Parts};
use http_body_util::Full;
use serde_json::{Value, json};

use crate::{
    accounts::Accounts,
    authorization::{Authorizer, without_stand_ins},
    clock::Clock,
    faults::{Faults, PlanError},
    kms::Kms,
    operations::supported,
    router::Response,
    sealing::SealError,
    serving::NotImported,
    state::NotExported,
    store::WriteFailed,
};

const PREFIX: &str = "/_claviger/";

/// How long a world may be as a file: a thousand times what one needs that people can oversee.
const MOST_WORLD_BYTES: usize = 64 << 20;

/// The admin routes of one embedded AWS.
pub(crate) struct Admin {
    clock: Clock,
    accounts: Arc<Accounts>,
    authorizer: Arc<Authorizer>,
    kms: Kms,
    faults: Arc<Faults>,
}

/// Why a request to an admin route is refused.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("the admin routes answer only peers on this machine, under a loopback address or `localhost`")]
    NotLocal,
    #[error(
        "there is no such route; see `GET {PREFIX}health`, `GET` and `POST {PREFIX}clock`, `GET`, `PUT`, `POST` and \
         `DELETE {PREFIX}faults`, `POST {PREFIX}accounts`, `POST {PREFIX}credentials`, `GET {PREFIX}world`, \
         `POST {PREFIX}export`, `POST {PREFIX}import`, `POST {PREFIX}decide`"
    )]
    NoSuchRoute,
    #[error("the body must be sent with `content-type: application/json`")]
    NotJson,
    #[error("{0}")]
    Malformed(String),
    #[error("there is no fault `{0}`; `GET {PREFIX}faults` lists those that there are")]
    NoSuchFault(String),
    #[error(transparent)]
    NoPlan(#[from] PlanError),
    #[error(transparent)]
    NotKept(#[from] WriteFailed),
    #[error("the credential could not be made: {0}")]
    NotMade(#[from] SealError),
    #[error(transparent)]
    NotWritten(#[from] NotWritten),
    #[error(transparent)]
    NotExported(#[from] NotExported),
    #[error(transparent)]
    NotImported(#[from] Box<NotImported>),
}

impl Admin {
    pub(crate) fn new(
        clock: Clock,
        accounts: Arc<Accounts>,
        authorizer: Arc<Authorizer>,
        kms: Kms,
        faults: Arc<Faults>,
    ) -> Self {
        Self { clock, accounts, authorizer, kms, faults }
    }

    /// Whether a request is for an admin route: no AWS service has this path.
    pub(crate) fn is_meant(head: &Parts) -> bool {
        head.uri.path().starts_with(PREFIX)
    }

    /// Answers such a request.
    pub(crate) async fn answer(&self, head: &Parts, body: &Bytes, peer: SocketAddr, request_id: &str) -> Response {
        let answered = match self.act(head, body, peer).await {
            Ok(text) => (StatusCode::OK, text),
            Err(refused) => (refused.status(), refused.to_json()),
        };
        respond(answered, request_id)
    }

    /// Does what is asked for. Answers JSON.
    async fn act(&self, head: &Parts, body: &Bytes, peer: SocketAddr) -> Result<String, Refused> {
        if !is_local(head, peer) {
            return Err(Refused::NotLocal);
        }
        self.authorizer.catch_up();
        let route = head.uri.path().strip_prefix(PREFIX).unwrap_or_default();
        let answer = match (&head.method, route) {
            (&Method::GET, "health") => json!({
                "status": "ok",
                "version": env!("CARGO_PKG_VERSION"),
                "operations": {
                    "cloudtrail": supported(ServiceId::CloudTrail),
                    "iam": supported(ServiceId::Iam),
                    "kms": supported(ServiceId::Kms),
                    "organizations": supported(ServiceId::Organizations),
                    "sts": supported(ServiceId::Sts),
                },
                "accounts": self.accounts.named(),
            }),
            (&Method::GET, "clock") => self.time(),
            (&Method::POST, "clock") => {
                commands::move_clock(&self.clock, json_body(head, body)?)?;
                self.time()
            }
            (method, route) if route == "faults" || route.starts_with("faults/") => {
                self.change_faults(method, route.strip_prefix("faults/"), head, body)?
            }
            (&Method::POST, "accounts") => {
                let account = commands::account(json_body(head, body)?)?;
                self.accounts.keep(account).await?;
                json!({ "account": account })
            }
            (&Method::POST, "credentials") => self.credential(json_body(head, body)?).await?,
            (&Method::GET, "world") => return self.world().await,
            (&Method::POST, "decide") => self.decide(json_body(head, body)?)?,
            _ => return Err(Refused::NoSuchRoute),
        };
        Ok(answer.to_string())
    }

    /// The facts as they are now, as a world file.
    async fn world(&self) -> Result<String, Refused> {
        self.let_keys_change();
        let facts = without_stand_ins(self.kms.facts(self.clock.now()).await?);
        Ok(world::write(&facts, MOST_WORLD_BYTES)?)
    }

    /// Changes the faults as a request says, and tells what there is then.
    fn change_faults(&self, method: &Method, name: Option<&str>, head: &Parts, body: &Bytes) -> Result<Value, Refused> {
        match (method, name) {
            (&Method::GET, None) => self.let_keys_change(),
            (&Method::PUT, None) => self.faults.put(commands::faults(json_body(head, body)?)?)?,
            (&Method::POST, None) => self.faults.add(commands::faults(json_body(head, body)?)?)?,
            // What a browser asks about before it sends it, and is not told that it may: it needs no body.
            (&Method::DELETE, name) => {
                if !self.faults.remove(name) {
                    return Err(Refused::NoSuchFault(name.unwrap_or_default().to_owned()));
                }
            }
            _ => return Err(Refused::NoSuchRoute),
        }
        Ok(json!({ "seed": self.faults.seed(), "faults": self.faults.told() }))
    }

    /// Lets the keys change state that are to by now.
    fn let_keys_change(&self) {
        self.faults.catch_up(|keys, state| self.kms.force(keys, state, self.clock.now()));
    }

    fn time(&self) -> Value {
        json!({ "now": self.clock.now() })
    }
}

impl Refused {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotLocal => StatusCode::FORBIDDEN,
            Self::NoSuchRoute | Self::NoSuchFault(_) => StatusCode::NOT_FOUND,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Malformed(_) | Self::NoPlan(_) => StatusCode::BAD_REQUEST,
            Self::NotImported(not_imported) => not_imported.status(),
            Self::NotKept(_) | Self::NotMade(_) | Self::NotWritten(_) | Self::NotExported(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }
    }

    fn to_json(&self) -> String {
        let mut fields = json!({ "error": self.to_string() });
        let place = match self {
            Self::NotImported(not_imported) => match &**not_imported {
                NotImported::Refused(place) => Some(place),
                _ => None,
            },
            _ => None,
        };
        if let (Some(place), Some(fields)) = (place, fields.as_object_mut()) {
            fields.insert("error".into(), place.why.as_str().into());
            fields.insert("line".into(), place.line.into());
            fields.insert("column".into(), place.column.into());
            fields.insert("field".into(), place.field.as_str().into());
        }
        fields.to_string()
    }
}

fn respond((status, text): (StatusCode, String), request_id: &str) -> Response {
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    if let Ok(id) = header::HeaderValue::from_str(request_id) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}

/// Whether a request comes from this machine, and was sent to it.
fn is_local(head: &Parts, peer: SocketAddr) -> bool {
    peer.ip().to_canonical().is_loopback() && names_this_machine(head)
}

fn json_body<'a>(head: &Parts, body: &'a Bytes) -> Result<&'a [u8], Refused> {
    let content_type = head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_json = content_type.split(';').next().is_some_and(|essence| essence.trim() == "application/json");
    if is_json { Ok(body) } else { Err(Refused::NotJson) }
}

/// Whether the host that the request was sent to is a loopback one.
fn names_this_machine(head: &Parts) -> bool {
    let host = head.headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let authority = head.uri.authority().cloned().or_else(|| host?.parse().ok());
    authority.is_some_and(|authority| {
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
    })
}

#[cfg(test)]
mod tests;
