//! Managed node groups: a launch template and an Auto Scaling group that EKS makes and keeps by its service-linked role.
//!
//! ```text
//!   call --asked: what it asks for--> the group is kept, to be made
//!                                        |
//!   beside all calls: work  --as the service-linked role--> instance profile, launch template, Auto Scaling group
//!                       '--- what has come of its launches: ACTIVE, or CREATE_FAILED and why
//!   whoever describes it: health, of its parts as they are now
//! ```
//!
//! Sources: Amazon EKS API Reference, "CreateNodegroup" and its kin, "Nodegroup", "Issue"; Amazon EKS User Guide, "Simplify node
//! lifecycle with managed node groups", "Customize managed nodes with launch templates" and "View and manage Amazon EKS and Fargate
//! service quotas"; messages as people quote them (hashicorp/terraform-provider-aws #39904, aws/containers-roadmap,
//! terraform-aws-modules/terraform-aws-eks, eksctl-io/eksctl).

mod asked;
mod caller;
mod changes;
mod health;
mod images;
mod parts;
mod replacing;
mod role;
mod work;

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use uuid::Uuid;

use self::asked::Create;
pub(super) use self::{
    changes::{config, version},
    work::catch_up,
};
use super::{
    access_entries,
    call::{Call, input},
    fault,
    paging::Page,
    records::{NodeGroup, Progress, Stage},
    updates,
};
use crate::{ServiceError, accounts::Accounts, autoscaling::AutoScaling, ec2::Ec2, iam::Iam, trail::Trail};

/// How many a cluster has.
///
/// Source: Amazon EKS User Guide, "View and manage Amazon EKS and Fargate service quotas".
const MOST: usize = 30;

/// What node groups are made of and by.
#[derive(Debug)]
pub(crate) struct Nodes {
    ec2: Ec2,
    autoscaling: AutoScaling,
    iam: Iam,
    accounts: Arc<Accounts>,
    trail: Arc<Trail>,
    /// Held by who works on parts of node groups.
    working: Mutex<()>,
}

impl Nodes {
    pub(crate) fn new(
        ec2: Ec2,
        autoscaling: AutoScaling,
        iam: Iam,
        accounts: Arc<Accounts>,
        trail: Arc<Trail>,
    ) -> Self {
        Self { ec2, autoscaling, iam, accounts, trail, working: Mutex::new(()) }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    cluster_name: String,
    nodegroup_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    cluster_name: String,
    #[serde(flatten)]
    page: Page,
}

pub(super) async fn create(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    asked::refuse_absent(&value)?;
    let asked: Create = input(value)?;
    let (cluster, name) = (asked.cluster_name.clone(), asked.nodegroup_name.clone());
    // The operation has no error for a cluster that is not there.
    let no_cluster = |missing: ServiceError| fault::invalid_parameter(missing.message());
    let (known, cluster_version) = {
        let realm = call.read();
        let of = realm.cluster(&call.place(), &cluster).map_err(no_cluster)?;
        if of.status(call.ctx.now) == "CREATING" {
            let message = format!("Cluster '{cluster}' is not in ACTIVE status");
            return Err(fault::invalid_request(message).with_field("clusterName", &*cluster));
        }
        (realm.node_group(&call.place(), &cluster, &name).ok().cloned(), of.version.clone())
    };
    if let Some(known) = known {
        return again(call, &known);
    }
    let arn = call.arn(&format!("nodegroup/{cluster}/{name}/{}", Uuid::new_v4()))?;
    let group = asked.group(call, arn, &cluster_version)?;
    caller::may_look_for_role(call).await?;
    caller::may_look_at(call, &group.role, &group.subnets).await?;
    if let Some(template) = &group.template {
        caller::may_launch(call, &group, template).await?;
    }
    call.nodes.has_role(call).await?;

    let mut change = call.change();
    // It may have changed meanwhile.
    let has_entries = change.cluster(&call.place(), &cluster).map_err(no_cluster)?.access.has_entries();
    if let Ok(known) = change.node_group(&call.place(), &cluster, &name).cloned() {
        drop(change);
        return again(call, &known);
    }
    if change.node_groups(&call.place(), &cluster).count() >= MOST {
        return Err(fault::too_many("node groups of a cluster"));
    }
    if has_entries {
        access_entries::put_nodes(&mut change, call, &cluster, &group.role)?;
    }
    let answer = json!({ "nodegroup": group.told(&[]) });
    change.put(group);
    change.commit();
    Ok(answer)
}

/// The answer to who asks for one that is there.
fn again(call: &Call<'_>, known: &NodeGroup) -> Result<Value, ServiceError> {
    let (cluster, name, _) = known.names();
    let is_again = call.is_again(known.token.as_ref())?;
    if is_again { Ok(told(call, known)) } else { Err(fault::node_group_exists(cluster, name)) }
}

pub(super) fn describe(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Named { cluster_name, nodegroup_name } = input(value)?;
    let known = call.read().node_group(&call.place(), &cluster_name, &nodegroup_name).cloned()?;
    Ok(told(call, &known))
}

pub(super) fn list(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: List = input(value)?;
    let (realm, place) = (call.read(), call.place());
    realm.cluster(&place, &asked.cluster_name)?;
    let names = realm.node_groups(&place, &asked.cluster_name).map(|group| group.names().1.to_owned());
    asked.page.of("nodegroups", names.map(|name| (name.clone(), name)), Value::from)
}

/// Its parts go, then it does. An update that goes on is at its end then: `Cancelled`, of the statuses that the Amazon EKS API
/// Reference has ("Update" > `status`), is assumed.
pub(super) fn delete(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Named { cluster_name, nodegroup_name } = input(value)?;
    let mut change = call.change();
    let mut group = NodeGroup::clone(change.node_group(&call.place(), &cluster_name, &nodegroup_name)?);
    if let Stage::Replacing(cut_off) = &group.stage {
        updates::end(&mut change, &call.place(), &cluster_name, &cut_off.update, Progress::Cancelled);
    }
    (group.stage, group.modified) = (Stage::Going, call.now());
    let answer = json!({ "nodegroup": group.told(&[]) });
    change.put(group);
    change.commit();
    Ok(answer)
}

fn told(call: &Call<'_>, group: &NodeGroup) -> Value {
    json!({ "nodegroup": as_now(call, group.clone()).told(&health::issues(call, group)) })
}

/// A node group with as many nodes as its Auto Scaling group is to have now.
///
/// Source: Amazon EKS API Reference, "NodegroupScalingConfig" > `desiredSize`: the Cluster Autoscaler alters it there.
fn as_now(call: &Call<'_>, mut group: NodeGroup) -> NodeGroup {
    let now = call.nodes.autoscaling.group_now(call.account(), call.ctx.region, &group.scaling_group());
    if let Some(now) = now.filter(|now| !now.is_going) {
        group.scaling.desired_size = now.desired;
    }
    group
}
