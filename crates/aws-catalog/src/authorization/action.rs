//! Actions: what a policy can allow.

use serde::Deserialize;

/// One action of a service.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Action {
    #[serde(skip)]
    pub(super) service: &'static str,
    pub(super) name: String,
    access: Vec<AccessLevel>,
    #[serde(default)]
    resources: Vec<ActionResource>,
    #[serde(default)]
    keys: Vec<String>,
    #[serde(default)]
    dependent: Vec<String>,
}

/// What an action does to what it acts on.
///
/// Source: IAM User Guide, "Understanding access level summaries within policy summaries".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub enum AccessLevel {
    /// Tells which resources there are, not what is in them.
    List,
    /// Tells what is in them.
    Read,
    /// Creates, changes or deletes them.
    Write,
    /// Changes their tags alone.
    Tagging,
    /// Grants or changes permissions.
    #[serde(rename = "Permissions management")]
    PermissionsManagement,
}

/// A resource type that an action can be restricted to.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActionResource {
    name: String,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    keys: Vec<String>,
    #[serde(default)]
    dependent: Vec<String>,
}

impl Action {
    /// The prefix of its service: `kms`.
    #[must_use]
    pub fn service(&self) -> &'static str {
        self.service
    }

    /// Its name as AWS writes it, without the service: `Decrypt`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its name as it stands in policies: `kms:Decrypt`.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}:{}", self.service, self.name)
    }

    /// What it does; mostly one level, and never none.
    #[must_use]
    pub fn access_levels(&self) -> &[AccessLevel] {
        &self.access
    }

    /// The resource types that it can be restricted to. Of an action without any, the resource is `*` always.
    #[must_use]
    pub fn resource_types(&self) -> &[ActionResource] {
        &self.resources
    }

    /// The condition keys that are in its requests, whatever the resource: as AWS writes them, `${TagKey}` standing for
    /// any text. Global keys are named only where AWS does, and may be in any request.
    #[must_use]
    pub fn condition_keys(&self) -> &[String] {
        &self.keys
    }

    /// Actions that its caller needs beside it.
    #[must_use]
    pub fn dependent_actions(&self) -> &[String] {
        &self.dependent
    }
}

impl ActionResource {
    /// The resource type, by its name in the service: `key`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether every request of the action names such a resource.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.required
    }

    /// The condition keys that are in requests on such a resource alone.
    #[must_use]
    pub fn condition_keys(&self) -> &[String] {
        &self.keys
    }

    /// Actions that the caller needs beside it where such a resource is named.
    #[must_use]
    pub fn dependent_actions(&self) -> &[String] {
        &self.dependent
    }
}
