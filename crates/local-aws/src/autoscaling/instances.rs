//! The instances of groups, told.
//!
//! Source: Amazon EC2 Auto Scaling API Reference, "DescribeAutoScalingInstances", "Instance".

use serde_json::{Value, json};

use super::{
    call::{Call, Page},
    groups::extend,
    records::{Group, Lifecycle, Member},
};
use crate::ServiceError;

pub(super) fn describe(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let named = value.get("InstanceIds").and_then(Value::as_array).filter(|ids| !ids.is_empty());
    let realm = call.read();
    let mut found: Vec<(String, (&Group, &Member))> = match named {
        Some(ids) => ids
            .iter()
            .filter_map(Value::as_str)
            .filter_map(|id| {
                let group = realm.group_of(&call.place(), id)?;
                let member = group.members.iter().find(|member| member.id == id)?;
                Some((id.to_owned(), (&**group, member)))
            })
            .collect(),
        None => realm
            .groups(&call.place())
            .flat_map(|group| group.members.iter().map(move |member| (member.id.clone(), (&**group, member))))
            .collect(),
    };
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found.dedup_by(|one, other| one.0 == other.0);
    let page = Page { input: &value, usual: 50, most: 50 };
    page.of("AutoScalingInstances", found.into_iter(), |(group, member)| {
        let mut told = of_group(member);
        // Here AWS writes it in capitals.
        extend(
            &mut told,
            [
                ("AutoScalingGroupName", Some(json!(group.name()))),
                ("HealthStatus", Some(json!(health(member).to_uppercase()))),
            ],
        );
        told
    })
}

/// An instance, as its group tells it.
pub(super) fn of_group(member: &Member) -> Value {
    let (id, name, version) = &member.template;
    let mut told = json!({
        "InstanceId": member.id,
        "InstanceType": member.kind,
        "AvailabilityZone": member.zone,
        "LifecycleState": member.state.name(),
        "HealthStatus": health(member),
        "LaunchTemplate": { "LaunchTemplateId": id, "LaunchTemplateName": name, "Version": version.to_string() },
        "ProtectedFromScaleIn": member.is_protected,
    });
    extend(&mut told, [("WeightedCapacity", member.weight.map(|weight| json!(weight.to_string())))]);
    told
}

/// One that is found to be unhealthy is being terminated.
fn health(member: &Member) -> &'static str {
    if member.state == Lifecycle::Terminating && member.is_unhealthy { "Unhealthy" } else { "Healthy" }
}
