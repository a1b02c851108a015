//! What a pod answers by way of the apiserver's proxy.

use http::{HeaderValue, Request, header::CONTENT_TYPE};
use http_body_util::{BodyExt as _, Limited};
use kube::client::Body;
use serde::Deserialize;

use crate::{
    Connection,
    call::{CallError, call},
};

/// Metrics of a daemon are far shorter; what is longer is no answer.
const LARGEST: usize = 1 << 20;

const WHAT: &str = "ask a pod by way of the apiserver";

/// What a pod answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// How the apiserver says that it is itself who refuses.
#[derive(Deserialize)]
struct Status {
    kind: String,
    #[serde(default)]
    message: String,
}

impl Connection {
    /// What a pod's port answers to `GET /path`. The names are taken as they are.
    ///
    /// Source: Kubernetes documentation, "Access Services Running on Clusters" > "Manually constructing apiserver proxy URLs";
    /// it takes `get` on `pods/proxy`.
    ///
    /// # Errors
    /// [`CallError`], too where the apiserver does not reach the pod.
    pub async fn ask_pod(&self, namespace: &str, name: &str, port: u16, path: &str) -> Result<Answered, CallError> {
        let no_answer = |reason: String| CallError::NoAnswer { what: WHAT, reason };
        let path = format!("/api/v1/namespaces/{namespace}/pods/{name}:{port}/proxy/{path}");
        let request = Request::get(path).body(Body::empty()).map_err(|error| no_answer(error.to_string()))?;
        let client = self.client();
        let (head, body) = call(WHAT, async {
            let (head, body) = client.send(request).await?.into_parts();
            Ok((head, Limited::new(body, LARGEST).collect().await))
        })
        .await?;
        let body = body.map_err(|error| no_answer(error.to_string()))?.to_bytes();
        let status = head.status.as_u16();
        let is_json = head.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes) == Some(b"application/json");
        match serde_json::from_slice::<Status>(&body) {
            Ok(said) if is_json && said.kind == "Status" => {
                Err(CallError::Refused { what: WHAT, status, message: said.message })
            }
            _ => Ok(Answered { status, body: String::from_utf8_lossy(&body).into_owned() }),
        }
    }
}
