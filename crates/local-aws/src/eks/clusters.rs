//! Clusters.

use std::collections::BTreeMap;

use aws_model::Arn;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    access_entries,
    call::{Call, HEX, input, tell},
    config::{Access, Logging, Network, Upgrade, Vpc},
    encryption, fault, issuer,
    paging::Page,
    records::Cluster,
    roles::{self, CLUSTERS},
    state::Realm,
    tags,
    versions::is_supported,
};
use crate::ServiceError;

/// The newest version that AWS has in standard support, which is what a cluster gets when nobody says one; which one AWS
/// gives, its documents do not tell.
///
/// Source: Amazon EKS User Guide, "Understand the Kubernetes version lifecycle on EKS", as of October 2025.
pub(super) const NEWEST: &str = "1.34";

/// How many clusters an account has in a region.
///
/// Source: Amazon EKS User Guide, "View and manage Amazon EKS and Fargate service quotas".
const MOST: usize = 100;

/// Members that ask for what is not here.
const ABSENT: [&str; 8] = [
    "outpostConfig",
    "zonalShiftConfig",
    "remoteNetworkConfig",
    "storageConfig",
    "controlPlaneScalingConfig",
    "kubeApiServerConfig",
    "kubeSchedulerConfig",
    "kubeControllerManagerConfig",
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Create {
    name: String,
    version: Option<String>,
    role_arn: String,
    resources_vpc_config: Vpc,
    kubernetes_network_config: Option<Network>,
    logging: Option<Logging>,
    access_config: Option<Access>,
    upgrade_policy: Option<Upgrade>,
    #[serde(default)]
    encryption_config: Vec<encryption::Asked>,
    #[serde(default)]
    deletion_protection: bool,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

pub(super) async fn create(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let is_auto = value.pointer("/computeConfig/enabled") == Some(&Value::Bool(true));
    if let Some(absent) =
        ABSENT.into_iter().find(|member| value.get(*member).is_some()).or(is_auto.then_some("computeConfig"))
    {
        return Err(fault::invalid_parameter(format!("The embedded AWS does not have what {absent} asks for.")));
    }
    let asked: Create = input(value)?;
    // The newest of our table is there at any time that somebody sets the clock to.
    if let Some(version) = asked.version.as_deref().filter(|version| !is_supported(version, call.ctx.now)) {
        return Err(fault::unsupported_version(version).with_field("clusterName", asked.name));
    }
    let version = asked.version.unwrap_or_else(|| NEWEST.to_owned());
    if asked.resources_vpc_config.subnet_ids.is_empty() {
        return Err(fault::invalid_parameter("Subnets are required: specify at least two subnets."));
    }
    let access = asked.access_config.unwrap_or_default();
    let makes_administrator = access.bootstrap_cluster_creator_admin_permissions.unwrap_or(true);
    if !makes_administrator && !access.has_entries() {
        return Err(fault::invalid_parameter(
            "bootstrapClusterCreatorAdminPermissions must be true if cluster authentication mode is set to CONFIG_MAP",
        ));
    }
    tags::check(&asked.tags, &BTreeMap::new())?;
    let role: Arn = roles::parsed(&asked.role_arn)?;
    roles::check(call, &role, CLUSTERS, &["sts:assumerole"])?;

    if let Some(answer) = known(&call.read(), call, &asked.name) {
        return answer;
    }
    let key = call.kms.rsa_key().await.ok().and_then(issuer::Key::read).ok_or_else(fault::internal)?;
    let encryption = encryption::enable(call, &asked.encryption_config, &role).await?;

    let mut change = call.change();
    // Another may have made it meanwhile.
    if let Some(answer) = known(&change, call, &asked.name) {
        encryption::end(call, encryption.as_ref());
        return answer;
    }
    let cluster = Cluster {
        arn: call.arn(&format!("cluster/{}", asked.name))?,
        created: call.now(),
        version,
        role,
        id: call.new_id(HEX, 32)?.to_ascii_uppercase(),
        vpc: asked.resources_vpc_config,
        vpc_id: format!("vpc-{}", call.new_id(HEX, 17)?),
        security_group: format!("sg-{}", call.new_id(HEX, 17)?),
        network: asked.kubernetes_network_config.unwrap_or_default().completed(),
        logging: asked.logging.map(Logging::completed).unwrap_or_default(),
        access,
        upgrade: asked.upgrade_policy.unwrap_or_default(),
        deletion_protection: asked.deletion_protection,
        token: call.once.clone(),
        tags: asked.tags,
        updated: None,
        encryption,
        behind: None,
    };
    let answer = told(&cluster, call);
    if makes_administrator {
        access_entries::put_creator(&mut change, call, &cluster)?;
    }
    change.put_new_cluster(cluster, key);
    change.commit();
    Ok(answer)
}

pub(super) fn describe(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Named { name } = input(value)?;
    let realm = call.read();
    Ok(told(realm.cluster(&call.place(), &name)?, call))
}

pub(super) fn list(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let page: Page = input(value)?;
    let (realm, place) = (call.read(), call.place());
    page.of("clusters", realm.clusters(&place).map(|(name, _)| (name.to_owned(), name)), Value::from)
}

/// The cluster and what is its are gone when this is answered.
pub(super) fn delete(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Named { name } = input(value)?;
    let place = call.place();
    let mut change = call.change();
    let cluster = Cluster::clone(change.cluster(&place, &name)?);
    if cluster.deletion_protection {
        let message = format!("Cluster {name} has deletion protection enabled.");
        return Err(ServiceError::new("InvalidRequestException", message).with_field("clusterName", name));
    }
    if change.node_groups(&place, &name).next().is_some() {
        let message = "Cluster has nodegroups attached";
        return Err(ServiceError::new("ResourceInUseException", message)
            .with_status(409)
            .with_field("clusterName", name));
    }
    let associations: Vec<_> = change.associations(&place, &name).cloned().collect();
    associations.iter().for_each(|association| change.remove(&**association));
    let addons: Vec<_> = change.addons(&place, &name).cloned().collect();
    addons.iter().for_each(|addon| change.remove(&**addon));
    let updates: Vec<_> = change.updates(&place, &name).cloned().collect();
    updates.iter().for_each(|update| change.remove(&**update));
    if let Some(profile) = change.fargate_profiles(&place, &name).next() {
        let message = format!("Cluster has Fargate profiles attached: {}", profile.names().1);
        return Err(ServiceError::new("ResourceInUseException", message)
            .with_status(409)
            .with_field("clusterName", name));
    }
    let providers: Vec<_> = change.identity_providers(&place, &name).cloned().collect();
    providers.iter().for_each(|provider| change.remove(&**provider));
    let entries: Vec<_> = change.access_entries(&place, &name).cloned().collect();
    entries.iter().for_each(|entry| change.remove(&**entry));
    change.remove_cluster(&cluster);
    change.commit();
    encryption::end(call, cluster.encryption.as_ref());
    let mut answer = told(&cluster, call);
    tell(&mut answer, "/cluster", "status", "DELETING");
    Ok(answer)
}

/// What is answered where a cluster cannot be made: it is there already, or it is one too many.
fn known(realm: &Realm, call: &Call<'_>, name: &str) -> Option<Result<Value, ServiceError>> {
    if let Ok(known) = realm.cluster(&call.place(), name) {
        return Some(match call.is_again(known.token.as_ref()) {
            Ok(true) => Ok(told(known, call)),
            Ok(false) => Err(fault::cluster_exists(name)),
            Err(refused) => Err(refused),
        });
    }
    (realm.clusters(&call.place()).count() >= MOST).then(|| Err(fault::too_many("clusters")))
}

fn told(cluster: &Cluster, call: &Call<'_>) -> Value {
    json!({ "cluster": cluster.told(call.ctx.now) })
}
