//! What is done for node groups beside all calls: their parts are made, and deleted.
//!
//! Each step looks whether it was done before, so that what a kill cuts off is taken up by the next start.

use std::sync::Arc;

use aws_model::{AccountId, Region};
use aws_wire::model::ServiceId;
use jiff::Timestamp;
use serde_json::json;

use super::{Nodes, health, parts, replacing, role::At};
use crate::{
    ServiceError,
    eks::{
        access_entries,
        records::{Issue, NodeGroup, Progress, Stage, VersionOf},
        state::{Place, State},
        updates::{self, Of},
    },
};

/// A step that another service refused.
pub(super) struct Refused {
    pub(super) code: &'static str,
    pub(super) why: ServiceError,
    pub(super) resource: String,
}

pub(super) type Step<T> = Result<T, Refused>;

/// Does what is to be done by now.
pub(in crate::eks) async fn catch_up(state: &State, nodes: &Nodes, now: Timestamp) {
    if state.read().busy_node_groups().next().is_none() {
        return;
    }
    let _working = nodes.working.lock().await;
    let busy: Vec<Arc<NodeGroup>> = state.read().busy_node_groups().cloned().collect();
    for group in busy {
        let (Ok(account), Ok(region)) =
            (group.arn.account().parse::<AccountId>(), group.arn.region().parse::<Region>())
        else {
            continue;
        };
        let at = At { account, region: &region, now };
        let becomes = match &group.stage {
            Stage::Making => make(nodes, at, &group).await,
            Stage::Replacing(replacement) => replacing::go_on(nodes, at, &group, replacement).await,
            Stage::Going => unmake(nodes, at, &group).await,
            _ => continue,
        };
        settle(state, &group, becomes, now);
    }
}

/// What becomes of a group.
pub(super) enum Becomes {
    Stays,
    Is(Stage),
    /// Its nodes are replaced, or cannot be: its update ends so, and it is of another version, if it came so far.
    Replaced {
        update: String,
        progress: Progress,
        of: Option<Box<VersionOf>>,
    },
    Gone,
}

/// Makes it known, unless something else became of it meanwhile.
fn settle(state: &State, group: &NodeGroup, becomes: Becomes, now: Timestamp) {
    let mut change = state.change();
    let known = change.node_group_of(&group.arn).filter(|known| known.stage == group.stage).cloned();
    let Some(known) = known else { return };
    let (place, (cluster, name, _)) = (Place::in_arn(&known.arn), known.names());
    match becomes {
        Becomes::Stays => return,
        Becomes::Is(stage) => change.put(NodeGroup { stage, modified: now, ..NodeGroup::clone(&known) }),
        Becomes::Replaced { update, progress, of } => {
            updates::end(&mut change, &place, cluster, &update, progress);
            let replaced = of.map_or_else(|| NodeGroup::clone(&known), |of| of.of(NodeGroup::clone(&known)));
            change.put(NodeGroup { stage: Stage::There, modified: now, ..replaced });
        }
        Becomes::Gone => {
            updates::forget(&mut change, &place, cluster, Of::NodeGroup(name));
            access_entries::remove_nodes(&mut change, &known);
            change.remove(&*known);
        }
    }
    change.commit();
}

async fn make(nodes: &Nodes, at: At<'_>, group: &NodeGroup) -> Becomes {
    if let Err(refused) = make_parts(nodes, at, group).await {
        return Becomes::Is(Stage::Failed(vec![refused.issue()]));
    }
    nodes.autoscaling.catch_up(at.now).await;
    let Some(now) = nodes.autoscaling.group_now(at.account, at.region, &group.scaling_group()) else {
        return Becomes::Stays;
    };
    if health::is_failing(&now) {
        return Becomes::Is(Stage::Failed(vec![health::failed(group, now)]));
    }
    if now.in_service >= now.desired { Becomes::Is(Stage::There) } else { Becomes::Stays }
}

async fn make_parts(nodes: &Nodes, at: At<'_>, group: &NodeGroup) -> Step<()> {
    let (part, scaling_group) = (group.part(), group.scaling_group());
    let refused = |code, resource: &str| {
        let resource = resource.to_owned();
        move |why| Refused { code, why, resource }
    };
    let role = group.role.resource().rsplit('/').next().unwrap_or_default();
    let profile = nodes.iam.instance_profile(at.account, &part);
    if profile.is_none() {
        let input = json!({ "InstanceProfileName": part });
        let made = nodes.ask(at, ServiceId::Iam, "CreateInstanceProfile", input).await;
        made.map_err(refused("IamInstanceProfileNotFound", &part))?;
    }
    if profile.is_none_or(|profile| profile.role.is_none()) {
        let input = json!({ "InstanceProfileName": part, "RoleName": role });
        let made = nodes.ask(at, ServiceId::Iam, "AddRoleToInstanceProfile", input).await;
        made.map_err(refused("IamNodeRoleNotFound", group.role.as_str()))?;
    }
    let template = |nodes: &Nodes| nodes.ec2.template((at.account, at.region), None, Some(&part));
    if template(nodes).is_none() {
        let of_customer = match &group.template {
            None => None,
            Some(of) => Some(nodes.ec2.template_data(&of.id, &of.version).ok_or_else(|| {
                let message = format!("The launch template {} was not found.", of.name);
                let why = ServiceError::new("InvalidLaunchTemplateId.NotFound", message);
                Refused { code: "SourceEc2LaunchTemplateNotFound", why, resource: of.id.clone() }
            })?),
        };
        let input = parts::launch_template(group, at.region, of_customer);
        let made = nodes.ask(at, ServiceId::Ec2, "CreateLaunchTemplate", input).await;
        made.map_err(refused("Ec2LaunchTemplateInvalidConfiguration", &part))?;
    }
    if nodes.autoscaling.group_now(at.account, at.region, &scaling_group).is_none() {
        let (id, _) = template(nodes).unwrap_or_default();
        let input = parts::scaling_group(group, &id);
        let made = nodes.ask(at, ServiceId::AutoScaling, "CreateAutoScalingGroup", input).await;
        made.map_err(refused("AutoScalingGroupInvalidConfiguration", &scaling_group))?;
    }
    Ok(())
}

async fn unmake(nodes: &Nodes, at: At<'_>, group: &NodeGroup) -> Becomes {
    match unmake_parts(nodes, at, group).await {
        Ok(true) => Becomes::Gone,
        Ok(false) => Becomes::Stays,
        Err(refused) => Becomes::Is(Stage::Stuck(vec![refused.issue()])),
    }
}

/// Whether all of them are gone.
async fn unmake_parts(nodes: &Nodes, at: At<'_>, group: &NodeGroup) -> Step<bool> {
    let (part, scaling_group) = (group.part(), group.scaling_group());
    let refused = |code, resource: &str| {
        let resource = resource.to_owned();
        move |why| Refused { code, why, resource }
    };
    let scaling = |nodes: &Nodes| nodes.autoscaling.group_now(at.account, at.region, &scaling_group);
    if scaling(nodes).is_some_and(|now| !now.is_going) {
        let input = json!({ "AutoScalingGroupName": scaling_group, "ForceDelete": true });
        let gone = nodes.ask(at, ServiceId::AutoScaling, "DeleteAutoScalingGroup", input).await;
        gone.map_err(refused("NodeTerminationFailure", &scaling_group))?;
    }
    nodes.autoscaling.catch_up(at.now).await;
    if scaling(nodes).is_some() {
        return Ok(false);
    }
    if let Some((id, _)) = nodes.ec2.template((at.account, at.region), None, Some(&part)) {
        let input = json!({ "LaunchTemplateId": id });
        let gone = nodes.ask(at, ServiceId::Ec2, "DeleteLaunchTemplate", input).await;
        gone.map_err(refused("Ec2LaunchTemplateDeletionFailure", &id))?;
    }
    if let Some(profile) = nodes.iam.instance_profile(at.account, &part) {
        if let Some(role) = profile.role {
            let role = role.resource().rsplit('/').next().unwrap_or_default();
            let input = json!({ "InstanceProfileName": part, "RoleName": role });
            let gone = nodes.ask(at, ServiceId::Iam, "RemoveRoleFromInstanceProfile", input).await;
            gone.map_err(refused("AccessDenied", &part))?;
        }
        let input = json!({ "InstanceProfileName": part });
        let gone = nodes.ask(at, ServiceId::Iam, "DeleteInstanceProfile", input).await;
        gone.map_err(refused("AccessDenied", &part))?;
    }
    Ok(true)
}

impl Refused {
    /// A denial is told as one, whatever was to be done.
    pub(super) fn issue(self) -> Issue {
        let Self { code, why, resource } = self;
        tracing::debug!(code, %why, "a part of a node group is refused");
        let denials = ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation"];
        let code = if denials.contains(&why.code()) { "AccessDenied" } else { code };
        Issue { code: code.to_owned(), message: why.message().to_owned(), resources: vec![resource] }
    }
}
