//! Tags of groups.
//!
//! Source: Amazon EC2 Auto Scaling User Guide, "Tag Auto Scaling groups and instances" > "Tag naming and usage
//! restrictions"; Amazon EC2 Auto Scaling API Reference, "CreateOrUpdateTags", "DeleteTags", "DescribeTags".

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, Page, input},
    fault,
    filters::Filters,
    records::{Group, Tag, Tags},
};
use crate::ServiceError;

const MOST: usize = 50;
const LONGEST_KEY: usize = 128;
const LONGEST_VALUE: usize = 256;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Given {
    resource_id: Option<String>,
    resource_type: Option<String>,
    key: String,
    value: Option<String>,
    propagate_at_launch: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OfGroups {
    tags: Vec<Given>,
}

/// The tags that a new group is given.
pub(super) fn of_new(given: &[Value]) -> Result<Tags, ServiceError> {
    let mut tags = Tags::new();
    for given in given {
        let given: Given = input(given.clone())?;
        // AWS's own description has it true where it is not given, and its answers false.
        let tag =
            Tag { value: given.value.unwrap_or_default(), propagates: given.propagate_at_launch.unwrap_or_default() };
        check(&given.key, &tag.value)?;
        if tags.insert(given.key.clone(), tag).is_some() {
            return Err(fault::validation(format!("Duplicate tag key '{}' specified.", given.key)));
        }
    }
    enough(&tags)?;
    Ok(tags)
}

pub(super) fn create_or_update(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    change(call, value, |tags, given| {
        let known = tags.get(&given.key);
        let propagates = given.propagate_at_launch.or(known.map(|known| known.propagates)).unwrap_or_default();
        let tag = Tag { value: given.value.unwrap_or_default(), propagates };
        check(&given.key, &tag.value)?;
        tags.insert(given.key, tag);
        enough(tags)
    })
}

pub(super) fn delete(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    change(call, value, |tags, given| {
        // A value that is given must be the tag's.
        if tags
            .get(&given.key)
            .is_some_and(|tag| given.value.is_none_or(|value| value.is_empty() || value == tag.value))
        {
            tags.remove(&given.key);
        }
        Ok(())
    })
}

pub(super) fn describe(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let filters = Filters::of(&value)?.known(&["auto-scaling-group", "key", "value", "propagate-at-launch"])?;
    let realm = call.read();
    let all = realm.groups(&call.place()).flat_map(|group| {
        group.tags.iter().map(move |(key, tag)| (format!("{}\n{key}", group.name()), (group, key, tag)))
    });
    let found = all.filter(|(_, (group, key, tag))| filters.let_tag_through(group, key, tag));
    let page = Page { input: &value, usual: 50, most: 100 };
    page.of("Tags", found, |(group, key, tag)| told(group.name(), key, tag))
}

pub(super) fn told(group: &str, key: &str, tag: &Tag) -> Value {
    json!({
        "ResourceId": group,
        "ResourceType": "auto-scaling-group",
        "Key": key,
        "Value": tag.value,
        "PropagateAtLaunch": tag.propagates,
    })
}

/// Changes the tags of the groups that an input names, all or none.
fn change(
    call: &Call<'_>,
    value: Value,
    mut edit: impl FnMut(&mut Tags, Given) -> Result<(), ServiceError>,
) -> Result<Value, ServiceError> {
    let OfGroups { tags } = input(value)?;
    let mut change = call.change();
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for given in tags {
        let name = given.resource_id.clone().unwrap_or_default();
        if given.resource_type.as_deref().is_some_and(|kind| kind != "auto-scaling-group") || name.is_empty() {
            return Err(fault::validation("Each tag must name a ResourceId, and the ResourceType auto-scaling-group."));
        }
        if !groups.contains_key(&name) {
            groups.insert(name.clone(), Group::clone(change.group(&call.place(), &name)?));
        }
        if let Some(group) = groups.get_mut(&name) {
            edit(&mut group.tags, given)?;
        }
    }
    groups.into_values().for_each(|group| change.put(group));
    change.commit();
    Ok(json!({}))
}

fn check(key: &str, value: &str) -> Result<(), ServiceError> {
    if key.is_empty() || key.chars().count() > LONGEST_KEY || key.to_ascii_lowercase().starts_with("aws:") {
        let message = format!("Tag keys have up to {LONGEST_KEY} characters and do not begin with 'aws:'.");
        return Err(fault::validation(message));
    }
    if value.chars().count() > LONGEST_VALUE {
        return Err(fault::validation(format!("Tag values have up to {LONGEST_VALUE} characters.")));
    }
    Ok(())
}

fn enough(tags: &Tags) -> Result<(), ServiceError> {
    if tags.len() <= MOST { Ok(()) } else { Err(fault::limit(format!("A group has at most {MOST} tags."))) }
}
