//! Tags, on whatever has an id.
//!
//! Source: Amazon EC2 User Guide, "Tag your Amazon EC2 resources" > "Tag restrictions"; Amazon EC2 API Reference,
//! "CreateTags", "DeleteTags" and "DescribeTags".

use std::collections::BTreeMap;

use aws_catalog::access::Ec2Kind;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, input},
    fault,
    filters::{Filters, Known, Walk},
    network,
    records::{Tags, tag_set},
    state::{Change, Realm},
};
use crate::ServiceError;

const MOST: usize = 50;
const LONGEST_KEY: usize = 128;
const LONGEST_VALUE: usize = 256;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateTags {
    resources: Vec<String>,
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeleteTags {
    resources: Vec<String>,
    tags: Option<Vec<Unwanted>>,
}

/// A tag that is taken away, whatever its value where none is named.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Unwanted {
    #[serde(default)]
    key: String,
    value: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    #[serde(default)]
    key: String,
    #[serde(default)]
    value: String,
}

/// The tags of things to be made, by type.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TagSpecification {
    #[serde(default)]
    resource_type: String,
    #[serde(default)]
    tags: Vec<Tag>,
}

pub(super) fn create(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let CreateTags { resources, tags } = input(value)?;
    let given = checked(tags)?;
    let mut change = call.change();
    for resource in &resources {
        if !is_there(call, &change, resource) {
            return Err(fault::not_found(resource));
        }
        put(call, &mut change, resource, &given)?;
    }
    change.commit();
    Ok(json!({}))
}

/// Those of AWS stay, and what is not there is no error.
pub(super) fn delete(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let DeleteTags { resources, tags } = input(value)?;
    let is_unwanted = |key: &str, value: &str| match &tags {
        Some(tags) => {
            let is_of = |tag: &Unwanted| tag.key == key && tag.value.as_ref().is_none_or(|unwanted| unwanted == value);
            tags.iter().any(is_of)
        }
        None => true,
    };
    let mut change = call.change();
    for resource in &resources {
        if !is_there(call, &change, resource) {
            return Err(fault::not_found(resource));
        }
        let Some(known) = change.tags.get(&Tags::key(call.account(), resource)).cloned() else { continue };
        let mut rest = Tags::clone(&known);
        rest.tags.retain(|key, value| key.starts_with("aws:") || !is_unwanted(key, value));
        if rest.tags.is_empty() {
            change.remove(&rest);
        } else if rest.tags.len() < known.tags.len() {
            change.put(rest);
        }
    }
    change.commit();
    Ok(json!({}))
}

/// What a tag is on, and what it says.
pub(super) fn describe(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    const FILTERS: &[Known] =
        &[("key", "Key"), ("resource-id", "ResourceId"), ("resource-type", "ResourceType"), ("value", "Value")];
    let filters = Filters::of(&value, FILTERS)?;
    let walk = Walk::by(&value, 5, |token| String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(token).ok()?).ok())?;
    let mut told: Vec<Value> = Vec::new();
    for tags in call.read().tags.of(&call.place()) {
        let resource = tags.id.rsplit('/').next().unwrap_or_default();
        let kind = Ec2Kind::of_id(resource).map_or("", Ec2Kind::name);
        told.extend(tags.tags.iter().map(|(key, value)| {
            // The list is for the filters `tag:KEY`.
            json!({
                "Key": key, "Value": value, "ResourceId": resource, "ResourceType": kind,
                "Tags": [{ "Key": key, "Value": value }],
            })
        }));
    }
    // They come in the order of these: no resource's id is the beginning of another's.
    let id = |tag: &Value| {
        let text = |member: &str| tag.get(member).and_then(Value::as_str).unwrap_or_default();
        format!("{}/{}", text("ResourceId"), text("Key"))
    };
    told.retain(|tag| walk.behind().is_none_or(|behind| id(tag).as_str() > behind) && filters.let_through(tag));
    told.iter_mut().filter_map(Value::as_object_mut).for_each(|tag| drop(tag.remove("Tags")));
    let (page, last) = walk.page(told.into_iter(), id);
    Ok(json!({ "Tags": page, "NextToken": last.map(|last| BASE64_URL_SAFE_NO_PAD.encode(last)) }))
}

/// Puts tags on something that the caller's account has, or may use.
pub(super) fn put(
    call: &Call<'_>,
    change: &mut Change<'_>,
    resource: &str,
    given: &BTreeMap<String, String>,
) -> Result<(), ServiceError> {
    if given.is_empty() {
        return Ok(());
    }
    let (owner, region) = call.place();
    let id = Tags::key(owner, resource);
    let mut tags = change.tags.get(&id).map(|tags| tags.tags.clone()).unwrap_or_default();
    tags.extend(given.clone());
    if tags.len() > MOST {
        let message = format!("The maximum number of tags ({MOST}) for the resource {resource} is exceeded.");
        return Err(ServiceError::new("TagLimitExceeded", message));
    }
    change.put(Tags { id, owner, region, tags });
    Ok(())
}

/// The tags that `TagSpecifications` have for things of a kind.
pub(super) fn of_new(
    specifications: &[TagSpecification],
    kind: Ec2Kind,
) -> Result<BTreeMap<String, String>, ServiceError> {
    let of_kind = specifications.iter().filter(|specification| specification.resource_type == kind.name());
    checked(of_kind.flat_map(|specification| specification.tags.clone()).collect())
}

/// The tag specifications of a launch template and of a request, of which the request's go before.
pub(super) fn merged(of_template: Option<&Value>, of_request: Option<&Value>) -> Value {
    let mut merged: BTreeMap<(&str, &str), &Value> = BTreeMap::new();
    for specification in [of_template, of_request].into_iter().flatten().filter_map(Value::as_array).flatten() {
        let kind = specification.get("ResourceType").and_then(Value::as_str).unwrap_or_default();
        for tag in specification.get("Tags").and_then(Value::as_array).into_iter().flatten() {
            merged.insert((kind, tag.get("Key").and_then(Value::as_str).unwrap_or_default()), tag);
        }
    }
    let specifications = merged.into_iter().map(|((kind, _), tag)| json!({ "ResourceType": kind, "Tags": [tag] }));
    specifications.collect()
}

/// The tags of something, as answers have them.
pub(super) fn of(call: &Call<'_>, resource: &str) -> Value {
    told(call, &call.read(), resource)
}

/// The same, where the state is read already.
pub(super) fn told(call: &Call<'_>, realm: &Realm, resource: &str) -> Value {
    let tags = realm.tags.get(&Tags::key(call.account(), resource));
    tags.map_or_else(|| json!([]), |tags| tag_set(&tags.tags))
}

fn is_there(call: &Call<'_>, realm: &Realm, id: &str) -> bool {
    let (account, region) = call.place();
    match Ec2Kind::of_id(id) {
        Some(Ec2Kind::Instance) => {
            realm.instances.get(id).is_some_and(|of| (of.owner, &of.region) == (account, &region))
        }
        Some(Ec2Kind::Volume) => realm.volumes.get(id).is_some_and(|of| (of.owner, &of.region) == (account, &region)),
        Some(Ec2Kind::Snapshot) => realm.snapshots.get(id).is_some_and(|of| of.is_for(account) && of.region == region),
        Some(Ec2Kind::Image) => realm.images.get(id).is_some_and(|of| of.is_for(account) && of.region == region),
        Some(Ec2Kind::LaunchTemplate) => {
            realm.templates.get(id).is_some_and(|of| (of.owner, &of.region) == (account, &region))
        }
        Some(Ec2Kind::Subnet) => network::Subnet::all(account, &region).iter().any(|subnet| subnet.id == id),
        Some(Ec2Kind::SecurityGroup) => network::group(account, &region) == id,
        Some(Ec2Kind::Vpc) => network::vpc(account, &region) == id,
        Some(Ec2Kind::Fleet) => realm.fleets.get(id).is_some_and(|of| (of.owner, &of.region) == (account, &region)),
        Some(Ec2Kind::SpotInstancesRequest) => {
            realm.spot_requests.get(id).is_some_and(|of| (of.owner, &of.region) == (account, &region))
        }
        Some(Ec2Kind::NetworkInterface) => realm.instances.of(&call.place()).any(|of| of.interface == id),
        // There are none.
        Some(Ec2Kind::KeyPair) | None => false,
    }
}

fn checked(tags: Vec<Tag>) -> Result<BTreeMap<String, String>, ServiceError> {
    let mut checked = BTreeMap::new();
    for Tag { key, value } in tags {
        if key.is_empty() || key.chars().count() > LONGEST_KEY || key.to_ascii_lowercase().starts_with("aws:") {
            let message = format!("Tag keys have up to {LONGEST_KEY} characters and do not begin with 'aws:'.");
            return Err(fault::invalid(message));
        }
        if value.chars().count() > LONGEST_VALUE {
            return Err(fault::invalid(format!("Tag values have up to {LONGEST_VALUE} characters.")));
        }
        if checked.insert(key.clone(), value).is_some() {
            return Err(fault::invalid(format!("Duplicate tag key '{key}' specified.")));
        }
    }
    Ok(checked)
}
