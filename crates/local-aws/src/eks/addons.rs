//! Add-ons of a cluster, with the associations that they own.
//!
//! Sources: Amazon EKS User Guide, "IAM roles for Amazon EKS add-ons" (whose an association is, what an update does to
//! them, and what a deletion takes with it); messages as people quote them.

use std::collections::BTreeMap;

use aws_catalog::addons::{self, Takes};
use aws_model::Arn;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    associations,
    call::{Call, LOWER, input, tell},
    catalogue, fault,
    paging::Page,
    records::{Addon, Association, Cluster},
    roles,
    state::{Change, Realm},
    tags, updates,
};
use crate::ServiceError;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Create {
    cluster_name: String,
    addon_name: String,
    addon_version: Option<String>,
    service_account_role_arn: Option<String>,
    configuration_values: Option<String>,
    #[serde(default)]
    pod_identity_associations: Vec<Asked>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Update {
    cluster_name: String,
    addon_name: String,
    addon_version: Option<String>,
    service_account_role_arn: Option<String>,
    resolve_conflicts: Option<String>,
    configuration_values: Option<String>,
    pod_identity_associations: Option<Vec<Asked>>,
}

/// A role for a service account of an add-on.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    service_account: String,
    role_arn: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    cluster_name: String,
    addon_name: String,
    #[serde(default)]
    preserve: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    cluster_name: String,
    #[serde(flatten)]
    page: Page,
}

pub(super) fn create(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    if value.get("namespaceConfig").is_some() {
        return Err(fault::invalid_parameter("The embedded AWS has add-ons in their own namespaces only."));
    }
    let asked: Create = input(value)?;
    let cluster = Cluster::clone(call.read().cluster(&call.place(), &asked.cluster_name)?);
    let (kind, version) = supported(call, &asked.addon_name, asked.addon_version.as_deref(), &cluster.version)?;
    tags::check(&asked.tags, &BTreeMap::new())?;
    let now = call.now();
    let addon = Addon {
        arn: call.arn(&format!("addon/{}/{}/{}", cluster.name(), kind.name, Uuid::new_v4()))?,
        version: version.version.clone(),
        created: now,
        modified: now,
        role: asked.service_account_role_arn.as_deref().map(roles::parsed).transpose()?,
        configuration: asked.configuration_values,
        token: call.once.clone(),
        tags: asked.tags,
    };
    let wanted = wanted(call, kind, &addon, &asked.pod_identity_associations)?;

    let mut change = call.change();
    if let Ok(known) = change.addon(&call.place(), &asked.cluster_name, &kind.name) {
        return if call.is_again(known.token.as_ref())? {
            Ok(told(&change, call, known))
        } else {
            Err(fault::addon_exists(known))
        };
    }
    // The cluster may have gone meanwhile.
    change.cluster(&call.place(), &asked.cluster_name)?;
    let mut told = addon.told(now);
    let owned = own(&mut change, call, kind, &addon, &wanted)?;
    if !owned.is_empty() {
        tell(&mut told, "", "podIdentityAssociations", json!(owned));
    }
    change.put(addon);
    change.commit();
    Ok(json!({ "addon": told }))
}

pub(super) fn describe(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: Named = input(value)?;
    let realm = call.read();
    Ok(told(&realm, call, realm.addon(&call.place(), &asked.cluster_name, &asked.addon_name)?))
}

pub(super) fn list(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: List = input(value)?;
    let (realm, place) = (call.read(), call.place());
    realm.cluster(&place, &asked.cluster_name)?;
    let names = realm.addons(&place, &asked.cluster_name).map(|addon| addon.names().1.to_owned());
    asked.page.of("addons", names.map(|name| (name.clone(), name)), Value::from)
}

/// What is not given stays, but for the role by IRSA, which goes: an add-on that is not given one has what the role of its node
/// has. Associations that are given are all that the add-on then owns.
///
/// Source: Amazon EKS API Reference, "UpdateAddon", `serviceAccountRoleArn`; hashicorp/terraform-provider-aws #19402 and #19403.
pub(super) fn update(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: Update = input(value)?;
    let place = call.place();
    let (cluster, mut addon) = {
        let realm = call.read();
        let addon = Addon::clone(realm.addon(&place, &asked.cluster_name, &asked.addon_name)?);
        (Cluster::clone(realm.cluster(&place, &asked.cluster_name)?), addon)
    };
    let kind =
        call.addons.addon(&asked.addon_name).ok_or_else(|| fault::no_addon(cluster.name(), &asked.addon_name))?;
    if let Some(version) = &asked.addon_version {
        let (_, version) = supported(call, &asked.addon_name, Some(version), &cluster.version)?;
        version.version.clone_into(&mut addon.version);
    }
    addon.role = asked.service_account_role_arn.as_deref().map(roles::parsed).transpose()?;
    if let Some(values) = &asked.configuration_values {
        addon.configuration = Some(values.clone());
    }
    addon.modified = call.now();
    let wanted = asked.pod_identity_associations.as_deref().map(|all| wanted(call, kind, &addon, all)).transpose()?;

    let mut change = call.change();
    // It may have been tagged, or have gone, meanwhile.
    let known = change.addon(&place, &asked.cluster_name, &asked.addon_name)?;
    if let Some(answer) = updates::again(&change, call, &asked.cluster_name)? {
        return Ok(answer);
    }
    addon.tags.clone_from(&known.tags);
    if let Some(wanted) = &wanted {
        own(&mut change, call, kind, &addon, wanted)?;
    }
    let associated = asked.pod_identity_associations.map(|all| {
        let all = all.iter().map(|one| json!({ "ServiceAccount": one.service_account, "RoleArn": one.role_arn }));
        Value::Array(all.collect()).to_string()
    });
    let parameters = [
        ("AddonVersion", asked.addon_version),
        ("ServiceAccountRoleArn", asked.service_account_role_arn),
        ("ResolveConflicts", asked.resolve_conflicts),
        ("ConfigurationValues", asked.configuration_values),
        ("PodIdentityAssociations", associated),
    ];
    let answer =
        updates::begin(&mut change, call, &cluster, ("AddonUpdate", updates::Of::Addon(&asked.addon_name)), parameters);
    change.put(addon);
    change.commit();
    Ok(answer)
}

/// The add-on is gone when this is answered, and so is what it owns, unless that is to stay.
pub(super) fn delete(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: Named = input(value)?;
    let place = call.place();
    let mut change = call.change();
    let addon = Addon::clone(change.addon(&place, &asked.cluster_name, &asked.addon_name)?);
    let mut told = told(&change, call, &addon);
    tell(&mut told, "/addon", "status", "DELETING");
    for owned in owned(&change, call, &addon) {
        if asked.preserve {
            change.put(Association { owner: None, ..owned });
        } else {
            change.remove(&owned);
        }
    }
    updates::forget(&mut change, &place, &asked.cluster_name, updates::Of::Addon(&asked.addon_name));
    change.remove(&addon);
    change.commit();
    Ok(told)
}

fn told(realm: &Realm, call: &Call<'_>, addon: &Addon) -> Value {
    let mut told = addon.told(call.ctx.now);
    let owned: Vec<_> = owned(realm, call, addon).into_iter().map(|association| association.arn).collect();
    if !owned.is_empty() {
        tell(&mut told, "", "podIdentityAssociations", json!(owned));
    }
    json!({ "addon": told })
}

fn owned(realm: &Realm, call: &Call<'_>, addon: &Addon) -> Vec<Association> {
    let all = realm.associations(&call.place(), addon.names().0);
    all.filter(|association| association.owner.as_ref() == Some(&addon.arn))
        .map(|known| Association::clone(known))
        .collect()
}

/// The add-on and the version of it that a cluster is to have.
fn supported<'a>(
    call: &Call<'a>,
    name: &str,
    version: Option<&str>,
    kubernetes: &str,
) -> Result<(&'a addons::Addon, &'a addons::Version), ServiceError> {
    let unsupported = || {
        fault::invalid_parameter(format!("Addon specified is not supported in {kubernetes} kubernetes version"))
            .with_field("addonName", name)
    };
    let kind = call.addons.addon(name).ok_or_else(unsupported)?;
    let known = match version {
        None => kind.default_on(kubernetes).ok_or_else(unsupported)?,
        Some(version) => {
            let known = kind.version(version).filter(|known| known.runs_on(kubernetes));
            known.ok_or_else(|| {
                fault::invalid_parameter("Addon version specified is not supported").with_field("addonName", name)
            })?
        }
    };
    Ok((kind, known))
}

/// The roles of the add-on's service accounts, as they are to be.
///
/// Source: Amazon EKS User Guide, "Troubleshoot Pod Identities for EKS add-ons".
fn wanted(
    call: &Call<'_>,
    kind: &addons::Addon,
    addon: &Addon,
    asked: &[Asked],
) -> Result<BTreeMap<String, Arn>, ServiceError> {
    let takes = kind.takes(&addon.version);
    if let (false, Takes::NotKnown(why)) = (asked.is_empty(), takes) {
        let message = catalogue::not_known(&kind.name, &addon.version, why);
        return Err(fault::invalid_parameter(message).with_field("addonName", kind.name.as_str()));
    }
    let accounts = takes.accounts().unwrap_or_default();
    if !asked.is_empty() && accounts.is_empty() {
        let message = format!("Pod Identity feature is not supported for addon version: {}", addon.version);
        return Err(fault::invalid_parameter(message).with_field("addonName", kind.name.as_str()));
    }
    let mut all = BTreeMap::new();
    for Asked { service_account, role_arn } in asked {
        if !accounts.iter().any(|(known, _)| known == service_account) {
            let name = &kind.name;
            let message = format!(
                "Service account {service_account} in pod identity configuration is not supported for addon {name}"
            );
            return Err(fault::invalid_parameter(message).with_field("addonName", name.as_str()));
        }
        let role = roles::parsed(role_arn)?;
        roles::check(call, &role, roles::PODS, &["sts:assumerole", "sts:tagsession"])?;
        if all.insert(service_account.clone(), role).is_some() {
            return Err(fault::invalid_parameter(format!(
                "Service account {service_account} is there more than once."
            )));
        }
    }
    Ok(all)
}

/// Makes these the associations that the add-on owns, and tells them.
fn own(
    change: &mut Change<'_>,
    call: &Call<'_>,
    kind: &addons::Addon,
    addon: &Addon,
    wanted: &BTreeMap<String, Arn>,
) -> Result<Vec<Arn>, ServiceError> {
    let (cluster, _) = addon.names();
    let mut missing = wanted.clone();
    let mut arns = Vec::new();
    for known in owned(change, call, addon) {
        let Some(role) = missing.remove(&known.service_account) else {
            change.remove(&known);
            continue;
        };
        arns.push(known.arn.clone());
        if role != known.role {
            change.put(Association { role, modified: addon.modified, ..known });
        }
    }
    for (service_account, role) in missing {
        let others = change.associations(&call.place(), cluster).map(|other| &**other);
        if let Some(other) = associations::of_account(others, &kind.namespace.name, &service_account) {
            return Err(fault::association_exists(cluster, other.names().1));
        }
        let arn = call.arn(&format!("podidentityassociation/{cluster}/a-{}", call.new_id(LOWER, 17)?))?;
        arns.push(arn.clone());
        change.put(Association {
            arn,
            namespace: kind.namespace.name.clone(),
            service_account,
            role,
            created: addon.modified,
            modified: addon.modified,
            disable_session_tags: false,
            target_role: None,
            policy: None,
            token: None,
            owner: Some(addon.arn.clone()),
            tags: BTreeMap::new(),
        });
    }
    Ok(arns)
}
