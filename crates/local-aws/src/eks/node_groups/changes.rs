//! Changes of node groups.
//!
//! Source: Amazon EKS API Reference, "UpdateNodegroupConfig" and "UpdateNodegroupVersion"; Amazon EKS User Guide, "Update a managed
//! node group for your cluster".

use std::collections::BTreeMap;

use aws_wire::model::ServiceId;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    asked::{self, Sizes, Template},
    caller,
    role::At,
};
use crate::{
    ServiceError,
    eks::{
        call::{Call, input},
        fault,
        records::{NodeGroup, Progress, Replacement, Stage, Taint, TemplateOf, UpdateConfig, VersionOf},
        updates::{self, Of},
        versions::minor,
    },
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    cluster_name: String,
    nodegroup_name: String,
    labels: Option<Labels>,
    taints: Option<Taints>,
    scaling_config: Option<Sizes>,
    update_config: Option<UpdateConfig>,
    node_repair_config: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Labels {
    #[serde(default)]
    add_or_update_labels: BTreeMap<String, String>,
    #[serde(default)]
    remove_labels: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Taints {
    #[serde(default)]
    add_or_update_taints: Vec<Taint>,
    #[serde(default)]
    remove_taints: Vec<Taint>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    cluster_name: String,
    nodegroup_name: String,
    version: Option<String>,
    release_version: Option<String>,
    launch_template: Option<Template>,
}

/// What a change tells of itself: the kinds of what it changed, and the new values.
type Parameters = Vec<(&'static str, Option<String>)>;

pub(in crate::eks) async fn config(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    asked::refuse_absent(&value)?;
    let asked: Config = input(value)?;
    let _working = call.nodes.working.lock().await;
    if let Some(answer) = updates::again(&call.read(), call, &asked.cluster_name)? {
        return Ok(answer);
    }
    let mut group = known(call, &asked.cluster_name, &asked.nodegroup_name)?;
    let text = |value: &Value| Some(value.to_string());
    let mut done: Parameters = Vec::new();
    if let Some(Labels { add_or_update_labels: added, remove_labels: removed }) = asked.labels {
        if let Some(missing) = removed.iter().find(|key| !group.labels.contains_key(*key)) {
            return Err(fault::invalid_parameter(format!("The node group has no label {missing}.")));
        }
        done.push(("LabelsToAdd", (!added.is_empty()).then(|| json!(added)).as_ref().and_then(text)));
        done.push(("LabelsToRemove", (!removed.is_empty()).then(|| json!(removed)).as_ref().and_then(text)));
        group.labels.retain(|key, _| !removed.contains(key));
        group.labels.extend(added);
        asked::check_labels(&group.labels)?;
    }
    if let Some(Taints { add_or_update_taints: added, remove_taints: removed }) = asked.taints {
        asked::check_taints(&added)?;
        done.push(("TaintsToAdd", (!added.is_empty()).then(|| json!(added)).as_ref().and_then(text)));
        done.push(("TaintsToRemove", (!removed.is_empty()).then(|| json!(removed)).as_ref().and_then(text)));
        let is = |one: &Taint, other: &Taint| (&one.key, &one.effect) == (&other.key, &other.effect);
        group.taints.retain(|known| !removed.iter().chain(&added).any(|other| is(known, other)));
        group.taints.extend(added);
        asked::check_taints(&group.taints)?;
    }
    let before = group.scaling;
    if let Some(sizes) = asked.scaling_config {
        group.scaling = asked::sizes(sizes, Some(before))?;
        let number = |number: Option<i64>| number.map(|number| number.to_string());
        done.push(("MinSize", number(sizes.min_size)));
        done.push(("MaxSize", number(sizes.max_size)));
        done.push(("DesiredSize", number(sizes.desired_size)));
    }
    if let Some(update) = asked.update_config {
        done.push(("MaxUnavailable", update.max_unavailable.map(|most| most.to_string())));
        done.push(("MaxUnavailablePercentage", update.max_unavailable_percentage.map(|most| most.to_string())));
        done.push(("UpdateStrategy", update.update_strategy.clone()));
        group.update = asked::update_config(Some(update))?;
    }
    if let Some(repair) = asked.node_repair_config {
        done.push(("NodeRepairConfig", text(&repair)));
        group.repair = Some(repair);
    }
    if done.iter().all(|(_, value)| value.is_none()) {
        return Err(fault::invalid_parameter("No changes were asked for."));
    }
    if group.scaling != before {
        let mut input = json!({
            "AutoScalingGroupName": group.scaling_group(),
            "MinSize": group.scaling.min_size,
            "MaxSize": group.scaling.max_size,
        });
        // Whoever scales the group meanwhile is not undone.
        let desired = (group.scaling.desired_size != before.desired_size).then_some(group.scaling.desired_size);
        if let (Some(desired), Some(members)) = (desired, input.as_object_mut()) {
            members.insert("DesiredCapacity".to_owned(), desired.into());
        }
        ask(call, ServiceId::AutoScaling, "UpdateAutoScalingGroup", input).await?;
    }
    keep(call, group, "ConfigUpdate", done)
}

/// The nodes are to be replaced by those of a new version of the launch template.
pub(in crate::eks) async fn version(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: Version = input(value)?;
    let _working = call.nodes.working.lock().await;
    if let Some(answer) = updates::again(&call.read(), call, &asked.cluster_name)? {
        return Ok(answer);
    }
    let group = known(call, &asked.cluster_name, &asked.nodegroup_name)?;
    let of_cluster = call.read().cluster(&call.place(), &asked.cluster_name)?.version.clone();
    let is_custom = group.release.is_none();
    if is_custom && (asked.version.is_some() || asked.release_version.is_some()) {
        let message = "You cannot specify the field kubernetesVersion or releaseVersion when using custom AMIs.";
        return Err(fault::invalid_parameter(message));
    }
    let template = asked.launch_template.as_ref().map(|named| named.found(call)).transpose()?;
    match (&template, &group.template) {
        (Some(new), Some(known)) if new.id != known.id => {
            let message = "The launch template cannot be another one: only its version can change.";
            return Err(fault::invalid_parameter(message));
        }
        (Some(_), None) => {
            let message = "A node group that was made without a launch template cannot have one.";
            return Err(fault::invalid_parameter(message));
        }
        _ => {}
    }
    if let Some(new) = &template {
        asked::check_new_version(&group, &template_data(call, new)?)?;
    }
    // Without a version it is the newest release of the version that there is.
    let version = asked.version.clone().unwrap_or_else(|| match (&template, &asked.release_version) {
        (None, None) if !is_custom => of_cluster.clone(),
        _ => group.version.clone(),
    });
    if minor(&version) > minor(&of_cluster) || minor(&version) < minor(&group.version) {
        let message = format!(
            "Nodegroup Kubernetes version {version} is not supported: the node group has {}, and its cluster {of_cluster}.",
            group.version
        );
        return Err(fault::invalid_parameter(message));
    }
    let release = asked::release(&group.ami_type, &version, asked.release_version.as_deref())?;
    let done = vec![
        ("Version", (!is_custom).then(|| version.clone())),
        ("ReleaseVersion", release.clone()),
        ("LaunchTemplateName", template.as_ref().map(|of| of.name.clone())),
        ("LaunchTemplateVersion", template.as_ref().map(|of| of.version.clone())),
    ];
    let to = VersionOf { version, release, template: template.or_else(|| group.template.clone()) };
    if let Some(of_customer) = &to.template {
        template_data(call, of_customer)?;
    }
    if let Some(of_customer) = asked.launch_template.as_ref().and(to.template.as_ref()) {
        caller::may_launch(call, &to.of(group.clone()), of_customer).await?;
    }
    begin(call, &group, to, done)
}

/// From now on its nodes are replaced, beside all calls. The group may be going meanwhile: then it goes.
fn begin(call: &Call<'_>, group: &NodeGroup, to: VersionOf, done: Parameters) -> Result<Value, ServiceError> {
    let (cluster, name, _) = group.names();
    let mut change = call.change();
    let of_cluster = change.cluster(&call.place(), cluster)?.clone();
    let known = change.node_group_of(&group.arn).filter(|known| known.stage == Stage::There).cloned();
    let known = known.ok_or_else(|| fault::node_group_is_busy(cluster, name, "DELETING"))?;
    let kind = ("VersionUpdate", Of::NodeGroup(name));
    let update = updates::note(&mut change, call, &of_cluster, kind, done, Some(Progress::Going));
    let stage = Stage::Replacing(Replacement { update: update.id.clone(), begun: call.now(), to, launches: None });
    change.put(NodeGroup { stage, modified: call.now(), ..NodeGroup::clone(&known) });
    change.commit();
    Ok(json!({ "update": update.told(call.ctx.now) }))
}

/// What a customer's template says.
fn template_data(call: &Call<'_>, of: &TemplateOf) -> Result<Value, ServiceError> {
    let gone =
        || fault::invalid_request(format!("Launch template {} with version {} is not there.", of.id, of.version));
    call.nodes.ec2.template_data(&of.id, &of.version).ok_or_else(gone)
}

/// A group that came to be, and whose Auto Scaling group is there.
fn known(call: &Call<'_>, cluster: &str, name: &str) -> Result<NodeGroup, ServiceError> {
    let group = NodeGroup::clone(&*call.read().node_group(&call.place(), cluster, name).cloned()?);
    if group.stage == Stage::There && call.nodes.has_scaling_group(call, &group) {
        return Ok(super::as_now(call, group));
    }
    let told = group.told(&[]);
    let status = told.get("status").and_then(Value::as_str).unwrap_or_default();
    Err(fault::node_group_is_busy(cluster, name, status))
}

async fn ask(call: &Call<'_>, service: ServiceId, operation: &str, input: Value) -> Result<Value, ServiceError> {
    let at = At { account: call.account(), region: call.ctx.region, now: call.now() };
    let asked = call.nodes.ask(at, service, operation, input).await;
    asked.map_err(|refused| fault::invalid_request(refused.message()))
}

/// Keeps the group, with an update that tells what was done. The group may be going meanwhile: then it goes.
fn keep(call: &Call<'_>, group: NodeGroup, kind: &str, done: Parameters) -> Result<Value, ServiceError> {
    let (cluster, name, _) = group.names();
    let (cluster, name) = (cluster.to_owned(), name.to_owned());
    let mut change = call.change();
    let of_cluster = change.cluster(&call.place(), &cluster)?.clone();
    let known = change.node_group_of(&group.arn).filter(|known| known.stage == Stage::There);
    // Its tags may have been changed while others were asked.
    let tags = known.map(|known| known.tags.clone());
    let tags = tags.ok_or_else(|| fault::node_group_is_busy(&cluster, &name, "DELETING"))?;
    let answer = updates::begin(&mut change, call, &of_cluster, (kind, Of::NodeGroup(&name)), done);
    change.put(NodeGroup { tags, modified: call.now(), ..group });
    change.commit();
    Ok(answer)
}
