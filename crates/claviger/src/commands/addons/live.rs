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

use aws_catalog::addons::{Addon, Catalogue, InvalidCatalogue, ServiceAccount, Since, Source, Version, compare};
use aws_config::{BehaviorVersion, Region, retry::RetryConfig};
use aws_sdk_eks::{
    Client,
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
    types::{AddonInfo, AddonPodIdentityConfiguration},
};
use jiff::Timestamp;

/// How often a call is made: EKS throttles who asks for many add-ons.
const ATTEMPTS: u32 = 8;

/// The name of the source in a catalogue that was asked for.
const ASKED: &str = "asked";

/// Who is asked.
pub(super) struct Asked {
    pub(super) region: Option<String>,
    pub(super) profile: Option<String>,
    pub(super) endpoint: Option<String>,
}

/// Nothing was told.
#[derive(Debug, thiserror::Error)]
pub(super) enum Untold {
    #[error("no AWS region is set: give --region, or set AWS_REGION or the profile's")]
    Region,
    #[error("EKS did not answer {call}: {why}")]
    Refused { call: String, why: String },
    #[error("what EKS answered is no catalogue: {0}")]
    Invalid(#[from] InvalidCatalogue),
}

pub(super) async fn catalogue(asked: Asked, known: &Catalogue, note: fn(String)) -> Result<Catalogue, Untold> {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS));
    if let Some(profile) = &asked.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = asked.region {
        loader = loader.region(Region::new(region));
    }
    if let Some(endpoint) = asked.endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    let shared = loader.load().await;
    let region = shared.region().ok_or(Untold::Region)?.to_string();
    let at = shared.endpoint_url().map_or_else(String::new, |endpoint| format!(" at {endpoint}"));
    let live = Live { client: Client::new(&shared), known };

    note(format!("asking EKS in {region}{at} for its add-ons"));
    let told = live.versions().await?;
    note(format!("{} add-ons; asking what they need of IAM", told.len()));
    let mut addons = Vec::new();
    for (at, info) in told.iter().enumerate() {
        let addon = live.addon(info).await?;
        if addon.requires_iam {
            note(format!("{}/{} {}", at + 1, told.len(), addon.name));
        }
        addons.push(addon);
    }
    let what = format!("answers of DescribeAddonVersions and DescribeAddonConfiguration in {region}{at}");
    let date = Timestamp::now().strftime("%Y-%m-%d").to_string();
    let sources = live.sources(&addons, Source { what, date });
    Ok(Catalogue::new(sources, addons)?)
}

struct Live<'k> {
    client: Client,
    known: &'k Catalogue,
}

impl Live<'_> {
    async fn versions(&self) -> Result<Vec<AddonInfo>, Untold> {
        let pages = self.client.describe_addon_versions().into_paginator().items().send();
        let all = pages.collect::<Result<Vec<_>, _>>().await;
        all.map_err(|error| refused("DescribeAddonVersions".to_owned(), &error))
    }

    async fn addon(&self, info: &AddonInfo) -> Result<Addon, Untold> {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let name = text(info.addon_name());
        let known = self.known.addon(&name);
        let (mut versions, mut needy) = (Vec::new(), Vec::new());
        for told in info.addon_versions() {
            let runs_on = told.compatibilities();
            let releases = runs_on.iter().filter_map(|release| release.cluster_version());
            let default = runs_on.iter().filter(|release| release.default_version());
            let version = text(told.addon_version());
            if told.requires_iam_permissions() {
                needy.push(version.clone());
            }
            versions.push(Version {
                version,
                source: ASKED.to_owned(),
                kubernetes: releases.map(str::to_owned).collect(),
                default_of: default.filter_map(|release| release.cluster_version()).map(str::to_owned).collect(),
            });
        }
        let (service_accounts, pod_identity) = self.needs(&name, &needy, known).await?;
        let namespace = info.default_namespace().map(str::to_owned);
        let namespace = namespace.or_else(|| known.map(|known| known.namespace.clone()));
        Ok(Addon {
            name,
            kind: text(info.r#type()),
            owner: text(info.owner()),
            publisher: text(info.publisher()),
            source: ASKED.to_owned(),
            // Source: Amazon EKS User Guide, "Custom namespace for add-ons": where most of them run.
            namespace: namespace.unwrap_or_else(|| "kube-system".to_owned()),
            requires_iam: !needy.is_empty(),
            pod_identity,
            service_accounts,
            versions,
        })
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
        let source = || ASKED.to_owned();
        let accounts = told.iter().map(|account| ServiceAccount {
            name: account.service_account().unwrap_or_default().to_owned(),
            policies: account.recommended_managed_policies().to_vec(),
            source: source(),
        });
        // A document may name a version that EKS does not list any more.
        let documented = known.and_then(|known| known.pod_identity.clone()).filter(|known| {
            compare(&known.since, first).is_le() && before.is_none_or(|before| compare(before, &known.since).is_lt())
        });
        let since = documented.unwrap_or_else(|| Since { since: first.clone(), source: source() });
        Ok((accounts.collect(), Some(since)))
    }

    async fn configuration(&self, name: &str, version: &str) -> Result<Vec<AddonPodIdentityConfiguration>, Untold> {
        let answer = self.client.describe_addon_configuration().addon_name(name).addon_version(version).send().await;
        let answer =
            answer.map_err(|error| refused(format!("DescribeAddonConfiguration of {name} {version}"), &error))?;
        Ok(answer.pod_identity_configuration.unwrap_or_default())
    }

    /// The sources that these name: the one that was asked, and former ones as far as something still rests on them.
    fn sources(&self, addons: &[Addon], asked: Source) -> BTreeMap<String, Source> {
        let kept = addons.iter().filter_map(|addon| Some(&addon.pod_identity.as_ref()?.source));
        let kept = kept.filter_map(|name| Some((name.clone(), self.known.sources.get(name)?.clone())));
        kept.chain([(ASKED.to_owned(), asked)]).collect()
    }
}

fn refused<E>(call: String, error: &SdkError<E>) -> Untold
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let told = error.as_service_error().and_then(|told| Some(format!("{}: {}", told.code()?, told.message()?)));
    Untold::Refused { call, why: told.unwrap_or_else(|| DisplayErrorContext(error).to_string()) }
}
