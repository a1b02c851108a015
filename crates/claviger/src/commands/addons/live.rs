//! What a live EKS tells of its add-ons, as a catalogue.
//!
//! ```text
//!   DescribeAddonVersions, page by page --> add-ons, versions, Kubernetes, defaults
//!   DescribeAddonConfiguration, of the newest version that needs permissions --> service accounts, policies
//!                               of others, halving --> since which version Pod Identity gives them
//! ```
//!
//! Source: Amazon EKS API Reference, "DescribeAddonVersions" and "DescribeAddonConfiguration"; Amazon EKS User Guide,
//! "Retrieve IAM information about an Amazon EKS add-on".

use std::collections::BTreeMap;

use aws_catalog::addons::{
    Addon, Catalogue, InvalidCatalogue, Namespace, ServiceAccount, Since, Source, Version, compare,
};
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
        let addon = live.addon(info).await?;
        if addon.requires_iam() {
            note(format!("{}/{} {}", at + 1, told.len(), addon.name));
        }
        addons.push(addon);
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

    async fn addon(&self, info: &AddonInfo) -> Result<Addon, Untold> {
        let name = &info.addon_name;
        let known = self.known.addon(name);
        let (mut versions, mut needy) = (Vec::new(), Vec::new());
        for told in &info.addon_versions {
            let releases = told.compatibilities.iter().map(|release| release.cluster_version.clone());
            let default = told.compatibilities.iter().filter(|release| release.default_version);
            if told.requires_iam_permissions {
                needy.push(told.addon_version.clone());
            }
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
                platforms: platforms
                    .map(|release| (release.cluster_version.clone(), release.platform_versions.clone()))
                    .collect(),
            });
        }
        let (service_accounts, pod_identity) = self.needs(name, &needy, known).await?;
        Ok(Addon {
            name: name.clone(),
            kind: info.kind.clone(),
            owner: info.owner.clone(),
            publisher: info.publisher.clone(),
            source: self.source.clone(),
            namespace: self.namespace(info, known),
            pod_identity,
            service_accounts,
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

    /// The service accounts of the newest version that needs permissions, and the first that gives them by Pod Identity.
    async fn needs(
        &self,
        name: &str,
        needy: &[String],
        known: Option<&Addon>,
    ) -> Result<(Vec<ServiceAccount>, Option<Since>), Untold> {
        let mut needy: Vec<&String> = needy.iter().collect();
        needy.sort_by(|one, other| compare(one, other));
        let Some((newest, mut older)) = needy.split_last() else { return Ok((Vec::new(), None)) };
        let told = self.configuration(name, newest).await?;
        if told.is_empty() {
            return Ok((Vec::new(), None));
        }
        let mut first = *newest;
        // Whether the one before what is the first now is known to have none.
        let mut before: Option<&String> = None;
        while let Some(middle) = older.get(older.len() / 2).copied() {
            let (lower, upper) = older.split_at(older.len() / 2);
            if self.configuration(name, middle).await?.is_empty() {
                before = Some(middle);
                older = upper.get(1..).unwrap_or_default();
            } else {
                first = middle;
                older = lower;
            }
        }
        let source = || self.source.clone();
        let accounts = told.iter().map(|account| ServiceAccount {
            name: account.service_account.clone(),
            policies: account.recommended_managed_policies.clone(),
            source: source(),
        });
        // A document may name a version that EKS does not list any more.
        let documented = known.and_then(|known| known.pod_identity.clone()).filter(|known| {
            compare(&known.since, first).is_le() && before.is_none_or(|before| compare(before, &known.since).is_lt())
        });
        let since = documented.unwrap_or_else(|| Since { since: first.clone(), source: source() });
        Ok((accounts.collect(), Some(since)))
    }

    async fn configuration(&self, name: &str, version: &str) -> Result<Vec<Needs>, Untold> {
        let call = "DescribeAddonConfiguration";
        let mut answer = self.client.call(call, json!({ "addonName": name, "addonVersion": version })).await?;
        match answer.get_mut("podIdentityConfiguration").map(Value::take) {
            Some(told) => read(call, told),
            None => Ok(Vec::new()),
        }
    }

    /// The sources that these name: the one that was asked, and former ones as far as something still rests on them.
    fn sources(&self, addons: &[Addon], asked: &Source) -> BTreeMap<String, Source> {
        let assumed = || Source {
            what: "Amazon EKS User Guide, \"Custom namespace for add-ons\": where most add-ons run; EKS did not tell"
                .to_owned(),
            date: asked.date.clone(),
        };
        let of_addon = |addon: &Addon| {
            let since = addon.pod_identity.as_ref().map(|since| since.source.clone());
            [Some(addon.namespace.source.clone()), since].into_iter().flatten()
        };
        let rested_on = addons.iter().flat_map(of_addon).filter_map(|name| {
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
