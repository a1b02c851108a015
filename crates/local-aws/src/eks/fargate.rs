//! Fargate profiles: which pods run on Fargate, and with which role. Nothing runs.
//!
//! Sources: Amazon EKS API Reference, "CreateFargateProfile" and its kin; Amazon EKS User Guide, "Define which Pods use AWS
//! Fargate when launched", "Amazon EKS Pod execution IAM role" and "View and manage Amazon EKS and Fargate service quotas";
//! the refusal of a role as hashicorp/terraform-provider-aws knows it (`internal/service/eks/fargate_profile.go`).

use std::{collections::BTreeMap, sync::Arc};

use aws_model::Arn;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    access_entries,
    call::{Call, input, tell},
    fault,
    paging::Page,
    records::{FargateProfile, Selector},
    roles::{self, FARGATE},
    tags,
};
use crate::ServiceError;

const MOST: usize = 10;
const MOST_SELECTORS: usize = 5;
const MOST_LABELS: usize = 5;
/// How long a name is (assumed), and how many subnets there are (assumed: as many as a VPC has).
const LONGEST_NAME: usize = 100;
const MOST_SUBNETS: usize = 200;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Create {
    fargate_profile_name: String,
    cluster_name: String,
    pod_execution_role_arn: String,
    subnets: Option<Vec<String>>,
    #[serde(default)]
    selectors: Vec<Selector>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    cluster_name: String,
    fargate_profile_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    cluster_name: String,
    #[serde(flatten)]
    page: Page,
}

pub(super) fn create(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: Create = input(value)?;
    // The operation has no error for a cluster that is not there.
    let no_cluster = |missing: ServiceError| fault::invalid_parameter(missing.message());
    let subnets = {
        let realm = call.read();
        let cluster = realm.cluster(&call.place(), &asked.cluster_name).map_err(no_cluster)?;
        asked.subnets.unwrap_or_else(|| cluster.vpc.subnet_ids.clone())
    };
    check(&asked.fargate_profile_name, &subnets, &asked.selectors)?;
    tags::check(&asked.tags, &BTreeMap::new())?;
    let role: Arn = roles::parsed(&asked.pod_execution_role_arn)?;
    roles::check(call, &role, FARGATE, &["sts:assumerole"]).map_err(|refused| match refused.message() {
        message if message == fault::untrusting_role().message() => fault::invalid_parameter(
            "Misconfigured PodExecutionRole Trust Policy; Please add the eks-fargate-pods.amazonaws.com Service Principal",
        ),
        _ => refused,
    })?;
    let (cluster, name) = (&asked.cluster_name, &asked.fargate_profile_name);
    let profile = FargateProfile {
        arn: call.arn(&format!("fargateprofile/{cluster}/{name}/{}", Uuid::new_v4()))?,
        created: call.now(),
        role,
        subnets,
        selectors: asked.selectors,
        token: call.once.clone(),
        tags: asked.tags,
    };

    let mut change = call.change();
    // The cluster may have gone meanwhile.
    change.cluster(&call.place(), cluster).map_err(no_cluster)?;
    let known: Vec<_> = change.fargate_profiles(&call.place(), cluster).cloned().collect();
    if let Some(known) = known.iter().find(|known| known.names().1 == name) {
        let exists = || fault::fargate_profile_exists(cluster, name);
        return if call.is_again(known.token.as_ref())? { Ok(told(known, call)) } else { Err(exists()) };
    }
    if known.len() >= MOST {
        return Err(fault::too_many("Fargate profiles of a cluster"));
    }
    access_entries::put_pods_of_fargate(&mut change, call, cluster, &profile.role)?;
    let answer = told(&profile, call);
    change.put(profile);
    change.commit();
    Ok(answer)
}

pub(super) fn describe(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Named { cluster_name, fargate_profile_name } = input(value)?;
    let realm = call.read();
    Ok(told(realm.fargate_profile(&call.place(), &cluster_name, &fargate_profile_name)?, call))
}

pub(super) fn list(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: List = input(value)?;
    let (realm, place) = (call.read(), call.place());
    realm.cluster(&place, &asked.cluster_name)?;
    let names = realm.fargate_profiles(&place, &asked.cluster_name).map(|profile| profile.names().1.to_owned());
    asked.page.of("fargateProfileNames", names.map(|name| (name.clone(), name)), Value::from)
}

/// The profile is gone when this is answered. Its role stays in the cluster as long as another profile has it.
pub(super) fn delete(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Named { cluster_name, fargate_profile_name } = input(value)?;
    let mut change = call.change();
    let known = change.fargate_profile(&call.place(), &cluster_name, &fargate_profile_name)?;
    let profile = FargateProfile::clone(known);
    let has_role = |other: &Arc<FargateProfile>| other.arn != profile.arn && other.role == profile.role;
    if !change.fargate_profiles(&call.place(), &cluster_name).any(has_role) {
        access_entries::remove_pods_of_fargate(&mut change, call, &cluster_name, &profile.role);
    }
    change.remove(&profile);
    change.commit();
    let mut answer = told(&profile, call);
    tell(&mut answer, "/fargateProfile", "status", "DELETING");
    Ok(answer)
}

fn told(profile: &FargateProfile, call: &Call<'_>) -> Value {
    json!({ "fargateProfile": profile.told(call.ctx.now) })
}

fn check(name: &str, subnets: &[String], selectors: &[Selector]) -> Result<(), ServiceError> {
    let invalid = |message: String| Err(fault::invalid_parameter(message));
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(is_letter) {
        return invalid(format!("The name of a Fargate profile has 1 to {LONGEST_NAME} letters, digits, - and _."));
    }
    if name.starts_with("eks-") {
        return invalid("The name of a Fargate profile does not begin with eks-.".to_owned());
    }
    if subnets.is_empty() || subnets.len() > MOST_SUBNETS {
        return invalid(format!("A Fargate profile has 1 to {MOST_SUBNETS} subnets."));
    }
    if selectors.is_empty() || selectors.len() > MOST_SELECTORS {
        return invalid(format!("A Fargate profile has 1 to {MOST_SELECTORS} selectors."));
    }
    for selector in selectors {
        let is_short = |text: &String| text.len() <= 316;
        if selector.namespace.is_empty() || !is_short(&selector.namespace) {
            return invalid("Each selector has a namespace.".to_owned());
        }
        let labels = &selector.labels;
        if labels.len() > MOST_LABELS || !labels.iter().all(|(key, value)| is_short(key) && is_short(value)) {
            return invalid(format!("A selector has at most {MOST_LABELS} labels as Kubernetes has them."));
        }
    }
    Ok(())
}
