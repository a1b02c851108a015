//! Groups: made, told, changed, deleted.
//!
//! Source: Amazon EC2 Auto Scaling API Reference, "CreateAutoScalingGroup", "DescribeAutoScalingGroups",
//! "UpdateAutoScalingGroup", "DeleteAutoScalingGroup".

use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    authorize::arn,
    call::{Call, Page, input, seconds},
    config::{self, Asked, Network},
    fault,
    filters::Filters,
    instances,
    records::{Group, Lifecycle, Specification, Template},
    role, tags,
};
use crate::ServiceError;

/// How many groups an account may have in a region.
///
/// Source: AWS General Reference, "Amazon EC2 Auto Scaling endpoints and quotas".
const MOST: usize = 500;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Delete {
    auto_scaling_group_name: String,
    #[serde(default)]
    force_delete: bool,
}

pub(super) async fn create(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    config::refuse_absent(&value)?;
    let asked: Asked = input(value)?;
    let name = asked.auto_scaling_group_name.clone();
    {
        let realm = call.read();
        if realm.group(&call.place(), &name).is_ok() {
            return Err(fault::group_exists(&name));
        }
        if realm.groups(&call.place()).count() >= MOST {
            return Err(fault::limit(format!("You have reached your limit of AutoScalingGroups: {MOST}")));
        }
    }
    let template = asked.template(call)?.ok_or_else(|| {
        fault::validation("Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.")
    })?;
    let Network { zones, subnets } = asked
        .network(call)?
        .filter(|network| !network.zones.is_empty())
        .ok_or_else(|| fault::validation("At least one Availability Zone or VPC Subnet is required."))?;
    let (least, most) = (asked.min_size.unwrap_or_default(), asked.max_size.unwrap_or_default());
    let desired = asked.desired_capacity.unwrap_or(least);
    config::check_sizes(least, most, desired)?;
    let tags = tags::of_new(&asked.tags)?;
    if name.contains(':') {
        return Err(fault::validation("The name of an Auto Scaling group must not have a colon."));
    }
    let arn = arn(call, &Uuid::new_v4().to_string(), &name)
        .parse()
        .map_err(|_| fault::validation("The name of an Auto Scaling group has characters that no ARN has."))?;
    let now = call.now();
    let mut group = Group {
        arn,
        account: call.account(),
        region: call.ctx.region.clone(),
        created: now,
        template,
        least,
        most,
        desired,
        zones,
        subnets,
        role: role::of(call, asked.role.as_deref())?,
        settings: asked.settings(None)?,
        tags,
        members: Vec::new(),
        is_going: false,
        why: (desired > 0).then(|| {
            format!("a user request created an AutoScalingGroup changing the desired capacity from 0 to {desired}.")
        }),
        asked: 0,
        replaces: 0,
        failures: 0,
        retry: None,
        look: Some(now),
    };
    config::try_out(call, &group).await?;
    group.why = group.why.map(|why| at(now, &why));
    let mut change = call.change();
    change.put(group);
    change.commit();
    Ok(json!({}))
}

pub(super) async fn update(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    config::refuse_absent(&value)?;
    let asked: Asked = input(value)?;
    let known = call.read().group(&call.place(), &asked.auto_scaling_group_name).cloned()?;
    if known.is_going {
        return Err(fault::in_progress(known.id()));
    }
    let mut group = Group::clone(&known);
    let template = asked.template(call)?;
    if let Some(template) = &template {
        group.template = template.clone();
    }
    if let Some(Network { zones, subnets }) = asked.network(call)? {
        if zones.is_empty() {
            return Err(fault::validation("At least one Availability Zone or VPC Subnet is required."));
        }
        (group.zones, group.subnets) = (zones, subnets);
    }
    if let Some(role) = &asked.role {
        group.role = role::of(call, Some(role))?;
    }
    group.settings = asked.settings(Some(&known.settings))?;
    group.least = asked.min_size.unwrap_or(known.least);
    group.most = asked.max_size.unwrap_or(known.most);
    // Bounds that leave the desired capacity out take it along, unless it is named.
    let within = known.desired.max(group.least).min(group.most);
    group.desired = asked.desired_capacity.unwrap_or(within);
    config::check_sizes(group.least, group.most, group.desired)?;
    if template.is_some() {
        config::try_out(call, &group).await?;
    }
    let now = call.now();
    if group.desired != known.desired {
        let (least, most, from, to) = (group.least, group.most, known.desired, group.desired);
        group.why = Some(at(
            now,
            &format!(
                "a user request update of AutoScalingGroup constraints to min: {least}, max: {most}, desired: {to} changing the \
             desired capacity from {from} to {to}."
            ),
        ));
    }
    group.look_at(now);
    let mut change = call.change();
    change.put(group);
    change.commit();
    Ok(json!({}))
}

pub(super) fn delete(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: Delete = input(value)?;
    let mut change = call.change();
    let mut group = Group::clone(change.group(&call.place(), &asked.auto_scaling_group_name)?);
    if group.members.is_empty() {
        change.remove(&group);
    } else if !asked.force_delete && group.members.iter().any(|member| member.state == Lifecycle::InService) {
        return Err(fault::has_instances());
    } else if !asked.force_delete {
        return Err(fault::activities_in_progress());
    } else {
        let now = call.now();
        let from = group.desired;
        group.why = (from > 0).then(|| {
            at(
                now,
                &format!(
                    "a user request force deleted AutoScalingGroup changing the desired capacity from {from} to 0."
                ),
            )
        });
        (group.least, group.most, group.desired, group.is_going) = (0, 0, 0, true);
        group.look_at(now);
        change.put(group);
    }
    change.commit();
    Ok(json!({}))
}

pub(super) fn describe(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let filters = Filters::of(&value)?;
    let named = value.get("AutoScalingGroupNames").and_then(Value::as_array).filter(|names| !names.is_empty());
    let tells_instances = value.get("IncludeInstances").and_then(Value::as_bool).unwrap_or(true);
    let realm = call.read();
    let is_meant = |group: &&std::sync::Arc<Group>| {
        named.is_none_or(|names| names.iter().any(|name| name.as_str() == Some(group.name())))
            && filters.let_group_through(group)
    };
    let found = realm.groups(&call.place()).filter(is_meant).map(|group| (group.name().to_owned(), group));
    let page = Page { input: &value, usual: 50, most: 100 };
    page.of("AutoScalingGroups", found, |group| told(group, tells_instances))
}

/// `At 2024-01-31T00:00:00Z WHAT`.
pub(super) fn at(now: jiff::Timestamp, what: &str) -> String {
    format!("At {} {what}", now.strftime("%Y-%m-%dT%H:%M:%SZ"))
}

fn told(group: &Group, tells_instances: bool) -> Value {
    let settings = &group.settings;
    let members = group.members.iter().filter(|_| tells_instances);
    let mut told = json!({
        "AutoScalingGroupName": group.name(),
        "AutoScalingGroupARN": group.arn,
        "MinSize": group.least,
        "MaxSize": group.most,
        "DesiredCapacity": group.desired,
        "DefaultCooldown": settings.cooldown,
        "AvailabilityZones": group.zones,
        "LoadBalancerNames": [],
        "TargetGroupARNs": [],
        "HealthCheckType": settings.health_check,
        "HealthCheckGracePeriod": settings.grace,
        "Instances": members.map(instances::of_group).collect::<Vec<_>>(),
        "CreatedTime": seconds(group.created),
        "SuspendedProcesses": [],
        "EnabledMetrics": [],
        "Tags": group.tags.iter().map(|(key, tag)| tags::told(group.name(), key, tag)).collect::<Vec<_>>(),
        "TerminationPolicies": settings.termination,
        "NewInstancesProtectedFromScaleIn": settings.protects_new,
        "ServiceLinkedRoleARN": group.role,
        "TrafficSources": [],
    });
    let further: [(&str, Option<Value>); 9] = [
        ("VPCZoneIdentifier", (!group.subnets.is_empty()).then(|| json!(group.subnets.join(",")))),
        ("LaunchTemplate", single(&group.template)),
        ("MixedInstancesPolicy", mixed(&group.template)),
        ("Status", group.is_going.then(|| json!("Delete in progress"))),
        ("CapacityRebalance", settings.rebalances.map(|given| json!(given))),
        ("MaxInstanceLifetime", settings.max_lifetime.map(|given| json!(given))),
        ("Context", settings.context.as_ref().map(|given| json!(given))),
        ("DesiredCapacityType", settings.capacity_type.as_ref().map(|given| json!(given))),
        ("DefaultInstanceWarmup", settings.warmup.map(|given| json!(given))),
    ];
    extend(&mut told, further);
    told
}

/// Puts those members in that there are.
pub(super) fn extend<const N: usize>(told: &mut Value, members: [(&str, Option<Value>); N]) {
    if let Some(known) = told.as_object_mut() {
        known.extend(members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    }
}

fn specification(of: &Specification) -> Value {
    json!({ "LaunchTemplateId": of.id, "LaunchTemplateName": of.name, "Version": of.version })
}

fn single(template: &Template) -> Option<Value> {
    match template {
        Template::Single(of) => Some(specification(of)),
        Template::Mixed { .. } => None,
    }
}

fn mixed(template: &Template) -> Option<Value> {
    let Template::Mixed { specification: of, overrides, distribution } = template else { return None };
    let over = overrides.iter().map(|over| {
        let members = [
            ("InstanceType", over.kind.as_ref().map(|kind| json!(kind))),
            ("WeightedCapacity", over.weight.map(|weight| json!(weight.to_string()))),
            ("LaunchTemplateSpecification", over.specification.as_ref().map(specification)),
        ];
        let members = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Value::Object(members.collect::<Map<_, _>>())
    });
    let mut shares = json!({
        "OnDemandAllocationStrategy": distribution.on_demand_strategy,
        "OnDemandBaseCapacity": distribution.on_demand_base,
        "OnDemandPercentageAboveBaseCapacity": distribution.on_demand_percentage,
        "SpotAllocationStrategy": distribution.spot_strategy,
    });
    extend(
        &mut shares,
        [
            ("SpotInstancePools", distribution.spot_pools.map(|pools| json!(pools))),
            ("SpotMaxPrice", distribution.spot_max_price.as_ref().map(|price| json!(price))),
        ],
    );
    Some(json!({
        "LaunchTemplate": { "LaunchTemplateSpecification": specification(of), "Overrides": over.collect::<Vec<_>>() },
        "InstancesDistribution": shares,
    }))
}
