//! CreateFleet: launched by who calls and answered with what was launched (`instant`), or asked for and launched by
//! `AWSServiceRoleForEC2Fleet` (`request`, `maintain`).
//!
//! Of the overrides the one with the least priority is taken, or the first; the next ones when it cannot be launched. What
//! a type costs is not known, so that all strategies of allocation are this one.
//!
//! Source: Amazon EC2 API Reference, "CreateFleet"; Amazon EC2 User Guide, "Configure an EC2 Fleet of type instant".

use std::collections::{BTreeMap, BTreeSet};

use authz::launch::{FleetKind as LaunchKind, Launcher, ServiceLinked};
use aws_catalog::access::Ec2Kind;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::plan;
use crate::{
    ServiceError,
    ec2::{
        authorize,
        call::{Call, input},
        fault, fleets,
        records::{Fleet, FleetInstance, FleetKind, Target},
        service_roles,
        state::Realm,
        tags::{self, TagSpecification},
        templates::{self, Named},
    },
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateFleet {
    client_token: Option<String>,
    #[serde(flatten)]
    shape: Shape,
    target_capacity_specification: Asked,
    r#type: Option<FleetKind>,
    #[serde(default)]
    dry_run: bool,
}

/// What a fleet launches.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::ec2) struct Shape {
    launch_template_configs: Vec<Config>,
    #[serde(default)]
    tag_specifications: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Config {
    launch_template_specification: Option<Value>,
    #[serde(default)]
    overrides: Vec<Map<String, Value>>,
}

/// How much is asked for.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::ec2) struct Asked {
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

/// What a fleet wants launched now.
pub(in crate::ec2) struct Wanted<'w> {
    pub(in crate::ec2) fleet: &'w str,
    pub(in crate::ec2) shape: &'w Shape,
    pub(in crate::ec2) count: u32,
    pub(in crate::ec2) is_spot: bool,
    /// Tells this launch of the fleet's from its others.
    pub(in crate::ec2) token: String,
    pub(in crate::ec2) launcher: Launcher,
    dry_run: bool,
}

/// What came of it.
#[derive(Default)]
pub(in crate::ec2) struct Launched {
    pub(in crate::ec2) instances: Vec<FleetInstance>,
    /// As an instant fleet answers them.
    told: Vec<Value>,
    errors: Vec<Value>,
    /// The last error, where nothing could be launched.
    pub(in crate::ec2) failed: Option<ServiceError>,
}

pub(in crate::ec2) async fn create_fleet(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: CreateFleet = input(value.clone())?;
    let kind = asked.r#type.unwrap_or(FleetKind::Maintain);
    let target = asked.target_capacity_specification.target();
    let tags: Vec<TagSpecification> = input(json!(asked.shape.tag_specifications))?;
    let tags = tags::of_new(&tags, Ec2Kind::Fleet)?;
    let complete = complete(call, kind, &asked.shape, &value)?;
    authorize::allow(call, "CreateFleet", &complete)?;
    if asked.dry_run && kind != FleetKind::Instant {
        return Err(fault::dry_run());
    }
    if asked.dry_run {
        let wanted = instant(call, "fleet-", &asked.shape, target, true);
        for wanted in wanted {
            launch_wanted(call, wanted).await?;
        }
        return Err(fault::dry_run());
    }
    if kind != FleetKind::Instant {
        service_roles::needed(call, &ServiceLinked::Fleet)?;
    }
    let token = asked.client_token.filter(|token| !token.is_empty());
    let id = {
        let mut change = call.change();
        match before(call, &change, token.as_deref(), &value)? {
            Some(fleet) => {
                if let Some(answer) = &fleet.answer {
                    return Ok(answer.clone());
                }
                fleet.id.clone()
            }
            None => {
                let fleet = fleets::new(call, kind, token, without_dry_run(value), target);
                let id = fleet.id.clone();
                tags::put(call, &mut change, &id, &tags)?;
                change.put(fleet);
                change.commit();
                id
            }
        }
    };
    let answer = if kind == FleetKind::Instant {
        let (mut told, mut errors, mut instances) = (Vec::new(), Vec::new(), Vec::new());
        for wanted in instant(call, &id, &asked.shape, target, false) {
            let mut launched = launch_wanted(call, wanted).await?;
            told.append(&mut launched.told);
            errors.append(&mut launched.errors);
            instances.append(&mut launched.instances);
        }
        let answer = json!({ "FleetId": id, "Errors": errors, "Instances": told });
        fleets::answered(call, &id, instances, &answer);
        answer
    } else {
        fleets::fill(call, &id).await;
        json!({ "FleetId": id, "Errors": [], "Instances": [] })
    };
    Ok(answer)
}

/// The input with what its templates and overrides name, for authorization.
fn complete(call: &Call<'_>, kind: FleetKind, shape: &Shape, value: &Value) -> Result<Value, ServiceError> {
    let (mut complete, choices) = (value.clone(), choices(call, &call.read(), shape)?);
    let over = |name: &str| choices.iter().filter_map(|choice| choice.over.get(name)).cloned().collect::<Vec<_>>();
    let of_template = |choice: &Choice| {
        let (id, version) = (choice.template.get("LaunchTemplateId")?, choice.template.get("Version")?);
        Some((id.as_str()?.to_owned(), version.as_str()?.to_owned()))
    };
    let templates: BTreeSet<(String, String)> = choices.iter().filter_map(of_template).collect();
    let Some(members) = complete.as_object_mut() else { return Ok(complete) };
    members.insert("LaunchTemplateIds".to_owned(), templates.iter().map(|(id, _)| json!(id)).collect());
    let mut named = vec![("ImageIds", over("ImageId")), ("SubnetIds", over("SubnetId"))];
    // Who launches for itself is asked with each launch.
    if kind != FleetKind::Instant {
        let data = |(id, version): &(String, String)| call.ec2.template_data(id, version);
        let roles = templates.iter().filter_map(|template| plan::passed_role(call, &data(template)?));
        named.push(("PassedRoles", roles.map(Value::from).collect()));
    }
    members
        .extend(named.into_iter().filter(|(_, ids)| !ids.is_empty()).map(|(name, ids)| (name.to_owned(), json!(ids))));
    Ok(complete)
}

/// The fleet that the same token made.
///
/// Source: Amazon EC2 API Reference, "Ensuring idempotency in Amazon EC2 API requests".
fn before<'r>(
    call: &Call<'_>,
    realm: &'r Realm,
    token: Option<&str>,
    value: &Value,
) -> Result<Option<&'r Fleet>, ServiceError> {
    let Some(token) = token else { return Ok(None) };
    match realm.fleet_of_token(&call.place(), token) {
        // Who launches for somebody asks with tokens of its own.
        Some(fleet) if call.behalf.is_none() && fleet.asked != without_dry_run(value.clone()) => {
            Err(fault::other_parameters(token))
        }
        found => Ok(found),
    }
}

fn without_dry_run(mut value: Value) -> Value {
    if let Some(members) = value.as_object_mut() {
        members.remove("DryRun");
    }
    value
}

/// What an instant fleet launches: on demand, and Spot.
fn instant<'w>(
    call: &Call<'_>,
    fleet: &'w str,
    shape: &'w Shape,
    target: Target,
    dry_run: bool,
) -> impl Iterator<Item = Wanted<'w>> + use<'w> {
    let launcher = match call.behalf {
        Some(behalf) => behalf.launcher.clone(),
        None => Launcher::Fleet(LaunchKind::Instant(call.ctx.caller.principal.clone())),
    };
    let counts = [(target.on_demand, false), (target.spot, true)].into_iter().filter(|(count, _)| *count > 0);
    counts.map(move |(count, is_spot)| Wanted {
        fleet,
        shape,
        count,
        is_spot,
        token: format!("{fleet}-0"),
        launcher: launcher.clone(),
        dry_run,
    })
}

impl<'w> Wanted<'w> {
    /// What a fleet has launched by its service-linked role.
    pub(in crate::ec2) fn by_role(fleet: &'w Fleet, shape: &'w Shape, count: u32, is_spot: bool) -> Self {
        let kind = if fleet.kind == FleetKind::Request { LaunchKind::Request } else { LaunchKind::Maintain };
        Self {
            fleet: &fleet.id,
            shape,
            count,
            is_spot,
            token: format!("{}-{}", fleet.id, fleet.fills),
            launcher: Launcher::Fleet(kind),
            dry_run: false,
        }
    }
}

/// Launches by the first choice that can be.
pub(in crate::ec2) async fn launch_wanted(call: &Call<'_>, wanted: Wanted<'_>) -> Result<Launched, ServiceError> {
    let choices = match choices(call, &call.read(), wanted.shape) {
        Ok(choices) => choices,
        Err(error) => return Ok(Launched::failed(error)),
    };
    let mut launched = Launched::default();
    for (index, choice) in choices.iter().enumerate() {
        match of_choice(call, &wanted, index, choice).await {
            Ok((ids, kind)) => {
                let more = [("InstanceIds", json!(ids)), ("InstanceType", json!(kind))];
                launched.told.push(told(choice, wanted.is_spot, more));
                launched.instances = ids
                    .into_iter()
                    .map(|id| FleetInstance { id, is_spot: wanted.is_spot, kind: kind.clone() })
                    .collect();
                launched.failed = None;
                break;
            }
            // A dry run goes no further than the first that could be launched, or could not by who calls.
            Err(error) if wanted.dry_run => return Err(error),
            Err(error) => {
                let more = [("ErrorCode", json!(error.code())), ("ErrorMessage", json!(error.message()))];
                launched.errors.push(told(choice, wanted.is_spot, more));
                launched.failed = Some(error);
            }
        }
    }
    Ok(launched)
}

impl Launched {
    pub(in crate::ec2) fn failed(error: ServiceError) -> Self {
        Self { failed: Some(error), ..Self::default() }
    }
}

impl Asked {
    /// How many instances on demand, and how many Spot.
    pub(in crate::ec2) fn target(&self) -> Target {
        let (on_demand, spot) = (self.on_demand_target_capacity, self.spot_target_capacity);
        let rest = self.total_target_capacity.saturating_sub(on_demand.unwrap_or_default());
        let rest = rest.saturating_sub(spot.unwrap_or_default());
        let default_is_spot = self.default_target_capacity_type.as_deref() == Some("spot");
        let of = |own: Option<i64>, takes_rest: bool| {
            let count = own.unwrap_or_default().saturating_add(if takes_rest { rest.max(0) } else { 0 });
            // More than there can be is refused where it is launched.
            u32::try_from(count.max(0)).unwrap_or(u32::MAX)
        };
        Target { on_demand: of(on_demand, !default_is_spot), spot: of(spot, default_is_spot), default_is_spot }
    }
}

/// What can be launched, in the order in which it is tried.
fn choices(call: &Call<'_>, realm: &Realm, shape: &Shape) -> Result<Vec<Choice>, ServiceError> {
    let mut choices = Vec::new();
    for config in &shape.launch_template_configs {
        let specification = config.launch_template_specification.clone().unwrap_or_default();
        let named: Named = input(specification.clone())?;
        let version = specification.get("Version").and_then(Value::as_str).unwrap_or("$Default").to_owned();
        let template = templates::find(call, realm, &named)?;
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
    wanted: &Wanted<'_>,
    index: usize,
    choice: &Choice,
) -> Result<(Vec<String>, String), ServiceError> {
    let lifecycle = if wanted.is_spot { "spot" } else { "on-demand" };
    let mut run = json!({
        "LaunchTemplate": choice.template,
        "MinCount": wanted.count,
        "MaxCount": wanted.count,
        "TagSpecifications": wanted.shape.tag_specifications,
        "DryRun": wanted.dry_run,
        "ClientToken": format!("{}-{lifecycle}-{index}", wanted.token),
    });
    if let Some(members) = run.as_object_mut() {
        let over = |name: &str| Some((name.to_owned(), choice.over.get(name)?.clone()));
        members.extend(["ImageId", "InstanceType", "SubnetId", "BlockDeviceMappings"].into_iter().filter_map(over));
        if let Some(zone) = choice.over.get("AvailabilityZone") {
            members.insert("Placement".to_owned(), json!({ "AvailabilityZone": zone }));
        }
        if wanted.is_spot {
            members.insert("InstanceMarketOptions".to_owned(), json!({ "MarketType": "spot" }));
        }
    }
    let mut tags = BTreeMap::from([(super::OF_FLEET.to_owned(), wanted.fleet.to_owned())]);
    tags.extend(call.behalf.into_iter().flat_map(|behalf| behalf.tags.clone()));
    let (plan, launched) = super::run(call, &wanted.launcher, run, tags).await?;
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
