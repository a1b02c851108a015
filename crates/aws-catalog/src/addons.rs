//! The add-ons of EKS: their versions, on which Kubernetes they run, and what they need of IAM.
//!
//! Source: `data/addons.json`, which names its own, with their dates, for each add-on and version. It has what was found
//! published, not all that there is.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use serde::{Deserialize, Serialize};

static DATA: &str = include_str!("../data/addons.json");

static PUBLISHED: LazyLock<Catalogue> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the text is part of the binary, and a test reads it")]
    Catalogue::parse(DATA).expect("the embedded add-ons are a catalogue")
});

/// The add-ons that there are, and from where each of them is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// By the names under which the entries have them.
    pub sources: BTreeMap<String, Source>,
    /// By name, each once.
    addons: Vec<Addon>,
}

/// From where something is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// A document, or who was asked.
    pub what: String,
    /// When: a day or a year.
    pub date: String,
}

/// An add-on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
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
    /// From where it is known.
    pub source: String,
    /// Where it runs.
    pub namespace: Namespace,
    /// The first version that takes roles by Pod Identity, of versions that do not say so themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_identity: Option<Since>,
    /// The service accounts that need them, of the same.
    pub service_accounts: Vec<ServiceAccount>,
    /// Newest first.
    pub versions: Vec<Version>,
}

/// A namespace of Kubernetes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Namespace {
    /// Its name: `kube-system`.
    pub name: String,
    /// From where it is known.
    pub source: String,
}

/// A version from which on something is so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Since {
    /// The version; it need not be one of the catalogue's.
    pub since: String,
    /// From where it is known.
    pub source: String,
}

/// A service account of an add-on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceAccount {
    /// Its name: `aws-node`.
    pub name: String,
    /// The ARNs of the managed policies that AWS recommends for it.
    pub policies: Vec<String>,
    /// From where it is known.
    pub source: String,
}

/// A version of an add-on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Version {
    /// Its name: `v1.19.0-eksbuild.1`.
    pub version: String,
    /// From where it is known.
    pub source: String,
    /// The versions of Kubernetes that it runs on, newest first.
    pub kubernetes: Vec<String>,
    /// Those that it is the default of.
    pub default_of: Vec<String>,
    /// Whether it needs permissions of IAM.
    pub requires_iam: bool,
    /// Whether it does nothing without a configuration.
    #[serde(default, skip_serializing_if = "is_not")]
    pub requires_configuration: bool,
    /// The processors that it runs on; both, where nobody says otherwise.
    #[serde(default = "usual_architectures", skip_serializing_if = "is_usual")]
    pub architectures: Vec<String>,
    /// On what it runs: `ec2`; empty where nobody says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub compute_types: Vec<String>,
    /// What it was told to take by Pod Identity, where it was asked for; else what is said of the add-on goes for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_identity: Option<Asked>,
    /// The platform versions of EKS that it takes, by version of Kubernetes, where it does not take all.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub platforms: BTreeMap<String, Vec<String>>,
}

/// What came of asking for a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Asked {
    /// The service accounts that take roles; none, where it takes none by Pod Identity.
    Takes(Vec<Recommended>),
    /// It was not told, and why.
    NotKnown(String),
}

/// A service account of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recommended {
    /// Its name: `aws-node`.
    pub name: String,
    /// The ARNs of the managed policies that AWS recommends for it.
    pub policies: Vec<String>,
}

/// What a version takes by Pod Identity, as far as the catalogue knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes<'a> {
    /// Roles for these; for none, if it is empty.
    Of(&'a [Recommended]),
    /// The same, by what is said of all versions since one.
    Since(&'a [ServiceAccount]),
    /// Nobody knows; why.
    NotKnown(&'a str),
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference over")]
fn is_not(flag: &bool) -> bool {
    !flag
}

fn usual_architectures() -> Vec<String> {
    ["amd64", "arm64"].map(str::to_owned).to_vec()
}

fn is_usual(architectures: &[String]) -> bool {
    architectures == ["amd64", "arm64"]
}

/// A text that is no catalogue.
#[derive(Debug)]
pub enum InvalidCatalogue {
    /// It does not read.
    Text(serde_json::Error),
    /// It says something that cannot be.
    Entry {
        /// The add-on, and its version where it is about one.
        of: String,
        /// What is wrong.
        why: String,
    },
}

impl Catalogue {
    /// What was found published, which is part of the program.
    #[must_use]
    pub fn published() -> &'static Self {
        &PUBLISHED
    }

    /// A catalogue of these add-ons.
    ///
    /// # Errors
    /// [`InvalidCatalogue::Entry`] where two have one name, or a source is nowhere told.
    pub fn new(sources: BTreeMap<String, Source>, mut addons: Vec<Addon>) -> Result<Self, InvalidCatalogue> {
        addons.sort_by(|one, other| one.name.cmp(&other.name));
        let catalogue = Self { sources, addons };
        catalogue.check()?;
        Ok(catalogue)
    }

    /// Reads what [`text`](Self::text) wrote, or somebody in the same form.
    ///
    /// # Errors
    /// [`InvalidCatalogue`]
    pub fn parse(text: &str) -> Result<Self, InvalidCatalogue> {
        let Self { sources, addons } = serde_json::from_str(text).map_err(InvalidCatalogue::Text)?;
        Self::new(sources, addons)
    }

    /// The catalogue as a text that a person can read, and compare line by line.
    ///
    /// # Errors
    /// None that it could come to: it is text, lists and maps by text.
    pub fn text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// All of them, by name.
    #[must_use]
    pub fn all(&self) -> &[Addon] {
        &self.addons
    }

    /// The add-on with this name, if there is one.
    #[must_use]
    pub fn addon(&self, name: &str) -> Option<&Addon> {
        let at = self.addons.binary_search_by(|addon| (*addon.name).cmp(name)).ok()?;
        self.addons.get(at)
    }

    fn check(&self) -> Result<(), InvalidCatalogue> {
        let mut names = BTreeSet::new();
        for addon in &self.addons {
            let wrong = |version: &str, why: String| {
                let of = [&*addon.name, version].join(" ").trim().to_owned();
                Err(InvalidCatalogue::Entry { of, why })
            };
            if addon.name.is_empty() || addon.namespace.name.is_empty() {
                return wrong("", "it has a name and a namespace".to_owned());
            }
            if !names.insert(&addon.name) {
                return wrong("", "it is there twice".to_owned());
            }
            let of_addon = [
                Some(&addon.source),
                Some(&addon.namespace.source),
                addon.pod_identity.as_ref().map(|since| &since.source),
            ];
            let of_accounts = addon.service_accounts.iter().map(|account| &account.source);
            let of_versions = addon.versions.iter().map(|version| &version.source);
            let mut all = of_addon.into_iter().flatten().chain(of_accounts).chain(of_versions);
            if let Some(source) = all.find(|source| !self.sources.contains_key(*source)) {
                return wrong("", format!("its source `{source}` is not one of `sources`"));
            }
            let mut versions = BTreeSet::new();
            for version in &addon.versions {
                if !versions.insert(&version.version) {
                    return wrong(&version.version, "it is there twice".to_owned());
                }
                if let Some(release) = version.default_of.iter().find(|release| !version.runs_on(release)) {
                    return wrong(
                        &version.version,
                        format!("it is the default of {release}, on which it does not run"),
                    );
                }
            }
        }
        Ok(())
    }
}

impl std::fmt::Display for InvalidCatalogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(error) => write!(f, "this is no catalogue of add-ons: {error}"),
            Self::Entry { of, why } => write!(f, "the add-on {of}: {why}"),
        }
    }
}

impl std::error::Error for InvalidCatalogue {}

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

    /// Whether any of its versions needs permissions of IAM.
    #[must_use]
    pub fn requires_iam(&self) -> bool {
        self.versions.iter().any(|version| version.requires_iam)
    }

    /// What this version of it takes by Pod Identity.
    #[must_use]
    pub fn takes(&self, version: &str) -> Takes<'_> {
        let listed = self.version(version);
        match listed.and_then(|version| version.pod_identity.as_ref()) {
            Some(Asked::Takes(all)) => Takes::Of(all),
            Some(Asked::NotKnown(why)) => Takes::NotKnown(why),
            None => {
                // What is said of all goes for those that need permissions.
                let known = self.pod_identity.as_ref().filter(|_| listed.is_none_or(|version| version.requires_iam));
                let takes = known.is_some_and(|known| compare(version, &known.since) != Ordering::Less);
                Takes::Since(if takes { &self.service_accounts } else { &[] })
            }
        }
    }
}

impl<'a> Takes<'a> {
    /// The service accounts and their recommended policies; `None` where nobody knows.
    #[must_use]
    pub fn accounts(self) -> Option<Vec<(&'a str, &'a [String])>> {
        match self {
            Self::Of(all) => Some(all.iter().map(|of| (&*of.name, &*of.policies)).collect()),
            Self::Since(all) => Some(all.iter().map(|of| (&*of.name, &*of.policies)).collect()),
            Self::NotKnown(_) => None,
        }
    }
}

impl Version {
    /// Whether it runs on this version of Kubernetes.
    #[must_use]
    pub fn runs_on(&self, kubernetes: &str) -> bool {
        self.kubernetes.iter().any(|known| known == kubernetes)
    }

    /// The platform versions of EKS that it takes on this version of Kubernetes; `*` is all.
    #[must_use]
    pub fn platforms_on(&self, kubernetes: &str) -> Vec<&str> {
        let told = self.platforms.get(kubernetes).map(|all| all.iter().map(String::as_str).collect());
        told.unwrap_or_else(|| vec!["*"])
    }

    /// Whether it is the default of this version of Kubernetes.
    #[must_use]
    pub fn is_default_of(&self, kubernetes: &str) -> bool {
        self.default_of.iter().any(|known| known == kubernetes)
    }
}

/// Orders names of versions by their numbers.
#[must_use]
pub fn compare(one: &str, other: &str) -> Ordering {
    fn numbers(name: &str) -> impl Iterator<Item = u64> {
        name.split(|letter: char| !letter.is_ascii_digit()).filter_map(|number| number.parse().ok())
    }
    numbers(one).cmp(numbers(other))
}
