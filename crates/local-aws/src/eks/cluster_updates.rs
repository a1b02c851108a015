//! Changes of clusters: one at a time, of one kind.
//!
//! Sources: Amazon EKS API Reference, "UpdateClusterConfig" and "UpdateClusterVersion"; the messages as people quote them
//! (aws-samples/eks-workshop, hashicorp/terraform-provider-aws, aws-controllers-k8s/eks-controller).

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, input},
    config::{Logging, Upgrade, Vpc},
    fault,
    records::Cluster,
    updates,
    versions::{is_supported, minor},
};
use crate::ServiceError;

/// What a change tells of itself: the kinds of what it changed, and the new values.
type Parameters = Vec<(&'static str, Option<String>)>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    name: String,
    resources_vpc_config: Option<VpcChange>,
    logging: Option<Logging>,
    access_config: Option<AccessChange>,
    upgrade_policy: Option<Upgrade>,
    deletion_protection: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VpcChange {
    subnet_ids: Option<Vec<String>>,
    security_group_ids: Option<Vec<String>>,
    endpoint_public_access: Option<bool>,
    endpoint_private_access: Option<bool>,
    public_access_cidrs: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccessChange {
    authentication_mode: Option<String>,
}

#[derive(Deserialize)]
struct Version {
    name: String,
    version: String,
}

/// Members that ask for what is not here.
const ABSENT: [&str; 9] = [
    "zonalShiftConfig",
    "computeConfig",
    "kubernetesNetworkConfig",
    "storageConfig",
    "remoteNetworkConfig",
    "controlPlaneScalingConfig",
    "kubeApiServerConfig",
    "kubeSchedulerConfig",
    "kubeControllerManagerConfig",
];

pub(super) fn config(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    if let Some(absent) = ABSENT.into_iter().find(|member| value.get(*member).is_some()) {
        return Err(fault::invalid_parameter(format!("The embedded AWS does not have what {absent} asks for.")));
    }
    let asked: Config = input(value)?;
    change(call, &asked.name, |cluster| {
        let mut done = Vec::new();
        if let Some(change) = asked.resources_vpc_config {
            done.extend(vpc(&mut cluster.vpc, change)?);
        }
        if let Some(logging) = asked.logging {
            done.push(("LoggingUpdate", logs(&mut cluster.logging, logging)?));
        }
        if let Some(mode) = asked.access_config.and_then(|access| access.authentication_mode) {
            done.push(("AccessConfigUpdate", vec![("AuthenticationMode", Some(mode.clone()))]));
            access(&mut cluster.access.authentication_mode, mode)?;
        }
        if let Some(policy) = asked.upgrade_policy {
            done.push(("UpgradePolicyUpdate", vec![("UpgradePolicy", Some(json!(policy).to_string()))]));
            cluster.upgrade = policy;
        }
        if let Some(protection) = asked.deletion_protection {
            done.push(("DeletionProtectionUpdate", vec![("DeletionProtection", Some(protection.to_string()))]));
            cluster.deletion_protection = protection;
        }
        let mut done = done.into_iter();
        match (done.next(), done.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => Err(fault::invalid_parameter("The type for cluster update was not provided.")),
            (Some(_), Some(_)) => Err(fault::invalid_parameter("Only one type of update can be allowed.")),
        }
    })
}

pub(super) fn version(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    if value.get("rollbackConfig").is_some() {
        return Err(fault::invalid_parameter("The embedded AWS does not have what rollbackConfig asks for."));
    }
    let asked: Version = input(value)?;
    change(call, &asked.name, |cluster| {
        if !is_supported(&asked.version, call.ctx.now) {
            return Err(fault::unsupported_version(&asked.version));
        }
        if minor(&asked.version) != minor(&cluster.version).map(|known| known + 1) {
            let (from, to) = (&cluster.version, &asked.version);
            let message = format!("Unsupported Kubernetes minor version update from {from} to {to}");
            return Err(fault::invalid_parameter(message));
        }
        cluster.version.clone_from(&asked.version);
        let platform = Some(Cluster::PLATFORM.to_owned());
        Ok(("VersionUpdate", vec![("Version", Some(asked.version)), ("PlatformVersion", platform)]))
    })
}

/// Changes a cluster, once nothing else happens to it.
fn change(
    call: &Call<'_>,
    name: &str,
    edit: impl FnOnce(&mut Cluster) -> Result<(&'static str, Parameters), ServiceError>,
) -> Result<Value, ServiceError> {
    let mut change = call.change();
    let mut cluster = Cluster::clone(change.cluster(&call.place(), name)?);
    if let Some(answer) = updates::again(&change, call, name)? {
        return Ok(answer);
    }
    let status = cluster.status(call.ctx.now);
    if status != "ACTIVE" {
        return Err(fault::cluster_is_busy(name, status));
    }
    let (kind, parameters) = edit(&mut cluster).map_err(|refused| refused.with_field("clusterName", name))?;
    cluster.updated = Some(call.now());
    let answer = updates::begin(&mut change, call, &cluster, (kind, updates::Of::Itself), parameters);
    change.put(cluster);
    change.commit();
    Ok(answer)
}

/// Where the servers are reached from, and which networks they are in: two kinds of updates.
fn vpc(known: &mut Vpc, asked: VpcChange) -> Result<Vec<(&'static str, Parameters)>, ServiceError> {
    let before = known.clone();
    let list = |items: &Option<Vec<String>>| items.as_ref().map(|items| json!(items).to_string());
    let networks: Parameters =
        vec![("Subnets", list(&asked.subnet_ids)), ("SecurityGroups", list(&asked.security_group_ids))];
    let endpoint: Parameters = vec![
        ("EndpointPublicAccess", asked.endpoint_public_access.map(|on| on.to_string())),
        ("EndpointPrivateAccess", asked.endpoint_private_access.map(|on| on.to_string())),
        ("PublicAccessCidrs", list(&asked.public_access_cidrs)),
    ];
    known.subnet_ids = asked.subnet_ids.unwrap_or_else(|| before.subnet_ids.clone());
    known.security_group_ids = asked.security_group_ids.unwrap_or_else(|| before.security_group_ids.clone());
    known.endpoint_public_access = asked.endpoint_public_access.unwrap_or(before.endpoint_public_access);
    known.endpoint_private_access = asked.endpoint_private_access.unwrap_or(before.endpoint_private_access);
    known.public_access_cidrs = asked.public_access_cidrs.unwrap_or_else(|| before.public_access_cidrs.clone());
    if *known == before {
        let (private, public) = (known.endpoint_private_access, known.endpoint_public_access);
        return Err(fault::invalid_parameter(format!(
            "Cluster is already at the desired configuration with endpointPrivateAccess: {private} , endpointPublicAccess: \
             {public}, and Public Endpoint Restrictions: [{}]",
            known.public_access_cidrs.join(", "),
        )));
    }
    if known.subnet_ids.is_empty() {
        return Err(fault::invalid_parameter("Subnets are required: specify at least two subnets."));
    }
    if !known.endpoint_public_access && !known.endpoint_private_access {
        return Err(fault::invalid_parameter("Private and public endpoint access cannot be false."));
    }
    let all = [("VpcConfigUpdate", networks), ("EndpointAccessUpdate", endpoint)];
    Ok(all.into_iter().filter(|(_, parameters)| parameters.iter().any(|(_, value)| value.is_some())).collect())
}

/// Kinds of logs that nobody names stay as they are.
fn logs(known: &mut Logging, asked: Logging) -> Result<Parameters, ServiceError> {
    let told = serde_json::to_string(&asked).unwrap_or_default();
    let mut all = known.clone();
    all.cluster_logging.extend(asked.cluster_logging);
    let all = all.completed();
    if all == *known {
        return Err(fault::invalid_parameter("No changes needed for the logging config provided"));
    }
    *known = all;
    Ok(vec![("ClusterLogging", Some(told))])
}

/// Access entries, once there are any, cannot be taken back.
///
/// Source: Amazon EKS User Guide, "Change authentication mode to use access entries".
fn access(known: &mut String, asked: String) -> Result<(), ServiceError> {
    let rank = |mode: &str| ["CONFIG_MAP", "API_AND_CONFIG_MAP", "API"].iter().position(|one| *one == mode);
    if rank(&asked) <= rank(known) {
        let message = format!("Unsupported authentication mode update from {known} to {asked}");
        return Err(fault::invalid_parameter(message));
    }
    *known = asked;
    Ok(())
}
