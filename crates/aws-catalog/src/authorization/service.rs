//! A service: its actions, resource types and condition keys.

use serde::Deserialize;

use super::{Action, ConditionKey};

/// What the reference tells of one service.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    #[serde(skip)]
    pub(super) prefix: &'static str,
    name: String,
    /// By name, in lower case: the order that [`action`](Self::action) searches in.
    pub(super) actions: Vec<Action>,
    resource_types: Vec<ResourceType>,
    condition_keys: Vec<ConditionKey>,
}

/// What can stand in the `Resource` of a policy for a service.
#[derive(Debug, Deserialize)]
pub struct ResourceType {
    name: String,
    arn: String,
    #[serde(default)]
    keys: Vec<String>,
}

impl Service {
    /// What stands before the colon of its actions: `kms`.
    #[must_use]
    pub fn prefix(&self) -> &'static str {
        self.prefix
    }

    /// Its name: `AWS Key Management Service`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its actions, by name.
    #[must_use]
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// The action of this name, without the prefix and in any case.
    #[must_use]
    pub fn action(&self, name: &str) -> Option<&Action> {
        let wanted = name.bytes().map(|byte| byte.to_ascii_lowercase());
        let found = self.actions.binary_search_by(|action| lower(&action.name).cmp(wanted.clone()));
        found.ok().and_then(|at| self.actions.get(at))
    }

    /// Its resource types.
    #[must_use]
    pub fn resource_types(&self) -> &[ResourceType] {
        &self.resource_types
    }

    /// The resource type of this name.
    #[must_use]
    pub fn resource_type(&self, name: &str) -> Option<&ResourceType> {
        self.resource_types.iter().find(|resource| resource.name == name)
    }

    /// The condition keys of its requests, the global ones that the reference names for it included.
    #[must_use]
    pub fn condition_keys(&self) -> &[ConditionKey] {
        &self.condition_keys
    }

    /// The condition key that a policy names so: `kms:EncryptionContext:team` is
    /// `kms:EncryptionContext:${EncryptionContextKey}`.
    #[must_use]
    pub fn condition_key(&self, name: &str) -> Option<&ConditionKey> {
        self.condition_keys.iter().find(|key| key.is_named(name))
    }
}

impl ResourceType {
    /// Its name in the service: `key`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The form of its ARNs: `arn:${Partition}:kms:${Region}:${Account}:key/${KeyId}`.
    #[must_use]
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// The condition keys that tell about such a resource, in every request that names one.
    #[must_use]
    pub fn condition_keys(&self) -> &[String] {
        &self.keys
    }
}

pub(super) fn lower(name: &str) -> impl Iterator<Item = u8> + Clone {
    name.bytes().map(|byte| byte.to_ascii_lowercase())
}
