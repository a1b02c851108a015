//! Lists in pages: `MaxItems`, `Marker`, `IsTruncated`.
//!
//! A marker names the last item that was told, so that a page neither repeats nor skips what was there all along,
//! whatever is added or removed in between. It is 320 characters at most, so of a long key it has the beginning and a
//! digest; where that item is gone, the next page begins with the first that begins so.
//!
//! Sources: IAM API Reference, "ListRoles", `MaxItems` (100 where nobody says) and `Marker`; botocore's model of IAM,
//! `markerType`.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    ops::Bound::{Excluded, Unbounded},
    sync::Arc,
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{fault, roles::root_path};
use crate::ServiceError;

const USUAL: usize = 100;

/// How many bytes of a key a marker has.
const LONGEST: usize = 200;

/// What a marker of a long key begins with, which no key does.
const CUT: char = '\0';

/// The last item of the page before.
enum After {
    Key(String),
    /// How its key begins, and the digest of all of it.
    Long {
        start: String,
        digest: u64,
    },
}

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
        let after = match self.page.after()? {
            // No name is that long.
            Some(After::Long { .. }) => return Err(invalid_marker()),
            Some(After::Key(key)) => Some(key),
            None => None,
        };
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
        let rest = self.rest(items.map(|(key, item)| (key, list, item)))?;
        self.fill(&[list], rest, show)
    }

    /// The page of several lists, which are told one behind the other.
    pub(super) fn of_lists<T>(
        &self,
        lists: &[&'static str],
        entries: impl Iterator<Item = Entry<T>>,
        show: impl Fn(T) -> Value,
    ) -> Result<Value, ServiceError> {
        let rest = self.rest(entries)?;
        self.fill(lists, rest, |item| Ok(show(item)))
    }

    /// What comes behind the page before, of what is in the order of its keys.
    fn rest<'e, T: 'e>(
        &self,
        entries: impl Iterator<Item = Entry<T>> + 'e,
    ) -> Result<Box<dyn Iterator<Item = Entry<T>> + 'e>, ServiceError> {
        Ok(match self.after()? {
            None => Box::new(entries),
            Some(After::Key(after)) => Box::new(entries.skip_while(move |(key, ..)| *key <= after)),
            Some(After::Long { start, digest }) => {
                let entries: Vec<Entry<T>> = entries.collect();
                let last = entries.iter().position(|(key, ..)| digest_of(key) == digest);
                let from = last.map_or_else(|| entries.partition_point(|(key, ..)| *key < start), |last| last + 1);
                Box::new(entries.into_iter().skip(from))
            }
        })
    }

    fn after(&self) -> Result<Option<After>, ServiceError> {
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
            answer.insert("Marker".into(), encode(&last).into());
        }
        Ok(Value::Object(answer))
    }
}

fn encode(key: &str) -> String {
    if key.len() <= LONGEST {
        return BASE64_URL_SAFE_NO_PAD.encode(key);
    }
    let digest = format!("{CUT}{:016x}", digest_of(key));
    let start = key.get(..key.floor_char_boundary(LONGEST - digest.len())).unwrap_or_default();
    BASE64_URL_SAFE_NO_PAD.encode(digest + start)
}

fn decode(marker: &str) -> Result<After, ServiceError> {
    let text = BASE64_URL_SAFE_NO_PAD.decode(marker).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let text = text.ok_or_else(invalid_marker)?;
    let Some(long) = text.strip_prefix(CUT) else { return Ok(After::Key(text)) };
    let (digest, start) = long.split_at_checked(16).ok_or_else(invalid_marker)?;
    let digest = u64::from_str_radix(digest, 16).map_err(|_| invalid_marker())?;
    Ok(After::Long { start: start.to_owned(), digest })
}

/// The same in every process of this program.
fn digest_of(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

fn invalid_marker() -> ServiceError {
    fault::validation("Invalid Marker.")
}
