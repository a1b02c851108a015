//! Lists in pages: `Limit`, `Marker`, `NextMarker`, `Truncated`.
//!
//! A marker names the last item that was told, so that a page neither repeats nor skips what was there all along,
//! whatever is added or removed in between.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Value, json};

use super::fault;
use crate::ServiceError;

/// The two parameters of every list.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Page {
    limit: Option<usize>,
    marker: Option<String>,
}

/// A checked [`Page`].
#[derive(Debug)]
pub(super) struct Paging {
    limit: usize,
    after: Option<String>,
}

impl Paging {
    /// The page that is asked for, of `usual` items unless it says otherwise, and never more than `most`.
    pub(super) fn of(page: &Page, usual: usize, most: usize) -> Result<Self, ServiceError> {
        let limit = page.limit.unwrap_or(usual);
        if limit > most {
            return Err(fault::validation(format!(
                "1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: Member must \
                 have value less than or equal to {most}"
            )));
        }
        let after = page.marker.as_deref().map(decode).transpose()?;
        Ok(Self { limit, after })
    }

    /// The last item of the page before.
    pub(super) fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// How many items to look up: one more than are told, which tells whether there are more.
    pub(super) fn probe(&self) -> usize {
        self.limit + 1
    }

    /// The answer with a page of `found`, which holds up to [`probe`](Self::probe) items.
    pub(super) fn answer<T>(
        &self,
        list: &str,
        mut found: Vec<T>,
        name: impl Fn(&T) -> &str,
        entry: impl Fn(&T) -> Value,
    ) -> Value {
        let truncated = found.len() > self.limit;
        found.truncate(self.limit);
        let entries: Vec<Value> = found.iter().map(entry).collect();
        let mut answer = json!({ list: entries, "Truncated": truncated });
        if let (true, Some(last), Some(fields)) = (truncated, found.last(), answer.as_object_mut()) {
            fields.insert("NextMarker".into(), BASE64_URL_SAFE_NO_PAD.encode(name(last)).into());
        }
        answer
    }
}

fn decode(marker: &str) -> Result<String, ServiceError> {
    let text = BASE64_URL_SAFE_NO_PAD.decode(marker).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    text.ok_or_else(|| ServiceError::new("InvalidMarkerException", "Could not deserialize marker"))
}
