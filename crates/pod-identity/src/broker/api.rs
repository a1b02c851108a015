//! The wire form: that of EKS Auth, whose clients the broker's are, and one operation more.
//!
//! Sources: Amazon EKS API Reference, "AssumeRoleForPodIdentity" of EKS Auth; Smithy, "AWS restJson1 protocol" > "Operation
//! error serialization".

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode, Uri, header};
use http_body_util::Full;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    changes::Told,
    refusal::{Code, Refusal},
    session::Session,
};
use crate::bearer::BearerToken;

pub(super) type Answer = Response<Full<Bytes>>;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
/// The state of the associations by which credentials were given: another one than the agent knows of may be an older one.
const REVISION: HeaderName = HeaderName::from_static(crate::REVISION);
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// What is asked for, as a request's head says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route<'a> {
    /// `AssumeRoleForPodIdentity` for a pod of the cluster of this name.
    AssumeRole { cluster: &'a str },
    /// What changed of the cluster's associations since this state of them; ours, not EKS Auth's.
    Changes { cluster: &'a str, since: Option<&'a str> },
}

/// Who gets what, and why: all members are required.
pub(super) struct Lent<'a> {
    pub(super) namespace: &'a str,
    pub(super) service_account: &'a str,
    pub(super) association_arn: String,
    pub(super) association_id: &'a str,
    pub(super) session: &'a Session,
    /// The state of the associations.
    pub(super) revision: &'a str,
}

#[derive(Deserialize)]
struct Body {
    token: Option<String>,
}

impl<'a> Route<'a> {
    /// Cluster names have no character that a path would escape, so nothing is unescaped.
    pub(super) fn of(method: &Method, uri: &'a Uri) -> Option<Self> {
        let mut parts = uri.path().strip_prefix("/clusters/")?.split('/');
        let (cluster, operation, end) = (parts.next()?, parts.next()?, parts.next());
        match (method, operation, end) {
            (&Method::POST, "assume-role-for-pod-identity", None) => Some(Self::AssumeRole { cluster }),
            (&Method::GET, "changes", None) => {
                let since = uri.query().and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("since=")));
                Some(Self::Changes { cluster, since })
            }
            _ => None,
        }
    }
}

/// The token in the body of `AssumeRoleForPodIdentity`.
pub(super) fn token(body: &[u8]) -> Result<BearerToken, Refusal> {
    let read: Result<Body, _> = serde_json::from_slice(body);
    // Its error could quote what it met.
    let body =
        read.map_err(|_| Refusal::new(Code::InvalidRequest, "the body is no JSON object with a text `token`"))?;
    match body.token.map(Zeroizing::new) {
        Some(token) if !token.is_empty() => Ok(BearerToken::new(&token)),
        _ => Err(Refusal::new(Code::InvalidParameter, "the body has no `token`")),
    }
}

pub(super) fn lent(lent: &Lent<'_>, id: &str) -> Answer {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Document<'a> {
        subject: Subject<'a>,
        audience: &'a str,
        pod_identity_association: Association<'a>,
        assumed_role_user: User<'a>,
        credentials: Keys<'a>,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Subject<'a> {
        namespace: &'a str,
        service_account: &'a str,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Association<'a> {
        association_arn: &'a str,
        association_id: &'a str,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct User<'a> {
        arn: &'a str,
        assume_role_id: &'a str,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Keys<'a> {
        session_token: &'a str,
        secret_access_key: &'a str,
        access_key_id: &'a str,
        expiration: i64,
    }
    let Lent { namespace, service_account, association_arn, association_id, session, revision } = lent;
    let document = Document {
        subject: Subject { namespace, service_account },
        audience: eks_auth::AUDIENCE,
        pod_identity_association: Association { association_arn, association_id },
        assumed_role_user: User { arn: &session.arn, assume_role_id: &session.id },
        credentials: Keys {
            session_token: session.keys.session_token.as_str(),
            secret_access_key: session.keys.secret_access_key.as_str(),
            access_key_id: &session.keys.access_key_id,
            expiration: session.expires.as_second(),
        },
    };
    // Room for all of it, so that no part is left behind where it grew out of.
    let mut body = Zeroizing::new(Vec::with_capacity(2 * session.keys.session_token.len() + 4096));
    match serde_json::to_writer(&mut *body, &document) {
        Ok(()) => {
            let mut answer = answer(StatusCode::OK, Bytes::from_owner(body), id);
            answer.headers_mut().extend(HeaderValue::from_str(revision).ok().map(|value| (REVISION, value)));
            answer
        }
        Err(_) => refused(&Refusal::new(Code::InternalServer, "the answer cannot be written"), id),
    }
}

pub(super) fn told(told: &Told, id: &str) -> Answer {
    match serde_json::to_vec(told) {
        Ok(body) => answer(StatusCode::OK, body.into(), id),
        Err(_) => refused(&Refusal::new(Code::InternalServer, "the answer cannot be written"), id),
    }
}

pub(super) fn refused(refusal: &Refusal, id: &str) -> Answer {
    let body = serde_json::json!({ "message": refusal.message }).to_string();
    let mut answer = answer(refusal.code.status(), body.into(), id);
    answer.headers_mut().insert(ERROR_TYPE, HeaderValue::from_static(refusal.code.name()));
    answer
}

fn answer(status: StatusCode, body: Bytes, id: &str) -> Answer {
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
    answer
}
