//! The nodes of a group are replaced by those of a new version of its launch template.
//!
//! ```text
//!   setup:  a new version of EKS's launch template, which the Auto Scaling group then launches -- kept: its number
//!   then:   nodes of other versions are terminated, as many at a time as may be unavailable, until there is none
//!   end:    all nodes are in service: Successful; or launches come to nothing: Failed
//! ```
//!
//! What is done next is seen from what the Auto Scaling group has, so that what a kill cuts off is taken up by the next start: a kill
//! in the setup leaves a version of the launch template that nothing uses.
//!
//! Source: Amazon EKS User Guide, "Understand each phase of node updates" (the setup; what fails the update). Nodes that are launched
//! before others end are not here. A node group whose update fails after its setup is told as what it launches from then on (assumed).

use aws_wire::model::ServiceId;
use serde_json::{Value, json};

use super::{
    Nodes, health, parts,
    role::At,
    work::{Becomes, Refused, Step},
};
use crate::{
    ServiceError,
    eks::records::{Issue, NodeGroup, Progress, Replacement, Stage, UpdateConfig},
};

/// Source: Amazon EKS User Guide, "Understand each phase of node updates" > "Scale up phase"; the words as users quote them
/// (terraform-aws-modules/terraform-aws-eks #3283).
const NOT_JOINING: &str = "Couldn't proceed with upgrade process as new nodes are not joining the node group";

pub(super) async fn go_on(nodes: &Nodes, at: At<'_>, group: &NodeGroup, replacement: &Replacement) -> Becomes {
    let ended = |progress| Becomes::Replaced { update: replacement.update.clone(), progress, of: None };
    let ended_as = |progress| Becomes::Replaced {
        update: replacement.update.clone(),
        progress,
        of: Some(Box::new(replacement.to.clone())),
    };
    let Some(launches) = &replacement.launches else {
        return match set_up(nodes, at, group, replacement).await {
            Ok(launches) => {
                Becomes::Is(Stage::Replacing(Replacement { launches: Some(launches), ..replacement.clone() }))
            }
            Err(refused) => ended(Progress::Failed(vec![failed(refused.issue())])),
        };
    };
    match step(nodes, at, group, replacement, launches).await {
        Ok(false) => Becomes::Stays,
        Ok(true) => ended_as(Progress::Successful),
        Err(issue) => ended_as(Progress::Failed(vec![issue])),
    }
}

/// The number of the version that the Auto Scaling group launches from now on.
async fn set_up(nodes: &Nodes, at: At<'_>, group: &NodeGroup, replacement: &Replacement) -> Step<String> {
    let (part, scaling_group) = (group.part(), group.scaling_group());
    let refused = |code, resource: &str| {
        let resource = resource.to_owned();
        move |why| Refused { code, why, resource }
    };
    let of = replacement.to.of(group.clone());
    let no_template = |name: &str| {
        let message = format!("The launch template {name} was not found.");
        ServiceError::new("InvalidLaunchTemplateId.NotFound", message)
    };
    let of_customer = match &of.template {
        None => None,
        Some(named) => {
            let data = nodes.ec2.template_data(&named.id, &named.version).ok_or_else(|| no_template(&named.name));
            Some(data.map_err(refused("Ec2LaunchTemplateNotFound", &named.id))?)
        }
    };
    let template = nodes.ec2.template((at.account, at.region), None, Some(&part)).ok_or_else(|| no_template(&part));
    let (template, _) = template.map_err(refused("Ec2LaunchTemplateNotFound", &part))?;
    let input = json!({
        "LaunchTemplateId": template,
        "LaunchTemplateData": parts::template_data(&of, at.region, of_customer),
    });
    let made = nodes.ask(at, ServiceId::Ec2, "CreateLaunchTemplateVersion", input).await;
    let made = made.map_err(refused("Ec2LaunchTemplateVersionMismatch", &part))?;
    let number = made.pointer("/LaunchTemplateVersion/VersionNumber").and_then(Value::as_u64).unwrap_or_default();
    let input = json!({
        "AutoScalingGroupName": scaling_group,
        "MixedInstancesPolicy": parts::mixed(&of, &template, &number.to_string()),
    });
    let changed = nodes.ask(at, ServiceId::AutoScaling, "UpdateAutoScalingGroup", input).await;
    changed.map_err(refused("AutoScalingGroupInvalidConfiguration", &scaling_group))?;
    Ok(number.to_string())
}

/// Whether all nodes are of the version, and in service.
async fn step(
    nodes: &Nodes,
    at: At<'_>,
    group: &NodeGroup,
    replacement: &Replacement,
    launches: &str,
) -> Result<bool, Issue> {
    let name = group.scaling_group();
    let issue =
        |code: &str, message: String, resources: Vec<String>| Issue { code: code.to_owned(), message, resources };
    let members = || nodes.autoscaling.launched_by_others(at.account, at.region, &name, launches);
    nodes.autoscaling.catch_up(at.now).await;
    let Some(now) = nodes.autoscaling.group_now(at.account, at.region, &name) else {
        let message = format!("The Auto Scaling group {name} was not found.");
        return Err(issue("NodeCreationFailure", message, vec![name.clone()]));
    };
    if health::is_failing(&now) && now.failures.first().is_some_and(|failure| failure.begun >= replacement.begun) {
        return Err(issue("NodeCreationFailure", NOT_JOINING.to_owned(), health::failed(group, now).resources));
    }
    let others = members();
    if others.is_empty() {
        return Ok(now.in_service >= now.desired);
    }
    let room = unavailable(&group.update, now.desired) - (now.desired - now.in_service).max(0);
    for instance in others.into_iter().take(usize::try_from(room).unwrap_or_default()) {
        let input = json!({ "InstanceId": instance, "ShouldDecrementDesiredCapacity": false });
        let ended = nodes.ask(at, ServiceId::AutoScaling, "TerminateInstanceInAutoScalingGroup", input).await;
        // One that left by itself meanwhile is replaced already.
        if let Err(why) = ended
            && members().contains(&instance)
        {
            return Err(failed(Refused { code: "NodeTerminationFailure", why, resource: instance }.issue()));
        }
    }
    Ok(false)
}

/// How many nodes may be unavailable at a time.
///
/// Source: Amazon EKS API Reference, "NodegroupUpdateConfig"; that a percentage leaves at least one is assumed.
fn unavailable(update: &UpdateConfig, desired: i64) -> i64 {
    match (update.max_unavailable, update.max_unavailable_percentage) {
        (Some(most), _) => most.max(1),
        (None, Some(percentage)) => (desired * percentage / 100).max(1),
        (None, None) => 1,
    }
}

/// An issue as updates have them: of what updates have no code for, it is unknown to them.
///
/// Source: Amazon EKS API Reference, "ErrorDetail" > `errorCode`.
fn failed(issue: Issue) -> Issue {
    let known = ["AccessDenied", "NodeCreationFailure", "PodEvictionFailure", "OperationNotPermitted"];
    if known.contains(&&*issue.code) { issue } else { Issue { code: "Unknown".to_owned(), ..issue } }
}
