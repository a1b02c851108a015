//! GetKeyLastUsage.
//!
//! Uses are told from memory: those since the process began, which `TrackingStartDate` says. There is no trail, so a use
//! has no event in it.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Call, input, seconds};
use crate::ServiceError;

/// The last successful use of a key.
#[derive(Debug, Default)]
pub(super) struct LastUse(Mutex<Option<Use>>);

#[derive(Clone, Debug)]
struct Use {
    operation: &'static str,
    at: Timestamp,
    request_id: Box<str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetKeyLastUsage {
    key_id: String,
}

impl LastUse {
    pub(super) fn note(&self, operation: &'static str, at: Timestamp, request_id: &str) {
        let used = Use { operation, at, request_id: request_id.into() };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(used);
    }
}

pub(super) fn get_key_last_usage(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: GetKeyLastUsage = input(value)?;
    let key = call.key("KeyId", &input.key_id)?;
    let created = call.moment(&key).record.created;
    let last = key.last_use.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let usage = last.map_or_else(
        || json!({}),
        |last| {
            json!({
                "Operation": last.operation,
                "Timestamp": seconds(last.at),
                "KmsRequestId": last.request_id,
            })
        },
    );
    Ok(json!({
        "KeyId": key.arn.key_id(),
        "KeyLastUsage": usage,
        "TrackingStartDate": seconds(created.max(call.state.tracked_since)),
        "KeyCreationDate": seconds(created),
    }))
}
