//! What is wrong with the parts of a node group as they are now.
//!
//! Source: Amazon EKS API Reference, "Issue" (the codes); the instances of a group that never came to be, and the Auto Scaling
//! group of one that came to be and lost them, as users quote them (hashicorp/terraform-provider-aws #39904; AWS, "EKS Workshop" >
//! "Managed node group issues").

use super::Nodes;
use crate::{
    autoscaling::GroupNow,
    eks::{
        call::Call,
        records::{Issue, NodeGroup, Stage},
    },
};

/// How many instances an issue names.
const MOST_NAMED: usize = 20;

/// The issues of one that came to be.
pub(super) fn issues(call: &Call<'_>, group: &NodeGroup) -> Vec<Issue> {
    if group.stage != Stage::There {
        return Vec::new();
    }
    let (nodes, account) = (call.nodes, call.account());
    let (name, part) = (group.scaling_group(), group.part());
    let issue = |code: &str, message: String, resource: &str| Issue {
        code: code.to_owned(),
        message,
        resources: vec![resource.to_owned()],
    };
    let mut issues = Vec::new();
    match nodes.autoscaling.group_now(account, call.ctx.region, &name) {
        None => issues.push(issue(
            "AutoScalingGroupNotFound",
            format!("The Auto Scaling group {name} was not found."),
            &name,
        )),
        Some(now) if is_failing(&now) => {
            let message = now.failures.into_iter().next().map(|failure| failure.message).unwrap_or_default();
            issues.push(issue("AsgInstanceLaunchFailures", message, &name));
        }
        Some(_) => {}
    }
    if nodes.ec2.template((account, call.ctx.region), None, Some(&part)).is_none() {
        let message = format!("The launch template {part} was not found.");
        issues.push(issue("Ec2LaunchTemplateNotFound", message, &part));
    }
    if nodes.iam.instance_profile(account, &part).is_none() {
        let message = format!("The instance profile {part} was not found.");
        issues.push(issue("IamInstanceProfileNotFound", message, &part));
    }
    let role = group.role.resource().rsplit('/').next().unwrap_or_default();
    if !nodes.iam.has_role(account, role) && !call.state.authorizer().is_open(account) {
        issues.push(issue("IamNodeRoleNotFound", format!("The node role {role} was not found."), group.role.as_str()));
    }
    issues
}

/// Whether launches come to nothing, and none is on its way.
pub(super) fn is_failing(now: &GroupNow) -> bool {
    now.in_service < now.desired && !now.is_pending && !now.failures.is_empty()
}

/// Why a group never came to be: its instances, and what became of the newest.
pub(super) fn failed(group: &NodeGroup, now: GroupNow) -> Issue {
    let message = now.failures.first().map(|failure| failure.message.clone()).unwrap_or_default();
    let alike = now.failures.into_iter().filter(|failure| failure.message == message);
    let mut resources: Vec<String> = alike.filter_map(|failure| failure.instance).take(MOST_NAMED).collect();
    if resources.is_empty() {
        resources.push(group.scaling_group());
    }
    Issue { code: "AsgInstanceLaunchFailures".to_owned(), message, resources }
}

impl Nodes {
    /// Whether the Auto Scaling group of a node group is there.
    pub(super) fn has_scaling_group(&self, call: &Call<'_>, group: &NodeGroup) -> bool {
        self.autoscaling.group_now(call.account(), call.ctx.region, &group.scaling_group()).is_some()
    }
}
