//! The add-ons of EKS: their versions, on which Kubernetes they run, and what they need of IAM.
//!
//! Source: `data/addons.json`, which names its own, with their dates, for each add-on and version. It has what was found
//! published, not all that there is.

use std::{cmp::Ordering, sync::LazyLock};

use serde::Deserialize;

static DATA: &str = include_str!("../data/addons.json");

static ALL: LazyLock<Vec<Addon>> = LazyLock::new(|| {
    #[derive(Deserialize)]
    struct Data {
        addons: Vec<Addon>,
    }
    #[expect(clippy::expect_used, reason = "the text is part of the binary, and a test reads it")]
    serde_json::from_str::<Data>(DATA).expect("the embedded add-ons are JSON").addons
});

/// An add-on.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Addon {
    /// Its name: `vpc-cni`.
    pub name: String,
    /// What it is for: `networking`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whose it is: `aws`.
    pub owner: String,
    /// Who publishes it: `eks`.
    pub publisher: String,
    /// The namespace that it runs in: `kube-system`.
    pub namespace: String,
    /// Whether its versions need permissions.
    pub requires_iam: bool,
    pod_identity: Option<Since>,
    /// The service accounts that need them.
    pub service_accounts: Vec<ServiceAccount>,
    /// Newest first.
    pub versions: Vec<Version>,
}

#[derive(Debug, Deserialize)]
struct Since {
    since: String,
}

/// A service account of an add-on.
#[derive(Debug, Deserialize)]
pub struct ServiceAccount {
    /// Its name: `aws-node`.
    pub name: String,
    /// The ARNs of the managed policies that AWS recommends for it.
    pub policies: Vec<String>,
}

/// A version of an add-on.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Version {
    /// Its name: `v1.19.0-eksbuild.1`.
    pub version: String,
    /// The versions of Kubernetes that it runs on, newest first.
    pub kubernetes: Vec<String>,
    /// Those that it is the default of.
    pub default_of: Vec<String>,
}

/// All of them, by name.
#[must_use]
pub fn all() -> &'static [Addon] {
    &ALL
}

/// The add-on with this name, if there is one.
#[must_use]
pub fn addon(name: &str) -> Option<&'static Addon> {
    ALL.iter().find(|addon| addon.name == name)
}

impl Addon {
    /// The version with this name, if it has it.
    #[must_use]
    pub fn version(&self, name: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.version == name)
    }

    /// The version that it has on this version of Kubernetes where nobody says which: its default, or, where none is known,
    /// the newest that runs there.
    #[must_use]
    pub fn default_on(&self, kubernetes: &str) -> Option<&Version> {
        let mut all = self.versions.iter().filter(|version| version.runs_on(kubernetes));
        all.clone().find(|version| version.is_default_of(kubernetes)).or_else(|| all.next())
    }

    /// Whether this version of it takes roles by Pod Identity.
    #[must_use]
    pub fn takes_pod_identity(&self, version: &str) -> bool {
        self.pod_identity.as_ref().is_some_and(|known| compare(version, &known.since) != Ordering::Less)
    }
}

impl Version {
    /// Whether it runs on this version of Kubernetes.
    #[must_use]
    pub fn runs_on(&self, kubernetes: &str) -> bool {
        self.kubernetes.iter().any(|known| known == kubernetes)
    }

    /// Whether it is the default of this version of Kubernetes.
    #[must_use]
    pub fn is_default_of(&self, kubernetes: &str) -> bool {
        self.default_of.iter().any(|known| known == kubernetes)
    }
}

/// Orders names of versions by their numbers.
fn compare(one: &str, other: &str) -> Ordering {
    fn numbers(name: &str) -> impl Iterator<Item = u64> {
        name.split(|letter: char| !letter.is_ascii_digit()).filter_map(|number| number.parse().ok())
    }
    numbers(one).cmp(numbers(other))
}
