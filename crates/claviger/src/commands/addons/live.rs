//! What a live EKS tells of its add-ons, as a catalogue.
//!
//! ```text
//!   DescribeAddonVersions, page by page --> add-ons, versions, Kubernetes, defaults
//!   DescribeAddonConfiguration, of each version --> service accounts, policies
//! ```
//!
//! What one version says is said of no other: nothing that EKS publishes says that its neighbours have the same. A version that EKS does not
//! tell of is told on stderr, and kept as not known.
//!
//! Source: Amazon EKS API Reference, "DescribeAddonVersions" and "DescribeAddonConfiguration"; Amazon EKS User Guide,
//! "Retrieve IAM information about an Amazon EKS add-on".

use std::collections::BTreeMap;

use aws_catalog::addons::{Addon, Asked, Catalogue, InvalidCatalogue, Namespace, Recommended, Source, Version};
use aws_client::{Aws, CallError, Client, Unusable};
use aws_wire::model::ServiceId;
use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// The name of the source of what EKS does not tell and nobody knew.
const ASSUMED: &str = "assumed";

/// Nothing was told.
#[derive(Debug, thiserror::Error)]
pub(super) enum Untold {
    #[error(transparent)]
    Unusable(#[from] Unusable),
    #[error(transparent)]
    Refused(#[from] CallError),
    #[error("what EKS answered {call} is none of its answers: {why}")]
    Garbled { call: &'static str, why: serde_json::Error },
    #[error("what EKS answered is no catalogue: {0}")]
    Invalid(#[from] InvalidCatalogue),
}

/// An add-on as DescribeAddonVersions tells it.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct AddonInfo {
    addon_name: String,
    #[serde(rename = "type")]
    kind: String,
    owner: String,
    publisher: String,
    default_namespace: Option<String>,
    addon_versions: Vec<VersionInfo>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct VersionInfo {
    addon_version: String,
    compatibilities: Vec<Compatibility>,
    requires_iam_permissions: bool,
    requires_configuration: bool,
    architecture: Vec<String>,
    compute_types: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Compatibility {
    cluster_version: String,
    default_version: bool,
    platform_versions: Vec<String>,
}

/// What DescribeAddonConfiguration tells of a service account.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Needs {
    service_account: String,
    #[serde(default)]
    recommended_managed_policies: Vec<String>,
}

pub(super) async fn catalogue(aws: &Aws, known: &Catalogue, note: fn(String)) -> Result<Catalogue, Untold> {
    let client = aws.client(ServiceId::Eks)?;
    let at = format!("in {} at {}", client.region(), client.endpoint());
    let date = Timestamp::now().strftime("%Y-%m-%d").to_string();
    let what = format!("answers of DescribeAddonVersions and DescribeAddonConfiguration {at}");
    let asked = Source { what, date };
    let live = Live { client, known, source: name_of(&asked, known) };

    note(format!("asking EKS {at} for its add-ons"));
    let told = live.versions().await?;
    note(format!("{} add-ons; asking what they need of IAM", told.len()));
    let mut addons = Vec::new();
    for (at, info) in told.iter().enumerate() {
        let versions = info.addon_versions.len();
        note(format!("{}/{} {}: {versions} versions", at + 1, told.len(), info.addon_name));
        addons.push(live.addon(info, note).await?);
    }
    let sources = live.sources(&addons, &asked);
    Ok(Catalogue::new(sources, addons)?)
}

/// A name that no other source has: what was asked on another day, or elsewhere, keeps its own.
fn name_of(asked: &Source, known: &Catalogue) -> String {
    if let Some((name, _)) = known.sources.iter().find(|(_, source)| *source == asked) {
        return name.clone();
    }
    let first = format!("asked-{}", asked.date);
    let more = (2_u32..).map(|number| format!("{first}-{number}"));
    let mut names = [first.clone()].into_iter().chain(more);
    names.find(|name| !known.sources.contains_key(name)).unwrap_or(first)
}

struct Live<'k> {
    client: Client,
    known: &'k Catalogue,
    /// The name of what is asked now, as a source.
    source: String,
}

impl Live<'_> {
    async fn versions(&self) -> Result<Vec<AddonInfo>, Untold> {
        let call = "DescribeAddonVersions";
        let all = self.client.items(call, Value::Null, "addons").await?;
        all.into_iter().map(|addon| read(call, addon)).collect()
    }

    async fn addon(&self, info: &AddonInfo, note: fn(String)) -> Result<Addon, Untold> {
        let name = &info.addon_name;
        let known = self.known.addon(name);
        let mut versions = Vec::new();
        for told in &info.addon_versions {
            let releases = told.compatibilities.iter().map(|release| release.cluster_version.clone());
            let default = told.compatibilities.iter().filter(|release| release.default_version);
            let platforms = told.compatibilities.iter().filter(|release| release.takes_some_platforms());
            versions.push(Version {
                version: told.addon_version.clone(),
                source: self.source.clone(),
                kubernetes: releases.collect(),
                default_of: default.map(|release| release.cluster_version.clone()).collect(),
                requires_iam: told.requires_iam_permissions,
                requires_configuration: told.requires_configuration,
                architectures: told.architecture.clone(),
                compute_types: told.compute_types.clone(),
                pod_identity: Some(self.configuration(name, &told.addon_version, note).await?),
                platforms: platforms
                    .map(|release| (release.cluster_version.clone(), release.platform_versions.clone()))
                    .collect(),
            });
        }
        Ok(Addon {
            name: name.clone(),
            kind: info.kind.clone(),
            owner: info.owner.clone(),
            publisher: info.publisher.clone(),
            source: self.source.clone(),
            namespace: self.namespace(info, known),
            pod_identity: None,
            service_accounts: Vec::new(),
            versions,
        })
    }

    /// What EKS tells, else what was known, else what is so of most, and said to be assumed.
    fn namespace(&self, info: &AddonInfo, known: Option<&Addon>) -> Namespace {
        let told = info.default_namespace.clone().filter(|name| !name.is_empty());
        let told = told.map(|name| Namespace { name, source: self.source.clone() });
        told.or_else(|| known.map(|known| known.namespace.clone()))
            .unwrap_or_else(|| Namespace { name: "kube-system".to_owned(), source: ASSUMED.to_owned() })
    }

    /// What a version takes. Who is refused for one goes on to the next; who reaches nobody does not.
    async fn configuration(&self, name: &str, version: &str, note: fn(String)) -> Result<Asked, Untold> {
        let call = "DescribeAddonConfiguration";
        let asked = self.client.call(call, json!({ "addonName": name, "addonVersion": version })).await;
        let mut answer = match asked {
            Ok(answer) => answer,
            Err(error) => {
                let Some(refusal) = error.refusal() else { return Err(error.into()) };
                let why = refusal.code.clone();
                note(format!("what {name} {version} takes by Pod Identity is not known: {error}"));
                return Ok(Asked::NotKnown(why));
            }
        };
        let told: Vec<Needs> = match answer.get_mut("podIdentityConfiguration").map(Value::take) {
            Some(Value::Null) | None => Vec::new(),
            Some(told) => read(call, told)?,
        };
        let all = told
            .into_iter()
            .map(|of| Recommended { name: of.service_account, policies: of.recommended_managed_policies });
        Ok(Asked::Takes(all.collect()))
    }

    /// The sources that these name: the one that was asked, and former ones as far as something still rests on them.
    fn sources(&self, addons: &[Addon], asked: &Source) -> BTreeMap<String, Source> {
        let assumed = || Source {
            what: "Amazon EKS User Guide, \"Custom namespace for add-ons\": where most add-ons run; EKS did not tell"
                .to_owned(),
            date: asked.date.clone(),
        };
        let rested_on = addons.iter().map(|addon| addon.namespace.source.clone()).filter_map(|name| {
            let known = self.known.sources.get(&name).cloned();
            let source = known.or_else(|| (name == ASSUMED).then(assumed))?;
            Some((name, source))
        });
        let mut all: BTreeMap<String, Source> = rested_on.collect();
        all.insert(self.source.clone(), asked.clone());
        all
    }
}

impl Compatibility {
    fn takes_some_platforms(&self) -> bool {
        !self.platform_versions.is_empty() && self.platform_versions != ["*"]
    }
}

fn read<T: DeserializeOwned>(call: &'static str, answer: Value) -> Result<T, Untold> {
    serde_json::from_value(answer).map_err(|why| Untold::Garbled { call, why })
}
