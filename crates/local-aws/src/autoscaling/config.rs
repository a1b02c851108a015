//! What a group is to be, as a call asks for it.

use std::collections::BTreeSet;

use aws_wire::model::{self, ServiceId};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    call::Call,
    fault,
    records::{Distribution, Group, Override, Settings, Specification, Template},
};
use crate::{
    CallContext, ServiceError,
    ec2::Ec2,
    trail::{Answered, Notes, Trail},
};

/// Auto Scaling, as the trail and EC2 know it.
pub(super) const SERVICE: &str = "autoscaling.amazonaws.com";

/// How many instances a group may be asked to have. AWS's quotas are of EC2's.
const MOST_DESIRED: i64 = 10_000;

/// Members that ask for what is not here.
const ABSENT: [&str; 15] = [
    "AvailabilityZoneIds",
    "AvailabilityZoneImpairmentPolicy",
    "CapacityReservationSpecification",
    "DeletionProtection",
    "InstanceId",
    "InstanceLifecyclePolicy",
    "InstanceMaintenancePolicy",
    "LaunchConfigurationName",
    "LifecycleHookSpecificationList",
    "LoadBalancerNames",
    "Operator",
    "PlacementGroup",
    "SkipZonalShiftValidation",
    "TargetGroupARNs",
    "TrafficSources",
];

/// What CreateAutoScalingGroup and UpdateAutoScalingGroup have in common.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Asked {
    pub(super) auto_scaling_group_name: String,
    launch_template: Option<Named>,
    mixed_instances_policy: Option<Policy>,
    pub(super) min_size: Option<i64>,
    pub(super) max_size: Option<i64>,
    pub(super) desired_capacity: Option<i64>,
    availability_zones: Option<Vec<String>>,
    #[serde(rename = "VPCZoneIdentifier")]
    subnets: Option<String>,
    #[serde(rename = "ServiceLinkedRoleARN")]
    pub(super) role: Option<String>,
    default_cooldown: Option<i64>,
    health_check_type: Option<String>,
    health_check_grace_period: Option<i64>,
    termination_policies: Option<Vec<String>>,
    new_instances_protected_from_scale_in: Option<bool>,
    capacity_rebalance: Option<bool>,
    max_instance_lifetime: Option<i64>,
    context: Option<String>,
    desired_capacity_type: Option<String>,
    default_instance_warmup: Option<i64>,
    #[serde(default)]
    pub(super) tags: Vec<Value>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    launch_template_id: Option<String>,
    launch_template_name: Option<String>,
    version: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Policy {
    launch_template: Option<OfPolicy>,
    instances_distribution: Option<DistributionAsked>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OfPolicy {
    launch_template_specification: Option<Named>,
    #[serde(default)]
    overrides: Vec<OverrideAsked>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OverrideAsked {
    instance_type: Option<String>,
    weighted_capacity: Option<String>,
    launch_template_specification: Option<Named>,
    instance_requirements: Option<Value>,
    image_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DistributionAsked {
    on_demand_allocation_strategy: Option<String>,
    on_demand_base_capacity: Option<i64>,
    on_demand_percentage_above_base_capacity: Option<i64>,
    spot_allocation_strategy: Option<String>,
    spot_instance_pools: Option<i64>,
    spot_max_price: Option<String>,
}

/// Where a group launches.
pub(super) struct Network {
    pub(super) zones: Vec<String>,
    pub(super) subnets: Vec<String>,
}

/// The input as authorization reads it: see `access/autoscaling.rs` of the catalog.
pub(super) fn completed(mut input: Value) -> Value {
    let subnets = input.get("VPCZoneIdentifier").and_then(Value::as_str).map(|list| json!(split(list)));
    let policy = input.pointer("/MixedInstancesPolicy/LaunchTemplate");
    let overrides = policy.and_then(|policy| policy.get("Overrides")?.as_array());
    let kinds =
        overrides.map(|all| all.iter().filter_map(|over| over.get("InstanceType").cloned()).collect::<Vec<_>>());
    let template = input.get("LaunchTemplate").or(policy.and_then(|policy| policy.get("LaunchTemplateSpecification")));
    let is_numbered = template.map(|template| {
        let version = template.get("Version").and_then(Value::as_str).unwrap_or_default();
        !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit())
    });
    if let Some(members) = input.as_object_mut() {
        let filled = [
            ("Subnets", subnets),
            ("InstanceTypes", kinds.map(|kinds| json!(kinds))),
            ("VersionSpecified", is_numbered.map(|is_numbered| json!(is_numbered))),
        ];
        members.extend(filled.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    }
    input
}

/// Refuses what is not here. What asks for nothing is not refused.
pub(super) fn refuse_absent(input: &Value) -> Result<(), ServiceError> {
    let asks = |value: &Value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(items) => !items.is_empty(),
        Value::String(text) => !text.is_empty() && text != "none",
        _ => true,
    };
    match ABSENT.into_iter().find(|member| input.get(*member).is_some_and(asks)) {
        Some(member) => Err(fault::absent(member)),
        None => Ok(()),
    }
}

fn split(list: &str) -> Vec<&str> {
    list.split(',').map(str::trim).filter(|id| !id.is_empty()).collect()
}

impl Asked {
    /// What the group launches by, if the call says.
    pub(super) fn template(&self, call: &Call<'_>) -> Result<Option<Template>, ServiceError> {
        match (&self.launch_template, &self.mixed_instances_policy) {
            (Some(_), Some(_)) => Err(fault::validation(
                "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.",
            )),
            (Some(named), None) => Ok(Some(Template::Single(specification(call, named)?))),
            (None, Some(policy)) => mixed(call, policy).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// The zones and subnets, if the call says; those of the subnets where both are given.
    pub(super) fn network(&self, call: &Call<'_>) -> Result<Option<Network>, ServiceError> {
        let known = Ec2::subnets(call.account(), call.ctx.region);
        let zone_of = |id: &str| known.iter().find(|(known, _)| known == id).map(|(_, zone)| zone.clone());
        let named = self.subnets.as_deref().map(split).unwrap_or_default();
        let mut zones = BTreeSet::new();
        for id in &named {
            let zone = zone_of(id).ok_or_else(|| fault::validation(format!("The subnet ID '{id}' does not exist")))?;
            zones.insert(zone);
        }
        let given = self.availability_zones.as_deref().unwrap_or_default();
        if let Some(other) = given.iter().find(|zone| !known.iter().any(|(_, known)| known == *zone)) {
            let all: Vec<&str> = known.iter().map(|(_, zone)| zone.as_str()).collect();
            return Err(fault::validation(format!(
                "Invalid availability zones: [{other}]; those of the region are {}",
                all.join(", ")
            )));
        }
        if !named.is_empty() && given.iter().any(|zone| !zones.contains(zone)) {
            return Err(fault::validation(
                "The availability zones of the specified subnets and the Auto Scaling group do not match",
            ));
        }
        if named.is_empty() {
            zones.extend(given.iter().cloned());
        }
        let is_said = self.subnets.is_some() || self.availability_zones.is_some();
        Ok(is_said.then(|| Network {
            zones: zones.into_iter().collect(),
            subnets: named.into_iter().map(str::to_owned).collect(),
        }))
    }

    /// The settings over those that a group has, or those that a new one has.
    pub(super) fn settings(&self, known: Option<&Settings>) -> Result<Settings, ServiceError> {
        let usual = Settings {
            cooldown: 300,
            health_check: "EC2".to_owned(),
            grace: 0,
            termination: vec!["Default".to_owned()],
            protects_new: false,
            rebalances: None,
            max_lifetime: None,
            context: None,
            capacity_type: None,
            warmup: None,
        };
        let mut settings = known.cloned().unwrap_or(usual);
        let policies = ["Default", "OldestInstance", "NewestInstance"];
        if let Some(termination) = self.termination_policies.clone().filter(|policies| !policies.is_empty()) {
            if let Some(other) = termination.iter().find(|policy| !policies.contains(&policy.as_str())) {
                return Err(fault::absent(&format!("the termination policy {other}")));
            }
            settings.termination = termination;
        }
        if let Some(kind) = &self.health_check_type {
            if kind != "EC2" {
                return Err(fault::absent(&format!("the health check type {kind}")));
            }
            settings.health_check.clone_from(kind);
        }
        settings.cooldown = self.default_cooldown.unwrap_or(settings.cooldown);
        settings.grace = self.health_check_grace_period.unwrap_or(settings.grace);
        settings.protects_new = self.new_instances_protected_from_scale_in.unwrap_or(settings.protects_new);
        settings.rebalances = self.capacity_rebalance.or(settings.rebalances);
        settings.max_lifetime = self.max_instance_lifetime.or(settings.max_lifetime);
        settings.context = self.context.clone().or(settings.context);
        settings.capacity_type = self.desired_capacity_type.clone().or(settings.capacity_type);
        settings.warmup = self.default_instance_warmup.or(settings.warmup);
        Ok(settings)
    }
}

/// Refuses sizes that do not fit one another.
pub(super) fn check_sizes(least: i64, most: i64, desired: i64) -> Result<(), ServiceError> {
    if least < 0 || most < 0 {
        return Err(fault::validation("MinSize and MaxSize must not be negative."));
    }
    if least > most {
        return Err(fault::validation(format!(
            "Max bound, {most}, must be greater than or equal to min bound, {least}"
        )));
    }
    if !(least..=most).contains(&desired) {
        return Err(fault::validation(format!(
            "Desired capacity:{desired} must be between the specified min size:{least} and max size:{most}"
        )));
    }
    if desired > MOST_DESIRED {
        return Err(fault::validation(format!("The embedded AWS has groups of at most {MOST_DESIRED} instances.")));
    }
    Ok(())
}

fn specification(call: &Call<'_>, named: &Named) -> Result<Specification, ServiceError> {
    let (id, name) = (named.launch_template_id.as_deref(), named.launch_template_name.as_deref());
    if id.is_some() == name.is_some() {
        return Err(fault::validation("Valid requests must contain either launchTemplateId or LaunchTemplateName"));
    }
    let found = call.all.ec2.template((call.account(), call.ctx.region), id, name);
    let (id, name) = found.ok_or_else(|| {
        let what = id.map_or_else(|| format!("name {}", name.unwrap_or_default()), |id| format!("ID {id}"));
        fault::validation(format!(
            "You must use a valid fully-formed launch template. The specified launch template, with template {what}, does not exist."
        ))
    })?;
    let version = named.version.clone().filter(|version| !version.is_empty());
    let version = version.unwrap_or_else(|| "$Default".to_owned());
    if call.all.ec2.version(&id, &version).is_none() {
        return Err(fault::validation(format!(
            "You must use a valid fully-formed launch template. Could not find the specified version {version} for the launch \
             template with ID {id}."
        )));
    }
    Ok(Specification { id, name, version })
}

fn mixed(call: &Call<'_>, policy: &Policy) -> Result<Template, ServiceError> {
    let of_policy = policy.launch_template.as_ref();
    let named = of_policy.and_then(|of| of.launch_template_specification.as_ref());
    let named = named.ok_or_else(|| {
        fault::validation("Mixed instances policy must contain a valid launch template specification.")
    })?;
    let overrides = of_policy.map(|of| of.overrides.as_slice()).unwrap_or_default();
    let overrides = overrides.iter().map(|over| over_of(call, over)).collect::<Result<Vec<_>, _>>()?;
    let weighed = overrides.iter().filter(|over| over.weight.is_some()).count();
    if weighed != 0 && weighed != overrides.len() {
        return Err(fault::validation("You must specify a weighted capacity for all or none of the overrides."));
    }
    let asked = policy.instances_distribution.as_ref();
    let text = |of: fn(&DistributionAsked) -> &Option<String>| asked.and_then(|asked| of(asked).clone());
    let number = |of: fn(&DistributionAsked) -> Option<i64>| asked.and_then(of);
    let distribution = Distribution {
        on_demand_strategy: text(|asked| &asked.on_demand_allocation_strategy).unwrap_or_else(|| "prioritized".into()),
        on_demand_base: number(|asked| asked.on_demand_base_capacity).unwrap_or_default(),
        on_demand_percentage: number(|asked| asked.on_demand_percentage_above_base_capacity).unwrap_or(100),
        spot_strategy: text(|asked| &asked.spot_allocation_strategy).unwrap_or_else(|| "lowest-price".into()),
        spot_pools: number(|asked| asked.spot_instance_pools),
        spot_max_price: text(|asked| &asked.spot_max_price),
    };
    if !(0..=100).contains(&distribution.on_demand_percentage) || distribution.on_demand_base < 0 {
        return Err(fault::validation(
            "OnDemandPercentageAboveBaseCapacity must be between 0 and 100, and OnDemandBaseCapacity not negative.",
        ));
    }
    Ok(Template::Mixed { specification: specification(call, named)?, overrides, distribution })
}

fn over_of(call: &Call<'_>, over: &OverrideAsked) -> Result<Override, ServiceError> {
    if over.instance_requirements.is_some() {
        return Err(fault::absent("InstanceRequirements"));
    }
    if over.image_id.is_some() {
        return Err(fault::absent("ImageId"));
    }
    let weight = over.weighted_capacity.as_ref().map(|text| {
        let weight = text.parse::<i64>().ok().filter(|weight| (1..=999).contains(weight));
        weight.ok_or_else(|| fault::validation("WeightedCapacity must be between 1 and 999."))
    });
    Ok(Override {
        kind: over.instance_type.clone(),
        weight: weight.transpose()?,
        specification: over
            .launch_template_specification
            .as_ref()
            .map(|named| specification(call, named))
            .transpose()?,
    })
}

/// Tries what a group would launch, as its caller and without launching.
///
/// Source: Amazon EC2 Auto Scaling User Guide, "Control Amazon EC2 launch template usage in Auto Scaling groups": who
/// makes a group of a launch template needs `ec2:RunInstances`, `ec2:CreateTags` for the template's tags, and
/// `iam:PassRole` for the role that it names; aws-cloudformation/cloudformation-coverage-roadmap #1525: the trail has the
/// dry run, and the group's own tags are not in it.
pub(super) async fn try_out(call: &Call<'_>, group: &Group) -> Result<(), ServiceError> {
    let modelled = model::service(ServiceId::Ec2).operation("RunInstances").ok_or_else(fault::internal)?;
    for choice in group.template.choices() {
        let mut run = run(group, &choice, group.subnets.first().map(String::as_str), group.zones.first());
        if let Some(members) = run.as_object_mut() {
            members.insert("DryRun".to_owned(), json!(true));
            members.remove("TagSpecifications");
        }
        let (notes, id) = (Notes::default(), Uuid::new_v4().to_string());
        let ctx =
            CallContext { invoked_by: Some(SERVICE), peer: None, request_id: &id, notes: Some(&notes), ..*call.ctx };
        let parameters = Trail::parameters(ServiceId::Ec2, modelled, &run);
        let answer = call.all.ec2.call(&ctx, "RunInstances", run).await;
        call.all.trail.record(Answered {
            service: ServiceId::Ec2,
            operation: modelled,
            context: &ctx,
            parameters,
            answer: answer.as_ref(),
            noted: notes.take(),
        });
        match answer {
            Err(tried) if tried.code() == "DryRunOperation" => {}
            Err(refused) => return Err(fault::template(&refused, &choice.specification.name)),
            Ok(_) => return Err(fault::internal()),
        }
    }
    Ok(())
}

/// The tags that a group's instances are launched with, if there are any.
pub(super) fn tags_of_instances(group: &Group) -> Option<Value> {
    let tags = group.tags.iter().filter(|(_, tag)| tag.propagates);
    let tags: Vec<Value> = tags.map(|(key, tag)| json!({ "Key": key, "Value": tag.value })).collect();
    (!tags.is_empty()).then(|| json!([{ "ResourceType": "instance", "Tags": tags }]))
}

/// The call to EC2 that launches one instance.
pub(super) fn run(
    group: &Group,
    choice: &super::records::Choice,
    subnet: Option<&str>,
    zone: Option<&String>,
) -> Value {
    let mut run = json!({
        "LaunchTemplate": { "LaunchTemplateId": choice.specification.id, "Version": choice.specification.version },
        "MinCount": 1,
        "MaxCount": 1,
    });
    if let Some(members) = run.as_object_mut() {
        members.extend(tags_of_instances(group).map(|tags| ("TagSpecifications".to_owned(), tags)));
        if let Some(kind) = &choice.kind {
            members.insert("InstanceType".to_owned(), json!(kind));
        }
        match (subnet, zone) {
            (Some(subnet), _) => {
                members.insert("SubnetId".to_owned(), json!(subnet));
            }
            (None, Some(zone)) => {
                members.insert("Placement".to_owned(), json!({ "AvailabilityZone": zone }));
            }
            (None, None) => {}
        }
    }
    run
}
