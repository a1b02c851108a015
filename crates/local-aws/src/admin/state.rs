//! The state, exported and imported: what concerns all services at once.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{Method, StatusCode, request::Parts};
use serde::Deserialize;
use serde_json::json;

use super::{PREFIX, Refused, is_local, json_body, respond};
use crate::{
    router::Response,
    serving::{Current, NotImported},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Export {
    #[serde(default)]
    secrets: bool,
}

/// Whether a request is for one of these routes.
pub(crate) fn is_meant(head: &Parts) -> bool {
    matches!(route(head), Some("export" | "import"))
}

/// Whether a request brings a state, and comes from where one is taken from.
pub(crate) fn brings_one(head: &Parts, peer: SocketAddr) -> bool {
    route(head) == Some("import") && is_local(head, peer)
}

/// Answers such a request.
pub(crate) async fn answer(
    current: &Current,
    head: &Parts,
    body: &Bytes,
    peer: SocketAddr,
    request_id: &str,
) -> Response {
    let answered = match act(current, head, body, peer).await {
        Ok(text) => (StatusCode::OK, text),
        Err(refused) => (refused.status(), refused.to_json()),
    };
    respond(answered, request_id)
}

async fn act(current: &Current, head: &Parts, body: &Bytes, peer: SocketAddr) -> Result<String, Refused> {
    if !is_local(head, peer) {
        return Err(Refused::NotLocal);
    }
    match (&head.method, route(head)) {
        (&Method::POST, Some("export")) => {
            let takes = "it takes {} or {\"secrets\": true}";
            let asked: Export = serde_json::from_slice(json_body(head, body)?)
                .map_err(|error| Refused::Malformed(format!("the state is not exported so: {error}; {takes}")))?;
            Ok(current.export(asked.secrets).await?)
        }
        (&Method::POST, Some("import")) => {
            let text = std::str::from_utf8(json_body(head, body)?)
                .map_err(|error| Refused::Malformed(format!("this is no state: {error}")))?;
            let imported = current.import(text).await.map_err(Box::new)?;
            tracing::info!(rows = imported.imported, secrets = imported.secrets, "a state was imported");
            Ok(json!(imported).to_string())
        }
        _ => Err(Refused::NoSuchRoute),
    }
}

fn route(head: &Parts) -> Option<&str> {
    head.uri.path().strip_prefix(PREFIX)
}

impl NotImported {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::NotKept(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Busy | Self::Another => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}
