//! Tags of clusters and of what is theirs.
//!
//! Source: Amazon EKS User Guide, "Organize Amazon EKS resources with tags" > "Tag restrictions".

use std::{collections::BTreeMap, sync::Arc};

use aws_model::Arn;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, input},
    fault,
    records::{AccessEntry, Addon, Association, Cluster, FargateProfile, IdentityProvider, NodeGroup, Tags},
    state::{Change, Realm, Record},
};
use crate::ServiceError;

const MOST: usize = 50;
const LONGEST_KEY: usize = 128;
const LONGEST_VALUE: usize = 256;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TagThem {
    resource_arn: String,
    tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UntagThem {
    resource_arn: String,
    tag_keys: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListThem {
    resource_arn: String,
}

/// What has tags.
pub(super) trait Tagged {
    fn arn(&self) -> &Arn;
    fn tags(&self) -> &Tags;
    fn tags_mut(&mut self) -> &mut Tags;
    fn put(self: Box<Self>, change: &mut Change<'_>);
}

macro_rules! tagged {
    ($($record:ty),*) => {$(
        impl Tagged for $record {
            fn arn(&self) -> &Arn {
                &self.arn
            }

            fn tags(&self) -> &Tags {
                &self.tags
            }

            fn tags_mut(&mut self) -> &mut Tags {
                &mut self.tags
            }

            fn put(self: Box<Self>, change: &mut Change<'_>) {
                change.put(*self);
            }
        }
    )*};
}

tagged!(AccessEntry, Addon, Association, Cluster, FargateProfile, IdentityProvider, NodeGroup);

/// Refuses tags that cannot be put beside those that are there.
pub(super) fn check(new: &Tags, known: &Tags) -> Result<(), ServiceError> {
    let is_reserved = |text: &String| text.to_ascii_lowercase().starts_with("aws:");
    if new.iter().any(|(key, value)| is_reserved(key) || is_reserved(value)) {
        return Err(fault::invalid_parameter("Tag keys and values must not begin with aws:, which is reserved."));
    }
    let is_long = |(key, value): (&String, &String)| {
        !(1..=LONGEST_KEY).contains(&key.chars().count()) || value.chars().count() > LONGEST_VALUE
    };
    if new.iter().any(is_long) {
        return Err(fault::invalid_parameter("A tag key has 1 to 128 characters, and a tag value at most 256."));
    }
    let added = new.keys().filter(|key| !known.contains_key(*key)).count();
    if known.len() + added > MOST {
        return Err(fault::invalid_parameter(format!("A resource has at most {MOST} tags.")));
    }
    Ok(())
}

pub(super) fn tag(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let TagThem { resource_arn, tags } = input(value)?;
    edit(call, &resource_arn, |known| {
        check(&tags, known).map_err(|refused| fault::bad_request(refused.message()))?;
        known.extend(tags);
        Ok(())
    })
}

pub(super) fn untag(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let UntagThem { resource_arn, tag_keys } = input(value)?;
    edit(call, &resource_arn, |known| {
        known.retain(|key, _| !tag_keys.contains(key));
        Ok(())
    })
}

pub(super) fn list(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let ListThem { resource_arn } = input(value)?;
    is_of_eks(&resource_arn)?;
    let tagged = named(&call.read(), call, &resource_arn).ok_or_else(|| fault::no_resource(&resource_arn))?;
    Ok(json!({ "tags": tagged.tags() }))
}

fn edit(
    call: &Call<'_>,
    arn: &str,
    edit: impl FnOnce(&mut Tags) -> Result<(), ServiceError>,
) -> Result<Value, ServiceError> {
    is_of_eks(arn)?;
    let mut change = call.change();
    let mut tagged = named(&change, call, arn).ok_or_else(|| fault::no_resource(arn))?;
    edit(tagged.tags_mut())?;
    tagged.put(&mut change);
    change.commit();
    Ok(json!({}))
}

fn is_of_eks(arn: &str) -> Result<(), ServiceError> {
    if arn.starts_with("arn:") && arn.contains(":eks:") {
        return Ok(());
    }
    Err(fault::bad_request(format!("The resource ARN {arn} is invalid.")))
}

/// What an ARN names, if it is of the caller's account and of the region.
pub(super) fn named(realm: &Realm, call: &Call<'_>, arn: &str) -> Option<Box<dyn Tagged>> {
    let place = call.place();
    let resource = arn.splitn(6, ':').nth(5)?;
    let (kind, name) = resource.split_once('/')?;
    let found: Box<dyn Tagged> = match (kind, name.split_once('/')) {
        ("cluster", None) => copy(realm.cluster(&place, name).ok()?),
        ("podidentityassociation", Some((cluster, id))) => copy(realm.association(&place, cluster, id).ok()?),
        ("addon", Some((cluster, name))) => copy(realm.addon(&place, cluster, name.split_once('/')?.0).ok()?),
        ("access-entry", Some((cluster, _))) => {
            copy(realm.access_entries(&place, cluster).find(|entry| entry.arn.as_str() == arn)?)
        }
        ("fargateprofile", Some((cluster, name))) => {
            copy(realm.fargate_profile(&place, cluster, name.split_once('/')?.0).ok()?)
        }
        ("nodegroup", Some((cluster, name))) => copy(realm.node_group(&place, cluster, name.split_once('/')?.0).ok()?),
        ("identityproviderconfig", Some((cluster, _))) => {
            copy(realm.identity_providers(&place, cluster).find(|provider| provider.arn.as_str() == arn)?)
        }
        _ => return None,
    };
    (found.arn().as_str() == arn).then_some(found)
}

fn copy<R: Record + Tagged>(record: &Arc<R>) -> Box<dyn Tagged> {
    Box::new(R::clone(record))
}
