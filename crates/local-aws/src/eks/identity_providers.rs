//! Identity providers of a cluster: whose users come in by tokens of OpenID Connect. Nothing lets anybody in here.
//!
//! Sources: Amazon EKS API Reference, "AssociateIdentityProviderConfig" and its kin; Amazon EKS User Guide, "Grant users access
//! to Kubernetes with an external OIDC provider" (one for a cluster; an issuer that is reached by https); messages as people
//! quote them (terraform-aws-modules/terraform-aws-eks #3328, elastic/cloudbeat #3093, eksctl-io/eksctl #6293); of a second
//! provider, ours.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    call::{Call, input, tell},
    fault,
    paging::Page,
    records::{Cluster, IdentityProvider, Oidc},
    state::Realm,
    tags, updates,
};
use crate::ServiceError;

/// The one type that there is.
const TYPE: &str = "oidc";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Associate {
    cluster_name: String,
    oidc: Asked,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    identity_provider_config_name: String,
    #[serde(flatten)]
    oidc: Oidc,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    cluster_name: String,
    identity_provider_config: Name,
}

#[derive(Deserialize)]
struct Name {
    r#type: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    cluster_name: String,
    #[serde(flatten)]
    page: Page,
}

pub(super) fn associate(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: Associate = input(value)?;
    let (cluster, Asked { identity_provider_config_name: name, oidc }) = (asked.cluster_name, asked.oidc);
    tags::check(&asked.tags, &BTreeMap::new())?;
    let provider = IdentityProvider {
        arn: call.arn(&format!("identityproviderconfig/{cluster}/{TYPE}/{name}/{}", Uuid::new_v4()))?,
        created: call.now(),
        oidc,
        token: call.once.clone(),
        tags: asked.tags,
    };

    let mut change = call.change();
    let of = Cluster::clone(change.cluster(&call.place(), &cluster)?);
    check(&name, &provider.oidc, &of)?;
    if let Some(mut answer) = updates::again(&change, call, &cluster)? {
        tell(&mut answer, "", "tags", json!(provider.tags));
        return Ok(answer);
    }
    if change.identity_providers(&call.place(), &cluster).next().is_some() {
        return Err(fault::identity_provider_exists(&cluster));
    }
    is_free(&change, call, &of, "AssociateIdentityProviderConfig")?;
    let told = json!([provider.told(call.ctx.now)]).to_string();
    let kind = ("AssociateIdentityProviderConfig", updates::Of::Itself);
    let mut answer = updates::begin(&mut change, call, &of, kind, [("IdentityProviderConfig", Some(told))]);
    tell(&mut answer, "", "tags", json!(provider.tags));
    change.put(provider);
    change.commit();
    Ok(answer)
}

pub(super) fn describe(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: Named = input(value)?;
    let realm = call.read();
    let provider = named(&realm, call, &asked)?;
    Ok(json!({ "identityProviderConfig": { "oidc": provider.told(call.ctx.now) } }))
}

pub(super) fn list(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: List = input(value)?;
    let (realm, place) = (call.read(), call.place());
    realm.cluster(&place, &asked.cluster_name)?;
    let names = realm.identity_providers(&place, &asked.cluster_name).map(|provider| provider.names().1.to_owned());
    let told = |name| json!({ "type": TYPE, "name": name });
    asked.page.of("identityProviderConfigs", names.map(|name| (name.clone(), name)), told)
}

/// The provider is gone when this is answered.
pub(super) fn disassociate(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: Named = input(value)?;
    let mut change = call.change();
    change.cluster(&call.place(), &asked.cluster_name)?;
    if let Some(answer) = updates::again(&change, call, &asked.cluster_name)? {
        return Ok(answer);
    }
    let provider = IdentityProvider::clone(named(&change, call, &asked)?);
    let of = Cluster::clone(change.cluster(&call.place(), &asked.cluster_name)?);
    is_free(&change, call, &of, "DisassociateIdentityProviderConfig")?;
    let told = json!([provider.told(call.ctx.now)]).to_string();
    let kind = ("DisassociateIdentityProviderConfig", updates::Of::Itself);
    let answer = updates::begin(&mut change, call, &of, kind, [("IdentityProviderConfig", Some(told))]);
    change.remove(&provider);
    change.commit();
    Ok(answer)
}

fn named<'r>(realm: &'r Realm, call: &Call<'_>, asked: &Named) -> Result<&'r IdentityProvider, ServiceError> {
    let Named { cluster_name: cluster, identity_provider_config: Name { r#type: kind, name } } = asked;
    realm.cluster(&call.place(), cluster)?;
    let mut all = realm.identity_providers(&call.place(), cluster);
    let found = all.find(|provider| kind == TYPE && provider.names().1 == name);
    found.map(|found| &**found).ok_or_else(|| fault::no_identity_provider(cluster, kind, name))
}

fn check(name: &str, oidc: &Oidc, cluster: &Cluster) -> Result<(), ServiceError> {
    let invalid = |message: &str| Err(fault::invalid_parameter(message).with_field("clusterName", cluster.name()));
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    // How long a name is, no document tells (assumed).
    if name.is_empty() || name.len() > 100 || !name.bytes().all(is_letter) {
        return invalid("The name of an identity provider config has 1 to 100 letters, digits, - and _.");
    }
    if !oidc.issuer_url.starts_with("https://") || oidc.issuer_url.contains('?') {
        return invalid("The issuer URL begins with https:// and has no query.");
    }
    if oidc.issuer_url.trim_end_matches('/') == cluster.issuer() {
        return invalid(
            "Incorrect Identity Provider URL configuration. The Identity Provider URL cannot be same as OpenID Connect \
             (OIDC) issuer URL",
        );
    }
    if oidc.client_id.is_empty() {
        return invalid("An identity provider config has a client ID.");
    }
    Ok(())
}

/// Refuses to change a cluster to which something happens.
fn is_free(realm: &Realm, call: &Call<'_>, cluster: &Cluster, what: &str) -> Result<(), ServiceError> {
    let (name, status) = (cluster.name(), cluster.status(call.ctx.now));
    if status == "CREATING" {
        return Err(fault::cluster_is_busy(name, status));
    }
    let mut updates = realm.updates(&call.place(), name).filter(|update| update.is_of_cluster());
    match updates.find(|update| update.is_going_on(call.ctx.now)) {
        Some(update) => Err(fault::update_is_going_on(name, what, &update.id)),
        None => Ok(()),
    }
}
