//! The state, exported and imported: what concerns all services at once.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::Refused;
use crate::{
    serving::{Current, NotImported},
    state::NotExported,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Export {
    #[serde(default)]
    secrets: bool,
}

pub(super) async fn export(current: &Current, body: &[u8]) -> Result<Bytes, Refused> {
    let takes = "it takes {} or {\"secrets\": true}";
    let asked: Export = serde_json::from_slice(body)
        .map_err(|error| Refused::Malformed(format!("the state is not exported so: {error}; {takes}")))?;
    Ok(current.export(asked.secrets).await?)
}

pub(super) async fn import(current: &Arc<Current>, body: Bytes) -> Result<Bytes, Refused> {
    let imported = current.import(body).await.map_err(Box::new)?;
    tracing::info!(rows = imported.imported, secrets = imported.secrets, "a state was imported");
    Ok(json!(imported).to_string().into())
}

impl NotImported {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::NotKept(_) | Self::NotWritten(_) | Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Busy | Self::Another => StatusCode::SERVICE_UNAVAILABLE,
            Self::NoText(_)
            | Self::Refused(_)
            | Self::Sealed
            | Self::Partition { .. }
            | Self::Clock(_)
            | Self::State(_) => StatusCode::BAD_REQUEST,
        }
    }
}

impl NotExported {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}
