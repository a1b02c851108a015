//! The peer's map of service accounts to roles, which kops writes into a ConfigMap in the place of annotations.
//!
//! Source: amazon-eks-pod-identity-webhook, `pkg/cache/cache.go`, `populateCacheFromCM` and `Get`.

use std::collections::HashMap;

use serde::Deserialize;

use crate::webhook::settings::Expiration;

/// The name that the ConfigMap has, whatever its namespace.
pub const MAP_NAME: &str = "pod-identity-webhook";
/// Where in it the map is.
pub const MAP_KEY: &str = "config";

/// Roles by service accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MappedRoles(HashMap<String, MappedRole>);

/// What the map has for one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct MappedRole {
    #[serde(rename = "RoleARN")]
    pub(crate) role: String,
    #[serde(rename = "Audience", default)]
    pub(crate) audience: String,
    #[serde(rename = "UseRegionalSTS", default)]
    pub(crate) regional_sts: bool,
    /// 0: the flag's.
    #[serde(rename = "TokenExpiration", default)]
    token_expiration: i64,
}

/// The text is no such map.
#[derive(Debug, thiserror::Error)]
pub enum InvalidMappedRoles {
    /// It is no JSON, or of another form.
    #[error("it is not of the form {{\"NAMESPACE/SERVICEACCOUNT\": {{\"RoleARN\": \"...\"}}}}: {0}")]
    Form(#[from] serde_json::Error),
    /// A key names no service account.
    #[error("`{0}` is no service account: keys are NAMESPACE/NAME, with `*` for every namespace")]
    Key(String),
}

impl MappedRoles {
    /// Reads the map's text. An empty one has none.
    ///
    /// # Errors
    /// [`InvalidMappedRoles`]
    pub fn parse(text: &str) -> Result<Self, InvalidMappedRoles> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let all: HashMap<String, MappedRole> = serde_json::from_str(text)?;
        let is_account = |key: &str| {
            key.split_once('/')
                .is_some_and(|(namespace, name)| !namespace.is_empty() && !name.is_empty() && !name.contains('/'))
        };
        match all.keys().find(|key| !is_account(key)) {
            Some(key) => Err(InvalidMappedRoles::Key(key.clone())),
            None => Ok(Self(all)),
        }
    }

    /// The role of a service account: its own, or that of its name in every namespace.
    pub(crate) fn find(&self, namespace: &str, name: &str) -> Option<&MappedRole> {
        let found = self.0.get(&format!("{namespace}/{name}")).or_else(|| self.0.get(&format!("*/{name}")));
        found.filter(|mapped| !mapped.role.is_empty())
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl MappedRole {
    pub(crate) fn token_expiration(&self) -> Option<Expiration> {
        (self.token_expiration != 0).then(|| Expiration::of(self.token_expiration))
    }
}
