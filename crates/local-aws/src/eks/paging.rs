//! Lists in pages: `maxResults`, `nextToken`.
//!
//! A token names the last item that was told, so that a page neither repeats nor skips what was there all along,
//! whatever is added or removed in between.
//!
//! Source: Amazon EKS API Reference, "ListClusters", `maxResults` (100 where it is not given).

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::fault;
use crate::ServiceError;

const USUAL: usize = 100;

/// The two parameters of every list.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Page {
    max_results: Option<usize>,
    next_token: Option<String>,
}

impl Page {
    /// The page of a list whose items are in the order of their keys.
    pub(super) fn of<T>(
        &self,
        list: &'static str,
        items: impl Iterator<Item = (String, T)>,
        show: impl Fn(T) -> Value,
    ) -> Result<Value, ServiceError> {
        let after = self.next_token.as_deref().map(decode).transpose()?;
        let mut rest = items.skip_while(|(key, _)| after.as_ref().is_some_and(|after| key <= after));
        let mut told = Vec::new();
        let mut last = None;
        for (key, item) in rest.by_ref().take(self.max_results.unwrap_or(USUAL)) {
            told.push(show(item));
            last = Some(key);
        }
        let mut answer = Map::from_iter([(list.to_owned(), Value::Array(told))]);
        if let (Some(_), Some(last)) = (rest.next(), last) {
            answer.insert("nextToken".into(), BASE64_URL_SAFE_NO_PAD.encode(last).into());
        }
        Ok(Value::Object(answer))
    }
}

fn decode(token: &str) -> Result<String, ServiceError> {
    let text = BASE64_URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    text.ok_or_else(|| fault::invalid_parameter("The specified nextToken is invalid."))
}
