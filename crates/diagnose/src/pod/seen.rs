//! A pod and a service account: what a diagnosis looks at of them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// A text that is no object of the apiserver's.
#[derive(Debug, thiserror::Error)]
#[error("it is no {kind} as the apiserver tells it: {why}")]
pub struct Unreadable {
    kind: &'static str,
    why: String,
}

/// A pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pod {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its unique id.
    pub uid: String,
    /// Its service account.
    pub service_account: String,
    /// The node that it is on, if it is on one.
    pub node: Option<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Whether something makes it again when it is deleted.
    pub is_owned: bool,
    /// Init containers first.
    pub containers: Vec<Container>,
    /// Its projected tokens.
    pub tokens: Vec<ProjectedToken>,
}

/// A container. Of its environment, only what is no secret is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// The variables that tell SDKs where credentials are: `None` for a value that comes from elsewhere.
    pub variables: BTreeMap<&'static str, Option<String>>,
    /// Whether it takes variables from ConfigMaps or Secrets, whole.
    pub has_env_from: bool,
    /// What is mounted where: the volume by the path.
    pub mounts: BTreeMap<String, String>,
}

/// A token of the pod's service account, in a volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectedToken {
    /// The volume.
    pub volume: String,
    /// The file within.
    pub path: String,
    /// For whom it is.
    pub audience: Option<String>,
}

/// A service account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceAccount {
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
}

/// The variables whose values are kept.
pub(super) const TOLD: [&str; 6] = [
    FULL_URI,
    TOKEN_FILE,
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_PROFILE",
];
/// Variables of which only is told that they are there.
pub(super) const SECRET: [&str; 3] =
    ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_CONTAINER_AUTHORIZATION_TOKEN"];

pub(super) const FULL_URI: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
pub(super) const TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";

impl Pod {
    /// A pod as `kubectl get pod -o json` tells it.
    ///
    /// # Errors
    /// [`Unreadable`]
    pub fn of(object: &Value) -> Result<Self, Unreadable> {
        let raw: RawPod = read("pod", object)?;
        let (metadata, spec) = (raw.metadata, raw.spec);
        let containers = spec.init_containers.into_iter().chain(spec.containers).map(Container::of).collect();
        let tokens = spec.volumes.into_iter().flat_map(|volume| {
            let sources = volume.projected.map(|projected| projected.sources).unwrap_or_default();
            let tokens = sources.into_iter().filter_map(|source| source.service_account_token);
            let of = move |token: RawToken| ProjectedToken {
                volume: volume.name.clone(),
                path: token.path,
                audience: token.audience,
            };
            tokens.map(of)
        });
        Ok(Self {
            namespace: metadata.namespace,
            name: metadata.name,
            uid: metadata.uid,
            service_account: spec.service_account_name.unwrap_or_else(|| "default".to_owned()),
            node: spec.node_name.filter(|node| !node.is_empty()),
            labels: metadata.labels,
            annotations: metadata.annotations,
            is_owned: !metadata.owner_references.is_empty(),
            containers,
            tokens: tokens.collect(),
        })
    }
}

impl Container {
    fn of(raw: RawContainer) -> Self {
        let mut variables = BTreeMap::new();
        for variable in raw.env {
            if let Some(name) = TOLD.into_iter().find(|name| *name == variable.name) {
                variables.insert(name, variable.value);
            } else if let Some(name) = SECRET.into_iter().find(|name| *name == variable.name) {
                variables.insert(name, None);
            }
        }
        let mounts = raw.volume_mounts.into_iter().map(|mount| (mount.mount_path, mount.name)).collect();
        Self { name: raw.name, variables, has_env_from: !raw.env_from.is_empty(), mounts }
    }
}

impl ServiceAccount {
    /// A service account as `kubectl get serviceaccount -o json` tells it.
    ///
    /// # Errors
    /// [`Unreadable`]
    pub fn of(object: &Value) -> Result<Self, Unreadable> {
        #[derive(Deserialize)]
        struct Raw {
            metadata: RawMetadata,
        }
        let raw: Raw = read("service account", object)?;
        Ok(Self { annotations: raw.metadata.annotations })
    }
}

pub(super) fn read<'a, T: Deserialize<'a>>(kind: &'static str, object: &'a Value) -> Result<T, Unreadable> {
    let of_kind = |named: &str| named.eq_ignore_ascii_case(&kind.replace(' ', ""));
    match object.get("kind").and_then(Value::as_str) {
        Some(named) if !of_kind(named) => Err(Unreadable { kind, why: format!("its kind is `{named}`") }),
        _ => T::deserialize(object).map_err(|error| Unreadable { kind, why: error.to_string() }),
    }
}

#[derive(Deserialize)]
struct RawPod {
    metadata: RawMetadata,
    #[serde(default)]
    spec: RawSpec,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawMetadata {
    #[serde(default)]
    namespace: String,
    name: String,
    #[serde(default)]
    uid: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
    #[serde(default)]
    owner_references: Vec<Value>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawSpec {
    service_account_name: Option<String>,
    node_name: Option<String>,
    #[serde(default)]
    init_containers: Vec<RawContainer>,
    #[serde(default)]
    containers: Vec<RawContainer>,
    #[serde(default)]
    volumes: Vec<RawVolume>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawContainer {
    name: String,
    #[serde(default)]
    env: Vec<RawVariable>,
    #[serde(default)]
    env_from: Vec<Value>,
    #[serde(default)]
    volume_mounts: Vec<RawMount>,
}

/// Its value may be a secret: no `Debug`.
#[derive(Deserialize)]
struct RawVariable {
    name: String,
    value: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawMount {
    name: String,
    mount_path: String,
}

#[derive(Deserialize)]
struct RawVolume {
    name: String,
    projected: Option<RawProjected>,
}

#[derive(Deserialize)]
struct RawProjected {
    #[serde(default)]
    sources: Vec<RawSource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawSource {
    service_account_token: Option<RawToken>,
}

#[derive(Deserialize)]
struct RawToken {
    path: String,
    audience: Option<String>,
}
