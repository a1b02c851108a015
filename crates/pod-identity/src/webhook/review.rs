//! `AdmissionReview`: what the apiserver asks, and what it is answered.
//!
//! Source: Kubernetes, "Dynamic Admission Control", "Request" and "Response".

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use super::{patch::Patch, pod::Pod};

/// A question about a pod, borrowed from its JSON.
#[derive(Debug)]
pub struct Review<'a> {
    version: Version,
    /// What the answer names, too.
    pub(super) uid: Cow<'a, str>,
    /// The pod's namespace, which the pod itself need not say.
    pub(super) namespace: Cow<'a, str>,
    /// Whether nothing is stored in the end.
    pub(super) dry_run: bool,
    /// The pod; none where the apiserver asks about something else, or about another thing than a pod's making.
    pub(super) pod: Option<Pod<'a>>,
}

/// What was sent is no review.
#[derive(Debug, thiserror::Error)]
pub enum InvalidReview {
    /// It does not read.
    #[error("this is no AdmissionReview: {0}")]
    Malformed(#[from] serde_json::Error),
    /// A version that is not known.
    #[error("`{0}` is not answered here: register the webhook with admissionReviewVersions [\"v1\"]")]
    Version(String),
    /// An answer, or nothing.
    #[error("this AdmissionReview has no request")]
    NoRequest,
}

/// The versions that there are. They look alike; the peer is registered with the elder one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    V1,
    V1beta1,
}

const KIND: &str = "AdmissionReview";
const VERSIONS: [(Version, &str); 2] =
    [(Version::V1, "admission.k8s.io/v1"), (Version::V1beta1, "admission.k8s.io/v1beta1")];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Asked<'a> {
    #[serde(borrow)]
    api_version: Cow<'a, str>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    request: Option<Request<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Request<'a> {
    #[serde(borrow)]
    uid: Cow<'a, str>,
    kind: Kind<'a>,
    #[serde(borrow, default)]
    sub_resource: Cow<'a, str>,
    #[serde(borrow)]
    operation: Cow<'a, str>,
    #[serde(borrow, default)]
    namespace: Cow<'a, str>,
    #[serde(default)]
    dry_run: Option<bool>,
    #[serde(default)]
    object: Option<Pod<'a>>,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Kind<'a> {
    #[serde(borrow, default)]
    group: Cow<'a, str>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
}

impl<'a> Review<'a> {
    /// Reads one.
    ///
    /// # Errors
    /// [`InvalidReview`]
    pub fn parse(json: &'a [u8]) -> Result<Self, InvalidReview> {
        let asked: Asked<'a> = serde_json::from_slice(json)?;
        let version = VERSIONS.into_iter().find(|(_, name)| *name == asked.api_version && asked.kind == KIND);
        let Some((version, _)) = version else {
            let named = format!("{}, {}", asked.api_version, asked.kind);
            return Err(InvalidReview::Version(named.chars().take(100).collect()));
        };
        let request = asked.request.ok_or(InvalidReview::NoRequest)?;
        let is_new_pod = request.kind.group.is_empty()
            && request.kind.kind == "Pod"
            && request.sub_resource.is_empty()
            && request.operation == "CREATE";
        Ok(Self {
            version,
            uid: request.uid,
            namespace: request.namespace,
            dry_run: request.dry_run.unwrap_or_default(),
            pod: request.object.filter(|_| is_new_pod),
        })
    }

    /// The answer: always allowed, with what is added, and with what who makes the pod is told.
    ///
    /// # Errors
    /// When JSON cannot be written.
    pub fn answer(&self, patch: &Patch, warnings: &[String]) -> serde_json::Result<Vec<u8>> {
        let patch = if patch.is_empty() { None } else { Some(STANDARD.encode(serde_json::to_vec(patch)?)) };
        let api_version = match self.version {
            Version::V1 => "admission.k8s.io/v1",
            Version::V1beta1 => "admission.k8s.io/v1beta1",
        };
        let patch_type = patch.as_ref().map(|_| "JSONPatch");
        let response = Response { uid: &self.uid, allowed: true, patch_type, patch, warnings };
        serde_json::to_vec(&Answer { api_version, kind: KIND, response })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    api_version: &'static str,
    kind: &'static str,
    response: Response<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response<'a> {
    uid: &'a str,
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<String>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    warnings: &'a [String],
}
