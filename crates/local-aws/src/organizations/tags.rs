//! Tags of roots, units, accounts and policies.
//!
//! Source: AWS Organizations User Guide, "Tagging AWS Organizations resources" (50 tags; keys are told apart by case and do
//! not begin with `aws:`).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    call::{Call, input},
    fault,
    paging::Page,
    quotas,
    records::{Account, Organization, Policy, Unit},
    state::{Change, Level, Realm},
};
use crate::ServiceError;

/// A tag as it is asked for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    key: String,
    value: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Tags(BTreeMap<String, String>);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TagThem {
    resource_id: String,
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UntagThem {
    resource_id: String,
    tag_keys: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListTags {
    resource_id: String,
    #[serde(flatten)]
    page: Page,
}

impl Tags {
    /// The tags of something new.
    pub(super) fn new(given: Vec<Tag>) -> Result<Self, ServiceError> {
        let mut tags = Self::default();
        tags.add(given)?;
        Ok(tags)
    }

    fn add(&mut self, given: Vec<Tag>) -> Result<(), ServiceError> {
        let mut named = BTreeSet::new();
        for Tag { key, value } in given {
            if key.to_lowercase().starts_with("aws:") {
                let message = "You specified a tag key that begins with aws:, which is reserved for AWS's use.";
                return Err(fault::invalid_input("INVALID_SYSTEM_TAGS_PARAMETER", message));
            }
            if !named.insert(key.clone()) {
                let message = "Tag keys must be unique among the tags attached to the same entity.";
                return Err(fault::invalid_input("DUPLICATE_TAG_KEY", message));
            }
            self.0.insert(key, value);
        }
        if self.0.len() > quotas::TAGS {
            let message = "You have exceeded the number of tags allowed on this resource.";
            return Err(fault::constraint("MAX_TAG_LIMIT_EXCEEDED", message));
        }
        Ok(())
    }

    /// As the authorization model takes them.
    pub(super) fn of_model(&self) -> BTreeMap<String, String> {
        self.0.clone()
    }
}

pub(super) fn tag(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let TagThem { resource_id, tags } = input(value)?;
    let mut change = call.change()?;
    edit(&mut change, &resource_id, |now| now.add(tags))?;
    change.commit();
    Ok(json!({}))
}

pub(super) fn untag(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let UntagThem { resource_id, tag_keys } = input(value)?;
    let mut change = call.change()?;
    edit(&mut change, &resource_id, |now| {
        for key in &tag_keys {
            now.0.remove(key);
        }
        Ok(())
    })?;
    change.commit();
    Ok(json!({}))
}

pub(super) fn list(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let ListTags { resource_id, page } = input(value)?;
    let realm = call.read()?;
    let tags = of(&realm, &resource_id).ok_or_else(fault::no_target)?;
    page.of(
        "Tags",
        tags.0.iter().map(|(key, value)| (key.clone(), (key, value))),
        |(key, value)| json!({ "Key": key, "Value": value }),
    )
}

/// The tags of what an id names.
pub(super) fn of<'r>(realm: &'r Realm, id: &str) -> Option<&'r Tags> {
    if let Ok(level) = realm.level(id) {
        return Some(level.tags());
    }
    realm.policy(id).map(|policy| &policy.tags).ok()
}

fn edit(
    change: &mut Change<'_>,
    id: &str,
    edit: impl FnOnce(&mut Tags) -> Result<(), ServiceError>,
) -> Result<(), ServiceError> {
    match change.level(id) {
        Ok(Level::Root(root)) => {
            let mut root = Organization::clone(root);
            edit(&mut root.tags)?;
            change.put(root);
        }
        Ok(Level::Unit(unit)) => {
            let mut unit = Unit::clone(unit);
            edit(&mut unit.tags)?;
            change.put(unit);
        }
        Ok(Level::Account(account)) => {
            let mut account = Account::clone(account);
            edit(&mut account.tags)?;
            change.put(account);
        }
        Err(_) => {
            let mut policy = Policy::clone(change.policy(id).map_err(|_| fault::no_target())?);
            if policy.is_of_aws() {
                return Err(fault::immutable(policy.kind));
            }
            edit(&mut policy.tags)?;
            change.put(policy);
        }
    }
    Ok(())
}
