//! TagResource, UntagResource, ListResourceTags.
//!
//! Source: AWS KMS Developer Guide, "Tags in AWS KMS".

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, input},
    key::KeyRecord,
    key_state::KeyUse,
    paging::{Page, Paging},
};
use crate::ServiceError;

const MAX_TAGS: usize = 50;

/// A tag as it is asked for.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    tag_key: String,
    tag_value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TagResource {
    key_id: String,
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UntagResource {
    key_id: String,
    tag_keys: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListResourceTags {
    key_id: String,
    #[serde(flatten)]
    page: Page,
}

pub(super) fn tag_resource(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: TagResource = input(value)?;
    let mut change = call.change();
    let key = call.key("KeyId", &input.key_id)?;
    let now = call.usable(&key, KeyUse::Label)?;
    let tags = added(now.record.tags.clone(), input.tags)?;
    change.key(&key, KeyRecord { tags, ..now.record.clone() });
    call.commit(change);
    Ok(json!({}))
}

pub(super) fn untag_resource(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: UntagResource = input(value)?;
    let mut change = call.change();
    let key = call.key("KeyId", &input.key_id)?;
    let now = call.usable(&key, KeyUse::Label)?;
    let gone: BTreeSet<&String> = input.tag_keys.iter().collect();
    let mut record = now.record.clone();
    record.tags.retain(|key, _| !gone.contains(key));
    change.key(&key, record);
    call.commit(change);
    Ok(json!({}))
}

pub(super) fn list_resource_tags(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: ListResourceTags = input(value)?;
    let paging = Paging::of(&input.page, 50, 50)?;
    let key = call.key("KeyId", &input.key_id)?;
    let now = call.moment(&key);
    let later = |key: &&String| paging.after().is_none_or(|after| key.as_str() > after);
    let found: Vec<&String> = now.record.tags.keys().filter(later).take(paging.probe()).collect();
    Ok(paging.answer("Tags", found, |key| key, |key| json!({ "TagKey": key, "TagValue": now.record.tags.get(*key) })))
}

/// The tags with some more, a later value replacing an earlier one.
pub(super) fn added(
    mut tags: BTreeMap<String, String>,
    more: Vec<Tag>,
) -> Result<BTreeMap<String, String>, ServiceError> {
    let refuse = |message: &str| ServiceError::new("TagException", message);
    let mut named = BTreeSet::new();
    for Tag { tag_key, tag_value } in more {
        if tag_key.to_ascii_lowercase().starts_with("aws:") {
            return Err(refuse("Tag keys that begin with aws: are reserved."));
        }
        if !named.insert(tag_key.clone()) {
            return Err(refuse("Duplicate tag keys"));
        }
        tags.insert(tag_key, tag_value);
    }
    if tags.len() > MAX_TAGS {
        return Err(ServiceError::new("LimitExceededException", format!("A KMS key has up to {MAX_TAGS} tags.")));
    }
    Ok(tags)
}
