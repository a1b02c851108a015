//! Lists in pages: `MaxItems`, `Marker`, `IsTruncated`.
//!
//! A marker names the last item that was told, so that a page neither repeats nor skips what was there all along,
//! whatever is added or removed in between.
//!
//! Source: IAM API Reference, "ListRoles", `MaxItems` (100 where nobody says) and `Marker`.

use std::{
    collections::BTreeMap,
    ops::Bound::{Excluded, Unbounded},
    sync::Arc,
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{fault, roles::root_path};
use crate::ServiceError;

const USUAL: usize = 100;

/// The two parameters of every list.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Page {
    max_items: Option<usize>,
    marker: Option<String>,
}

/// The parameters of lists of what has paths.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ByPath {
    #[serde(default = "root_path")]
    pub(super) path_prefix: String,
    #[serde(flatten)]
    pub(super) page: Page,
}

impl ByPath {
    /// The page of all that are under the prefix. What comes before the page is not looked at.
    pub(super) fn of<T>(
        &self,
        list: &'static str,
        all: &BTreeMap<String, Arc<T>>,
        path: impl Fn(&T) -> &str,
        show: impl Fn(&T) -> Value,
    ) -> Result<Value, ServiceError> {
        let after = self.page.after()?;
        let from = after.as_deref().map_or(Unbounded, Excluded);
        let rest = all.range::<str, _>((from, Unbounded)).filter(|(_, item)| path(item).starts_with(&self.path_prefix));
        let entries = rest.map(|(key, item)| (key.clone(), list, item));
        self.page.fill(&[list], entries, |item| Ok(show(item)))
    }
}

/// One thing of a list: its key, by which all are sorted, in which of the answer's lists it is, and itself.
pub(super) type Entry<T> = (String, &'static str, T);

impl Page {
    /// The page of one list.
    pub(super) fn of<T>(
        &self,
        list: &'static str,
        items: impl Iterator<Item = (String, T)>,
        show: impl Fn(T) -> Value,
    ) -> Result<Value, ServiceError> {
        self.of_lists(&[list], items.map(|(key, item)| (key, list, item)), show)
    }

    /// The same where it takes work to show an item, which can fail. What is not on the page is not looked at.
    pub(super) fn try_of<T>(
        &self,
        list: &'static str,
        items: impl Iterator<Item = (String, T)>,
        show: impl FnMut(T) -> Result<Value, ServiceError>,
    ) -> Result<Value, ServiceError> {
        let after = self.after()?;
        let rest = items.skip_while(|(key, _)| after.as_ref().is_some_and(|after| key <= after));
        self.fill(&[list], rest.map(|(key, item)| (key, list, item)), show)
    }

    /// The page of several lists, which are told one behind the other.
    pub(super) fn of_lists<T>(
        &self,
        lists: &[&'static str],
        entries: impl Iterator<Item = Entry<T>>,
        show: impl Fn(T) -> Value,
    ) -> Result<Value, ServiceError> {
        let after = self.after()?;
        let rest = entries.skip_while(|(key, ..)| after.as_ref().is_some_and(|after| key <= after));
        self.fill(lists, rest, |item| Ok(show(item)))
    }

    /// The key of the last item of the page before.
    pub(super) fn after(&self) -> Result<Option<String>, ServiceError> {
        self.marker.as_deref().map(decode).transpose()
    }

    /// The page that begins with the first of these.
    fn fill<T>(
        &self,
        lists: &[&'static str],
        mut rest: impl Iterator<Item = Entry<T>>,
        mut show: impl FnMut(T) -> Result<Value, ServiceError>,
    ) -> Result<Value, ServiceError> {
        let most = self.max_items.unwrap_or(USUAL);
        let mut answer: Map<String, Value> =
            lists.iter().map(|list| ((*list).to_owned(), Value::Array(Vec::new()))).collect();
        let mut last = None;
        for (key, list, item) in rest.by_ref().take(most) {
            if let Some(Value::Array(told)) = answer.get_mut(list) {
                told.push(show(item)?);
            }
            last = Some(key);
        }
        let is_truncated = rest.next().is_some();
        answer.insert("IsTruncated".into(), is_truncated.into());
        if let (true, Some(last)) = (is_truncated, last) {
            answer.insert("Marker".into(), BASE64_URL_SAFE_NO_PAD.encode(last).into());
        }
        Ok(Value::Object(answer))
    }
}

fn decode(marker: &str) -> Result<String, ServiceError> {
    let text = BASE64_URL_SAFE_NO_PAD.decode(marker).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    text.ok_or_else(|| fault::validation("Invalid Marker."))
}
