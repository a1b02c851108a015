//! What a group of a mixed instances policy launches by: an instant fleet of one instance, of all that the policy lets it be.
//!
//! Sources: AWS Managed Policy Reference, "AutoScalingServiceRolePolicy" (`ec2:CreateFleet`); Amazon EC2 Auto Scaling User Guide,
//! "Auto Scaling groups with multiple instance types and purchase options". Which parameters AWS gives is assumed: those of the policy.

use serde_json::{Value, json};

use crate::autoscaling::{
    config,
    records::{Choice, Group, Template},
};

/// The input of CreateFleet. What is to be tried first has the least priority.
pub(super) fn input(group: &Group, choices: &[Choice], subnet: Option<&str>, zone: &str, is_spot: bool) -> Value {
    let configs = choices.iter().enumerate().map(|(priority, choice)| {
        let mut over = json!({ "Priority": priority });
        if let Some(members) = over.as_object_mut() {
            members.extend(choice.kind.iter().map(|kind| ("InstanceType".to_owned(), json!(kind))));
            let (name, place) = subnet.map_or(("AvailabilityZone", zone), |subnet| ("SubnetId", subnet));
            members.insert(name.to_owned(), json!(place));
        }
        let specification =
            json!({ "LaunchTemplateId": choice.specification.id, "Version": choice.specification.version });
        json!({ "LaunchTemplateSpecification": specification, "Overrides": [over] })
    });
    let market = if is_spot { "spot" } else { "on-demand" };
    let mut fleet = json!({
        "Type": "instant",
        "LaunchTemplateConfigs": configs.collect::<Vec<_>>(),
        "TargetCapacitySpecification": { "TotalTargetCapacity": 1, "DefaultTargetCapacityType": market },
    });
    if let (Some(members), Template::Mixed { distribution, .. }) = (fleet.as_object_mut(), &group.template) {
        let (options, strategy) = if is_spot {
            ("SpotOptions", &distribution.spot_strategy)
        } else {
            ("OnDemandOptions", &distribution.on_demand_strategy)
        };
        members.insert(options.to_owned(), json!({ "AllocationStrategy": strategy }));
        members.extend(config::tags_of_instances(group).map(|tags| ("TagSpecifications".to_owned(), tags)));
    }
    fleet
}

/// The instance that a fleet has launched, and which of the choices it is of; or why it launched none.
pub(super) fn launched(answer: &Value) -> Result<(String, usize), String> {
    let instance = answer.pointer("/Instances/0").ok_or_else(|| {
        // The last that was tried.
        let errors = answer.get("Errors").and_then(Value::as_array);
        let last = errors.and_then(|errors| errors.last()?.get("ErrorMessage")?.as_str());
        last.unwrap_or("Internal error.").to_owned()
    })?;
    let id = instance.pointer("/InstanceIds/0").and_then(Value::as_str).unwrap_or_default();
    let choice = instance.pointer("/LaunchTemplateAndOverrides/Overrides/Priority").and_then(Value::as_u64);
    Ok((id.to_owned(), choice.and_then(|choice| usize::try_from(choice).ok()).unwrap_or_default()))
}
