//! A JSON patch (RFC 6902) that only adds.

use serde::Serialize;

/// Additions to a pod, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Patch(Vec<Addition>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Addition {
    op: &'static str,
    path: String,
    value: Added,
}

/// What is added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(super) enum Added {
    Label(&'static str),
    /// Its one member is written under the name.
    Labels(OneLabel),
    Volume(TokenVolume),
    Volumes([TokenVolume; 1]),
    Variable(Variable),
    Variables(Vec<Variable>),
    Mount(Mount),
    Mounts([Mount; 1]),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct OneLabel {
    #[serde(rename = "eks.amazonaws.com/pod-identity")]
    pub(super) pod_identity: &'static str,
}

/// An environment variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Variable {
    pub(super) name: &'static str,
    pub(super) value: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Mount {
    pub(super) name: String,
    pub(super) read_only: bool,
    pub(super) mount_path: String,
}

/// A volume with one token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct TokenVolume {
    pub(super) name: String,
    pub(super) projected: Projected,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Projected {
    pub(super) sources: [Source; 1],
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Source {
    pub(super) service_account_token: ServiceAccountToken,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServiceAccountToken {
    pub(super) audience: String,
    pub(super) expiration_seconds: i64,
    pub(super) path: String,
}

impl Patch {
    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn add(&mut self, path: String, value: Added) {
        self.0.push(Addition { op: "add", path, value });
    }
}
