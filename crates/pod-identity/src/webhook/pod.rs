//! What is looked at of a pod. Nothing is written from it: a patch only adds, so that what is not here stays as it is.

mod env;

use std::{borrow::Cow, collections::BTreeMap, fmt};

use serde::Deserialize;

pub(super) use self::env::Defined;

/// A pod, borrowed from its JSON.
#[derive(Debug, Default, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub struct Pod<'a> {
    #[serde(default)]
    pub(super) metadata: Metadata<'a>,
    #[serde(default)]
    pub(super) spec: Spec<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(super) struct Metadata<'a> {
    #[serde(default)]
    name: Option<Text<'a>>,
    #[serde(default)]
    generate_name: Option<Text<'a>>,
    #[serde(default)]
    pub(super) labels: Option<Texts<'a>>,
    #[serde(default)]
    annotations: Option<Texts<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(super) struct Spec<'a> {
    #[serde(default)]
    service_account_name: Option<Text<'a>>,
    #[serde(default)]
    scheduler_name: Option<Text<'a>>,
    #[serde(default)]
    node_selector: Option<Texts<'a>>,
    #[serde(default)]
    os: Option<Os<'a>>,
    #[serde(default)]
    pub(super) volumes: Option<Vec<Volume<'a>>>,
    #[serde(default)]
    pub(super) init_containers: Option<Vec<Container<'a>>>,
    #[serde(default)]
    pub(super) containers: Option<Vec<Container<'a>>>,
}

#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Os<'a> {
    name: Text<'a>,
}

/// A container. As of the other things in lists, Kubernetes always writes its name: a list of many small nothings is refused
/// rather than kept.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(super) struct Container<'a> {
    pub(super) name: Text<'a>,
    #[serde(default)]
    pub(super) env: Option<Defined>,
    #[serde(default)]
    pub(super) volume_mounts: Option<Vec<Mount<'a>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(super) struct Mount<'a> {
    pub(super) name: Text<'a>,
    pub(super) mount_path: Text<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct Volume<'a> {
    pub(super) name: Text<'a>,
    #[serde(default)]
    projected: Option<Box<Projected<'a>>>,
}

#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Projected<'a> {
    #[serde(default)]
    sources: Option<Vec<Projection<'a>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Projection<'a> {
    #[serde(default)]
    service_account_token: Option<TokenProjection<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct TokenProjection<'a> {
    #[serde(default)]
    audience: Option<Text<'a>>,
    path: Text<'a>,
}

/// Names and values.
pub(super) type Texts<'a> = BTreeMap<Text<'a>, Text<'a>>;

/// A text that is copied only where JSON escapes something in it.
#[derive(Clone, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// Its scheduler on Fargate, and the label that EKS gives it before other webhooks see it.
///
/// Source: Amazon EKS User Guide, "Define which Pods use AWS Fargate when launched".
const FARGATE: (&str, &str) = ("fargate-scheduler", "eks.amazonaws.com/fargate-profile");

/// Where a pod says that it is for Windows.
///
/// Source: README of amazon-eks-pod-identity-webhook, "Usage with Windows container workloads"; Kubernetes, "Windows in
/// Kubernetes", for `spec.os`, which says the same of the pod itself.
const OS_SELECTORS: [&str; 2] = ["kubernetes.io/os", "beta.kubernetes.io/os"];

impl Pod<'_> {
    /// Its name, or what its name begins with.
    pub(super) fn name(&self) -> &str {
        let Metadata { name, generate_name, .. } = &self.metadata;
        let named = name.as_ref().filter(|name| !name.0.is_empty()).or(generate_name.as_ref());
        named.map_or("", |name| &name.0)
    }

    /// Its service account; none for a mirror of a static pod.
    pub(super) fn service_account(&self) -> Option<&str> {
        self.spec.service_account_name.as_ref().map(|name| &*name.0).filter(|name| !name.is_empty())
    }

    pub(super) fn label(&self, name: &str) -> Option<&str> {
        value(self.metadata.labels.as_ref(), name)
    }

    pub(super) fn annotation(&self, name: &str) -> Option<&str> {
        value(self.metadata.annotations.as_ref(), name)
    }

    pub(super) fn is_on_fargate(&self) -> bool {
        let (scheduler, label) = FARGATE;
        self.spec.scheduler_name.as_ref().is_some_and(|name| name.0 == scheduler) || self.label(label).is_some()
    }

    pub(super) fn is_for_windows(&self) -> bool {
        self.spec.os.as_ref().is_some_and(|os| os.name.0 == "windows")
            || OS_SELECTORS.iter().any(|name| value(self.spec.node_selector.as_ref(), name) == Some("windows"))
    }
}

impl Volume<'_> {
    /// Whether it is nothing but a token for this audience in a file of this name.
    pub(super) fn is_token(&self, audience: &str, file: &str) -> bool {
        let sources = self.projected.as_ref().and_then(|projected| projected.sources.as_ref());
        let mut tokens = sources.into_iter().flatten().filter_map(|source| source.service_account_token.as_ref());
        tokens.any(|token| token.path.0 == file && token.audience.as_ref().is_some_and(|of| of.0 == audience))
    }
}

fn value<'t>(texts: Option<&'t Texts<'_>>, name: &str) -> Option<&'t str> {
    texts?.get(name).map(|value| &*value.0)
}

impl std::borrow::Borrow<str> for Text<'_> {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
