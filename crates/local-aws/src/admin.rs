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
//! | `POST /_claviger/eks/behind` | `{"cluster": ARN, "endpoint": .., "certificateAuthority": .., "issuer": .., "jwks": {..}}`: what is behind a cluster: where its server is, who issues its service accounts' tokens, and with which keys; answers the cluster |
//! | `POST /_claviger/eks/token` | `{"cluster": ARN, "namespace": .., "serviceAccount": .., "pod": .., "audience": .., "seconds": ..}`: a token of a pod, signed with the cluster's own key; the first three must be given |
//! | `GET /_claviger/eks/id/ID/keys`, `.../ID/.well-known/openid-configuration` | what the issuer of a cluster publishes on AWS under `https://oidc.eks.REGION.amazonaws.com/id/ID` |
//! | `GET /_claviger/imds` | whose instance metadata is told: `{"role": ARN}`, `{"instance": ID}`, or `{}` |
//! | `PUT /_claviger/imds` | tells another one's, and answers the same |
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
//! that was led here under another name is refused), no page of elsewhere (its `Origin` tells), and take only JSON that
//! says so (which such a page cannot send unasked). All that is looked at before the body is read. Whoever reaches them
//! can be anybody in the embedded AWS: they hand out its credentials.

mod commands;
mod principals;
mod route;
mod state;

use std::sync::Arc;

use authz::file::world::{self, NotWritten};
use aws_wire::model::ServiceId;
use bytes::Bytes;
use http::{StatusCode, header};
use http_body_util::Full;
use serde::Deserialize;
use serde_json::{Value, json};

pub(crate) use self::route::Route;
use crate::{
    accounts::Accounts,
    authorization::{Authorizer, without_stand_ins},
    clock::Clock,
    due::Due,
    eks::{Eks, NoSuchCluster},
    error::ServiceError,
    faults::{Faults, PlanError},
    imds::{self, Subject},
    kms::Kms,
    operations::supported,
    router::Response,
    sealing::SealError,
    serving::{Current, NotImported},
    state::{NotExported, kept},
    store::{Store, WriteFailed},
};

const PREFIX: &str = "/_claviger/";

/// How long a world may be as a file: a thousand times what one needs that people can oversee.
const MOST_WORLD_BYTES: usize = 64 << 20;

/// The admin routes of one embedded AWS.
pub(crate) struct Admin {
    pub(crate) clock: Clock,
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) authorizer: Arc<Authorizer>,
    pub(crate) kms: Kms,
    pub(crate) eks: Eks,
    pub(crate) faults: Arc<Faults>,
    pub(crate) due: Due,
    pub(crate) store: Store,
    pub(crate) imds: Option<Arc<imds::Told>>,
}

/// Whose metadata is to be told.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    role: Option<String>,
    instance: Option<String>,
}

/// Why a request to an admin route is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error("the admin routes answer only peers on this machine, under a loopback address or `localhost`")]
    NotLocal,
    #[error("the admin routes answer no page of a browser that came from elsewhere: ask without `Origin`")]
    OfAPage,
    #[error(
        "there is no such route; see `GET {PREFIX}health`, `GET` and `POST {PREFIX}clock`, `GET`, `PUT`, `POST` and \
         `DELETE {PREFIX}faults`, `POST {PREFIX}accounts`, `POST {PREFIX}credentials`, `POST {PREFIX}eks/behind`, \
         `POST {PREFIX}eks/token`, `GET {PREFIX}eks/id/ID/keys`, `GET` and `PUT {PREFIX}imds`, `GET {PREFIX}world`, `POST {PREFIX}export`, `POST {PREFIX}import`, `POST {PREFIX}decide`"
    )]
    NoSuchRoute,
    #[error("the body must be sent with `content-type: application/json`")]
    NotJson,
    #[error("{}", _0.message())]
    Unread(ServiceError),
    #[error("{0}")]
    Malformed(String),
    #[error("there is no fault `{0}`; `GET {PREFIX}faults` lists those that there are")]
    NoSuchFault(String),
    #[error("no instance metadata is told: start with `--imds`")]
    NoMetadata,
    #[error(transparent)]
    NoPlan(#[from] PlanError),
    #[error(transparent)]
    NotKept(#[from] WriteFailed),
    #[error(transparent)]
    NoSuchCluster(#[from] NoSuchCluster),
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
    /// Does what is asked for. Answers JSON.
    async fn act(&self, route: Route, body: &[u8]) -> Result<String, Refused> {
        self.due.catch_up();
        let answer = match route {
            Route::Health => json!({
                "status": "ok",
                "version": env!("CARGO_PKG_VERSION"),
                "operations": {
                    "autoscaling": supported(ServiceId::AutoScaling),
                    "cloudtrail": supported(ServiceId::CloudTrail),
                    "ec2": supported(ServiceId::Ec2),
                    "eks": supported(ServiceId::Eks),
                    "eks-auth": supported(ServiceId::EksAuth),
                    "iam": supported(ServiceId::Iam),
                    "kms": supported(ServiceId::Kms),
                    "organizations": supported(ServiceId::Organizations),
                    "sqs": supported(ServiceId::Sqs),
                    "ssm": supported(ServiceId::Ssm),
                    "sts": supported(ServiceId::Sts),
                },
                "accounts": self.accounts.named(),
            }),
            Route::Clock => self.time(),
            Route::MoveClock => {
                commands::move_clock(&self.clock, body)?;
                kept::keep_clock(&self.store, &self.clock).await?;
                self.time()
            }
            Route::Faults => self.faults(),
            Route::PutFaults => {
                self.faults.put(commands::faults(body)?)?;
                self.faults()
            }
            Route::AddFaults => {
                self.faults.add(commands::faults(body)?)?;
                self.faults()
            }
            Route::RemoveFaults(name) => match self.faults.remove(name.as_deref()) {
                true => self.faults(),
                false => return Err(Refused::NoSuchFault(name.unwrap_or_default())),
            },
            Route::Accounts => {
                let account = commands::account(body)?;
                self.accounts.keep(account).await?;
                json!({ "account": account })
            }
            Route::Credentials => self.credential(body).await?,
            Route::PutBehind => self.put_behind(body).await?,
            Route::Token => self.token(body)?,
            Route::Published { issuer, document } => {
                self.eks.published(&issuer, &document).ok_or(Refused::NoSuchRoute)?
            }
            Route::Metadata => self.metadata()?,
            Route::TellMetadata => self.tell_metadata(body)?,
            Route::World => {
                let facts = without_stand_ins(self.kms.facts(self.clock.now()).await?);
                return Ok(world::write(&facts, MOST_WORLD_BYTES)?);
            }
            Route::Decide => self.decide(body)?,
            // They are about all services at once, this one's among them.
            Route::Export | Route::Import => return Err(Refused::NoSuchRoute),
        };
        Ok(answer.to_string())
    }

    /// Keeps what is behind a cluster.
    async fn put_behind(&self, body: &[u8]) -> Result<Value, Refused> {
        let behind = serde_json::from_slice(body).map_err(|error| Refused::Malformed(error.to_string()))?;
        let answer = self.eks.put_behind(behind, self.clock.now())?;
        self.eks.kept().await?;
        Ok(answer)
    }

    /// Whose instance metadata is told.
    fn metadata(&self) -> Result<Value, Refused> {
        let told = self.imds.as_ref().ok_or(Refused::NoMetadata)?;
        Ok(told.subject().map_or_else(|| json!({}), |subject| json!(subject)))
    }

    /// Tells another one's: `{"role": ARN}`, `{"instance": ID}`, or nobody's, `{}`.
    fn tell_metadata(&self, body: &[u8]) -> Result<Value, Refused> {
        let told = self.imds.as_ref().ok_or(Refused::NoMetadata)?;
        let wanted: Wanted = serde_json::from_slice(body).map_err(|error| Refused::Malformed(error.to_string()))?;
        let named = match (wanted.role, wanted.instance) {
            (Some(_), Some(_)) => return Err(Refused::Malformed("a role or an instance, not both".to_owned())),
            (role, instance) => role.or(instance),
        };
        let subject = named.map(|text| text.parse::<Subject>()).transpose();
        told.tell_of(subject.map_err(|invalid| Refused::Malformed(invalid.to_string()))?);
        self.metadata()
    }

    /// A token of a pod.
    fn token(&self, body: &[u8]) -> Result<Value, Refused> {
        let wanted = serde_json::from_slice(body).map_err(|error| Refused::Malformed(error.to_string()))?;
        Ok(json!({ "token": self.eks.token(&wanted, self.clock.now())? }))
    }

    /// What fails on request, and what came of it.
    fn faults(&self) -> Value {
        json!({ "seed": self.faults.seed(), "faults": self.faults.told() })
    }

    fn time(&self) -> Value {
        json!({ "now": self.clock.now() })
    }
}

impl Refused {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotLocal | Self::OfAPage => StatusCode::FORBIDDEN,
            Self::NoSuchRoute
            | Self::NoMetadata
            | Self::NoSuchFault(_)
            | Self::NoSuchCluster(NoSuchCluster::Cluster(_)) => StatusCode::NOT_FOUND,
            Self::NoSuchCluster(NoSuchCluster::Keys(_)) => StatusCode::BAD_REQUEST,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Malformed(_) | Self::NoPlan(_) => StatusCode::BAD_REQUEST,
            Self::Unread(unread) => StatusCode::from_u16(unread.status()).unwrap_or(StatusCode::BAD_REQUEST),
            Self::NotImported(not_imported) => not_imported.status(),
            Self::NotExported(not_exported) => not_exported.status(),
            Self::NotKept(_)
            | Self::NotMade(_)
            | Self::NotWritten(_)
            | Self::NoSuchCluster(NoSuchCluster::Signature) => StatusCode::INTERNAL_SERVER_ERROR,
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

/// Answers a request whose body was read.
pub(crate) async fn answer(current: &Arc<Current>, route: Route, body: Bytes, request_id: &str) -> Response {
    let done = match route {
        Route::Export => state::export(current, &body).await,
        Route::Import => state::import(current, body).await,
        route => {
            let (_called, serving) = current.to_call().await;
            serving.admin.act(route, &body).await.map(Bytes::from)
        }
    };
    match done {
        Ok(text) => respond(StatusCode::OK, text, request_id),
        Err(refused) => refuse(&refused, request_id),
    }
}

/// Answers a request that is refused.
pub(crate) fn refuse(refused: &Refused, request_id: &str) -> Response {
    respond(refused.status(), refused.to_json().into(), request_id)
}

fn respond(status: StatusCode, text: Bytes, request_id: &str) -> Response {
    let mut response = Response::new(Full::new(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    if let Ok(id) = header::HeaderValue::from_str(request_id) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}

#[cfg(test)]
mod tests;
