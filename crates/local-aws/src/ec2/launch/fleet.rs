//! CreateFleet, of the type `instant`: launched by who calls, and answered with what was launched.
//!
//! Of the overrides the one with the least priority is taken, or the first; the next ones when it cannot be launched. What
//! a type costs is not known, so that all strategies of allocation are this one.
//!
//! Source: Amazon EC2 API Reference, "CreateFleet"; Amazon EC2 User Guide, "Configure an EC2 Fleet of type instant".

use std::collections::BTreeMap;

use authz::launch::{FleetKind, Launcher};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{launch, plan};
use crate::{
    ServiceError,
    ec2::{
        authorize,
        call::{Call, input},
        fault, templates,
        templates::Named,
    },
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateFleet {
    launch_template_configs: Vec<Config>,
    target_capacity_specification: Target,
    r#type: Option<String>,
    #[serde(default)]
    tag_specifications: Vec<Value>,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Config {
    launch_template_specification: Option<Value>,
    #[serde(default)]
    overrides: Vec<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Target {
    total_target_capacity: i64,
    on_demand_target_capacity: Option<i64>,
    spot_target_capacity: Option<i64>,
    default_target_capacity_type: Option<String>,
}

/// One thing that can be launched.
struct Choice {
    /// The template's id and version, as answers have them.
    template: Value,
    over: Map<String, Value>,
}

pub(in crate::ec2) async fn create_fleet(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: CreateFleet = input(value.clone())?;
    if asked.r#type.as_deref() != Some("instant") {
        return Err(fault::unsupported("The embedded AWS has fleets of the type instant alone."));
    }
    let choices = choices(call, &asked)?;
    let templates: Vec<&Value> = choices.iter().filter_map(|choice| choice.template.get("LaunchTemplateId")).collect();
    let mut complete = value.clone();
    if let Some(members) = complete.as_object_mut() {
        members.insert("LaunchTemplateIds".to_owned(), json!(templates));
    }
    authorize::allow(call, "CreateFleet", &complete)?;
    let id = format!("fleet-{}", uuid::Uuid::new_v4());
    let (mut errors, mut instances) = (Vec::new(), Vec::new());
    for (count, is_spot) in asked.target_capacity_specification.counts() {
        for choice in &choices {
            match of_choice(call, &asked, choice, (count, is_spot), &id).await {
                Ok(launched) => {
                    instances.push(told(
                        choice,
                        is_spot,
                        [("InstanceIds", json!(launched.0)), ("InstanceType", json!(launched.1))],
                    ));
                    break;
                }
                // A dry run goes no further than the first that could be launched, or could not by who calls.
                Err(error) if asked.dry_run => return Err(error),
                Err(error) => errors.push(told(
                    choice,
                    is_spot,
                    [("ErrorCode", json!(error.code())), ("ErrorMessage", json!(error.message()))],
                )),
            }
        }
    }
    Ok(json!({ "FleetId": id, "Errors": errors, "Instances": instances }))
}

impl Target {
    /// How many instances on demand, and how many Spot.
    fn counts(&self) -> impl Iterator<Item = (i64, bool)> + use<> {
        let (on_demand, spot) = (self.on_demand_target_capacity, self.spot_target_capacity);
        let rest = self.total_target_capacity.saturating_sub(on_demand.unwrap_or_default());
        let rest = rest.saturating_sub(spot.unwrap_or_default());
        let rest_is_spot = self.default_target_capacity_type.as_deref() == Some("spot");
        let of = |own: Option<i64>, takes_rest: bool| {
            own.unwrap_or_default().saturating_add(if takes_rest { rest.max(0) } else { 0 })
        };
        let counts = [(of(on_demand, !rest_is_spot), false), (of(spot, rest_is_spot), true)];
        counts.into_iter().filter(|(count, _)| *count > 0)
    }
}

/// What can be launched, in the order in which it is tried.
fn choices(call: &Call<'_>, asked: &CreateFleet) -> Result<Vec<Choice>, ServiceError> {
    let mut choices = Vec::new();
    for config in &asked.launch_template_configs {
        let specification = config.launch_template_specification.clone().unwrap_or_default();
        let named: Named = input(specification.clone())?;
        let version = specification.get("Version").and_then(Value::as_str).unwrap_or("$Default").to_owned();
        let realm = call.read();
        let template = templates::find(call, &realm, &named)?;
        if template.version(&version).is_none() {
            return Err(fault::no_version(&template.id, &version));
        }
        let of_template = json!({ "LaunchTemplateId": template.id, "Version": version });
        let overrides = if config.overrides.is_empty() { vec![Map::new()] } else { config.overrides.clone() };
        choices.extend(overrides.into_iter().map(|over| Choice { template: of_template.clone(), over }));
    }
    let priority = |choice: &Choice| choice.over.get("Priority").and_then(Value::as_f64).unwrap_or(f64::MAX);
    choices.sort_by(|one, other| priority(one).total_cmp(&priority(other)));
    Ok(choices)
}

/// The ids of what a choice has launched, and its type.
async fn of_choice(
    call: &Call<'_>,
    asked: &CreateFleet,
    choice: &Choice,
    (count, is_spot): (i64, bool),
    fleet: &str,
) -> Result<(Vec<String>, String), ServiceError> {
    let mut run = json!({
        "LaunchTemplate": choice.template,
        "MinCount": count,
        "MaxCount": count,
        "TagSpecifications": asked.tag_specifications,
        "DryRun": asked.dry_run,
    });
    if let Some(members) = run.as_object_mut() {
        let over = |name: &str| Some((name.to_owned(), choice.over.get(name)?.clone()));
        members.extend(["ImageId", "InstanceType", "SubnetId", "BlockDeviceMappings"].into_iter().filter_map(over));
        if let Some(zone) = choice.over.get("AvailabilityZone") {
            members.insert("Placement".to_owned(), json!({ "AvailabilityZone": zone }));
        }
        if is_spot {
            members.insert("InstanceMarketOptions".to_owned(), json!({ "MarketType": "spot" }));
        }
    }
    let launcher = Launcher::Fleet(FleetKind::Instant(call.ctx.caller.principal.clone()));
    let plan = plan::of(call, run, &launcher)?;
    authorize::authorize(call, "RunInstances", &plan.complete)?;
    let tags = BTreeMap::from([("aws:ec2:fleet-id".to_owned(), fleet.to_owned())]);
    let launched = launch(call, &plan, tags).await?;
    Ok((launched.ids, plan.kind))
}

fn told<const N: usize>(choice: &Choice, is_spot: bool, more: [(&str, Value); N]) -> Value {
    let mut told = json!({
        "LaunchTemplateAndOverrides": {
            "LaunchTemplateSpecification": choice.template,
            "Overrides": choice.over,
        },
        "Lifecycle": if is_spot { "spot" } else { "on-demand" },
    });
    crate::ec2::volumes::extend(&mut told, more.map(|(name, value)| (name, Some(value))));
    told
}
