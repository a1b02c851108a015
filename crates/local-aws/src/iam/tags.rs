//! Tags of everything that has some.
//!
//! Source: IAM User Guide, "Tags for AWS Identity and Access Management resources" > "Rules for tagging in IAM and AWS STS"
//! (keys of users and roles are unique without case, of everything else with it; none begins with `aws:`), and "IAM and
//! AWS STS quotas" (50 at most). Messages: AWS's answers that localstack recorded (`test_iam_roles.snapshot.json` and
//! `test_iam_policies.snapshot.json`, 2026); that of `aws:` is assumed.

use std::collections::BTreeMap;

use aws_catalog::access::IamKind;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    call::{Call, input},
    fault,
    paging::Page,
};
use crate::ServiceError;

const MOST: usize = 50;

/// A tag as it is asked for and kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    pub(super) key: String,
    pub(super) value: String,
}

/// The tags of an entity, by their keys: in lower case those of users and roles.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Tags(BTreeMap<String, Tag>);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TagThem {
    #[serde(flatten)]
    of: Of,
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UntagThem {
    #[serde(flatten)]
    of: Of,
    tag_keys: Vec<String>,
}

#[derive(Deserialize)]
struct ListTags {
    #[serde(flatten)]
    of: Of,
    #[serde(flatten)]
    page: Page,
}

/// What has the tags, by the name or ARN that the operation takes.
#[derive(Deserialize)]
struct Of {
    #[serde(
        alias = "RoleName",
        alias = "UserName",
        alias = "PolicyArn",
        alias = "InstanceProfileName",
        alias = "OpenIDConnectProviderArn",
        alias = "SerialNumber"
    )]
    name: String,
}

impl Tags {
    /// The tags of something new.
    pub(super) fn new(kind: IamKind, given: Vec<Tag>) -> Result<Self, ServiceError> {
        let mut tags = Self::default();
        tags.add(kind, given)?;
        Ok(tags)
    }

    fn add(&mut self, kind: IamKind, given: Vec<Tag>) -> Result<(), ServiceError> {
        let mut named = std::collections::BTreeSet::new();
        for tag in given {
            if tag.key.to_lowercase().starts_with("aws:") {
                return Err(fault::invalid_input("Tag keys that begin with aws: are reserved for AWS's use."));
            }
            let key = unique(kind, &tag.key);
            if !named.insert(key.clone()) {
                let without_case =
                    if key_has_case(kind) { "" } else { " Please note that Tag keys are case insensitive." };
                return Err(fault::invalid_input(format!("Duplicate tag keys found.{without_case}")));
            }
            // An earlier version kept all by their keys in lower case.
            self.0.retain(|_, before| unique(kind, &before.key) != key);
            self.0.insert(key, tag);
        }
        if self.0.len() > MOST {
            return Err(fault::limit_exceeded("The number of tags has reached the maximum limit."));
        }
        Ok(())
    }

    fn remove(&mut self, kind: IamKind, keys: &[String]) {
        let keys: Vec<String> = keys.iter().map(|key| unique(kind, key)).collect();
        self.0.retain(|_, tag| !keys.contains(&unique(kind, &tag.key)));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As answers have them.
    pub(super) fn told(&self) -> Value {
        self.0.values().map(|tag| json!({ "Key": tag.key, "Value": tag.value })).collect()
    }

    /// As the authorization model takes them.
    pub(super) fn of_model(&self) -> BTreeMap<String, String> {
        self.0.values().map(|tag| (tag.key.clone(), tag.value.clone())).collect()
    }
}

/// Whether tags whose keys differ by case are two.
fn key_has_case(kind: IamKind) -> bool {
    !matches!(kind, IamKind::User | IamKind::Role)
}

/// What there is one of.
fn unique(kind: IamKind, key: &str) -> String {
    if key_has_case(kind) { key.to_owned() } else { key.to_lowercase() }
}

/// As the world file has them, of users and roles.
impl FromIterator<(String, String)> for Tags {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(pairs: T) -> Self {
        Self(pairs.into_iter().map(|(key, value)| (key.to_lowercase(), Tag { key, value })).collect())
    }
}

pub(super) fn tag(call: &Call<'_>, kind: IamKind, value: Value) -> Result<Value, ServiceError> {
    let TagThem { of, tags } = input(value)?;
    let mut change = call.change();
    change.edit_tags(kind, &of.name, |now| now.add(kind, tags))?;
    change.commit();
    Ok(json!({}))
}

pub(super) fn untag(call: &Call<'_>, kind: IamKind, value: Value) -> Result<Value, ServiceError> {
    let UntagThem { of, tag_keys } = input(value)?;
    let mut change = call.change();
    change.edit_tags(kind, &of.name, |now| {
        now.remove(kind, &tag_keys);
        Ok(())
    })?;
    change.commit();
    Ok(json!({}))
}

pub(super) fn list(call: &Call<'_>, kind: IamKind, value: Value) -> Result<Value, ServiceError> {
    let ListTags { of, page } = input(value)?;
    let realm = call.realm();
    let tags = realm.tags(kind, &of.name)?;
    page.of(
        "Tags",
        tags.0.iter().map(|(key, tag)| (key.clone(), tag)),
        |tag| json!({ "Key": tag.key, "Value": tag.value }),
    )
}
