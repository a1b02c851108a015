//! One service's files, read in the package's form and written in ours.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result};
use serde::{Serialize, de::DeserializeOwned};

/// A service as `aws-catalog` reads it. What is empty, false or not there is left out.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Service {
    name: String,
    actions: Vec<Action>,
    resource_types: Vec<ResourceType>,
    condition_keys: Vec<ConditionKey>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Action {
    name: String,
    access: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resources: Vec<ActionResource>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    keys: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dependent: Vec<String>,
}

#[derive(Debug, PartialEq, Serialize)]
struct ActionResource {
    name: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    required: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    keys: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dependent: Vec<String>,
}

#[derive(Debug, PartialEq, Serialize)]
struct ResourceType {
    name: String,
    arn: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    keys: Vec<String>,
}

#[derive(Debug, PartialEq, Serialize)]
struct ConditionKey {
    name: String,
    #[serde(rename = "type")]
    value_type: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    many: bool,
}

/// The package's form. Its maps are by name in lower case.
mod theirs {
    use serde::Deserialize;

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub(super) struct Action {
        pub(super) name: String,
        pub(super) access_level: String,
        pub(super) resource_types: Vec<ActionResource>,
        pub(super) condition_keys: Vec<String>,
        pub(super) dependent_actions: Vec<String>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub(super) struct ActionResource {
        pub(super) name: String,
        pub(super) required: bool,
        pub(super) condition_keys: Vec<String>,
        pub(super) dependent_actions: Vec<String>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub(super) struct ResourceType {
        pub(super) key: String,
        pub(super) arn: String,
        #[serde(default)]
        pub(super) condition_keys: Vec<String>,
    }

    #[derive(Deserialize)]
    pub(super) struct ConditionKey {
        pub(super) key: String,
        #[serde(rename = "type")]
        pub(super) value_type: String,
    }
}

/// The service of this prefix, from the package's `data`.
pub(super) fn read(data: &Path, prefix: &str) -> Result<Service> {
    let names: BTreeMap<String, String> = json(&data.join("serviceNames.json"))?;
    let name = names.get(prefix).with_context(|| format!("serviceNames.json has no `{prefix}`"))?.clone();
    let of = |kind: &str| data.join(kind).join(format!("{prefix}.json"));
    // In the order of lower-case names, which look-ups rely on.
    let actions: BTreeMap<String, theirs::Action> = json(&of("actions"))?;
    let resource_types: BTreeMap<String, theirs::ResourceType> = json(&of("resourceTypes"))?;
    let condition_keys: BTreeMap<String, theirs::ConditionKey> = json(&of("conditionKeys"))?;
    Ok(Service {
        name,
        actions: actions.into_values().map(Action::from).collect(),
        resource_types: resource_types.into_values().map(ResourceType::from).collect(),
        condition_keys: condition_keys.into_values().map(ConditionKey::from).collect(),
    })
}

impl From<theirs::Action> for Action {
    fn from(action: theirs::Action) -> Self {
        Self {
            name: action.name,
            // `Permissions management, Write` is two levels.
            access: action.access_level.split(", ").map(str::to_owned).collect(),
            resources: action.resource_types.into_iter().map(ActionResource::from).collect(),
            keys: action.condition_keys,
            dependent: action.dependent_actions,
        }
    }
}

impl From<theirs::ActionResource> for ActionResource {
    fn from(resource: theirs::ActionResource) -> Self {
        Self {
            name: resource.name,
            required: resource.required,
            keys: resource.condition_keys,
            dependent: resource.dependent_actions,
        }
    }
}

impl From<theirs::ResourceType> for ResourceType {
    fn from(resource: theirs::ResourceType) -> Self {
        Self { name: resource.key, arn: resource.arn, keys: resource.condition_keys }
    }
}

impl From<theirs::ConditionKey> for ConditionKey {
    fn from(key: theirs::ConditionKey) -> Self {
        match key.value_type.strip_prefix("ArrayOf") {
            Some(element) => Self { name: key.key, value_type: element.to_owned(), many: true },
            None => Self { name: key.key, value_type: key.value_type, many: false },
        }
    }
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} is not of the package's form", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_package_joins_is_taken_apart() {
        let action: theirs::Action = serde_json::from_str(
            r#"{"name": "CreateGrant", "accessLevel": "Permissions management, Write", "resourceTypes": [
                {"name": "key", "required": true, "conditionKeys": [], "dependentActions": []}],
                "conditionKeys": ["kms:ViaService"], "dependentActions": [], "description": "Controls"}"#,
        )
        .unwrap();
        assert_eq!(
            serde_json::to_string(&Action::from(action)).unwrap(),
            r#"{"name":"CreateGrant","access":["Permissions management","Write"],"resources":[{"name":"key","required":true}],"keys":["kms:ViaService"]}"#
        );
        let key: theirs::ConditionKey =
            serde_json::from_str(r#"{"key": "aws:TagKeys", "type": "ArrayOfString", "description": ""}"#).unwrap();
        assert_eq!(
            serde_json::to_string(&ConditionKey::from(key)).unwrap(),
            r#"{"name":"aws:TagKeys","type":"String","many":true}"#
        );
    }
}
