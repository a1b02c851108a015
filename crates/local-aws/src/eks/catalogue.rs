//! Which add-ons there are, and what they need: the catalogue of `aws_catalog::addons`.

use aws_catalog::addons::{Addon, Takes, Version};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, input, tell},
    fault,
    paging::Page,
};
use crate::ServiceError;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Versions {
    kubernetes_version: Option<String>,
    addon_name: Option<String>,
    #[serde(default)]
    types: Vec<String>,
    #[serde(default)]
    publishers: Vec<String>,
    #[serde(default)]
    owners: Vec<String>,
    #[serde(flatten)]
    page: Page,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Configuration {
    addon_name: String,
    addon_version: String,
}

pub(super) fn versions(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: Versions = input(value)?;
    let is_one = |wanted: &[String], is: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == is);
    let kubernetes = asked.kubernetes_version.as_deref();
    let meant = call.addons.all().iter().filter(|addon| {
        asked.addon_name.as_ref().is_none_or(|name| *name == addon.name)
            && is_one(&asked.types, &addon.kind)
            && is_one(&asked.publishers, &addon.publisher)
            && is_one(&asked.owners, &addon.owner)
            && kubernetes.is_none_or(|release| addon.versions.iter().any(|version| version.runs_on(release)))
    });
    asked.page.of("addons", meant.map(|addon| (addon.name.clone(), addon)), |addon| told(addon, kubernetes))
}

fn told(addon: &Addon, kubernetes: Option<&str>) -> Value {
    let is_meant = |release: &str| kubernetes.is_none_or(|wanted| wanted == release);
    let compatibilities = |version: &Version| -> Vec<Value> {
        let releases = version.kubernetes.iter().filter(|release| is_meant(release));
        let told = releases.map(|release| {
            json!({
                "clusterVersion": release,
                "platformVersions": version.platforms_on(release),
                "defaultVersion": version.is_default_of(release),
            })
        });
        told.collect()
    };
    let versions = addon.versions.iter().filter(|version| version.kubernetes.iter().any(|release| is_meant(release)));
    let versions = versions.map(|version| {
        let mut told = json!({
            "addonVersion": version.version,
            "architecture": version.architectures,
            "compatibilities": compatibilities(version),
            "requiresConfiguration": version.requires_configuration,
            "requiresIamPermissions": version.requires_iam,
        });
        if !version.compute_types.is_empty() {
            tell(&mut told, "", "computeTypes", json!(version.compute_types));
        }
        told
    });
    json!({
        "addonName": addon.name,
        "type": addon.kind,
        "addonVersions": versions.collect::<Vec<_>>(),
        "publisher": addon.publisher,
        "owner": addon.owner,
        "defaultNamespace": addon.namespace.name,
    })
}

pub(super) fn configuration(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Configuration { addon_name, addon_version } = input(value)?;
    let addon =
        call.addons.addon(&addon_name).ok_or_else(|| fault::invalid_parameter("Addon specified is not supported"))?;
    if addon.version(&addon_version).is_none() {
        return Err(fault::invalid_parameter("Addon version specified is not supported"));
    }
    let mut told = json!({ "addonName": addon_name, "addonVersion": addon_version });
    let accounts = match addon.takes(&addon_version) {
        // What nobody knows is not told to be nothing.
        Takes::NotKnown(why) => return Err(fault::not_told(not_known(&addon_name, &addon_version, why))),
        takes => takes.accounts().unwrap_or_default(),
    };
    if !accounts.is_empty() {
        let accounts = accounts
            .into_iter()
            .map(|(name, policies)| json!({ "serviceAccount": name, "recommendedManagedPolicies": policies }));
        tell(&mut told, "", "podIdentityConfiguration", accounts.collect::<Value>());
    }
    Ok(told)
}

/// Of a version whose configuration whoever wrote the catalogue was refused.
pub(super) fn not_known(addon: &str, version: &str, why: &str) -> String {
    format!(
        "What {addon} {version} takes by Pod Identity is not known: EKS did not tell it when the catalogue of add-ons was \
         made ({why})."
    )
}
