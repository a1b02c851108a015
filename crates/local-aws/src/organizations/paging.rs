//! Lists in pages: `MaxResults`, `NextToken`.
//!
//! Source: AWS Organizations API Reference, "ListAccounts", `MaxResults` (20 at most) and `NextToken`.

use serde::Deserialize;
use serde_json::Value;

use super::fault;
use crate::{
    ServiceError,
    answer::{InvalidToken, Paging},
};

const USUAL: usize = 20;

/// The two parameters of every list.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
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
        let most = self.max_results.unwrap_or(USUAL);
        let paging = Paging { most, after: self.next_token.as_deref(), token: "NextToken" };
        paging.of(list, items, show).map_err(|InvalidToken| {
            fault::invalid_input("INVALID_NEXT_TOKEN", "You specified an invalid value for nextToken.")
        })
    }
}
