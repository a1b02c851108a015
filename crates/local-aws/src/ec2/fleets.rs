//! EC2 Fleets after they are asked for: filled, told, changed, deleted.
//!
//! ```text
//!   CreateFleet, ModifyFleet --fill--> what is missing is launched by AWSServiceRoleForEC2Fleet
//!   an instance of a fleet that is maintained ends --> the fleet is due --> the next call of its account fills it
//! ```
//!
//! A launch whose key is refused dies, and is tried again later and later.
//!
//! Sources: Amazon EC2 API Reference, "DescribeFleets", "DescribeFleetInstances", "DescribeFleetHistory", "ModifyFleet",
//! "DeleteFleets"; Amazon EC2 User Guide, "EC2 Fleet request types", "Describe EC2 Fleet history". How long a fleet waits
//! after a failure no document says.

mod told;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) use self::told::{describe, describe_history, describe_instances};
use super::{
    authorize,
    call::{Call, input},
    fault, instances,
    keys::Held,
    launch::{Asked, Launched, Shape, Wanted, launch_wanted},
    records::{Deletion, Fleet, FleetInstance, FleetKind, InstanceState, Reason, Target},
    state::{Change, Realm},
};
use crate::ServiceError;

/// How long a fleet waits after its first failure, and at most.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(5);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(10);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ModifyFleet {
    fleet_id: String,
    excess_capacity_termination_policy: Option<String>,
    launch_template_configs: Option<Value>,
    target_capacity_specification: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeleteFleets {
    fleet_ids: Vec<String>,
    terminate_instances: bool,
}

/// A fleet that nothing has been launched for.
pub(super) fn new(call: &Call<'_>, kind: FleetKind, token: Option<String>, asked: Value, target: Target) -> Fleet {
    let (owner, region) = call.place();
    let now = call.now();
    let mut fleet = Fleet {
        id: format!("fleet-{}", uuid::Uuid::new_v4()),
        owner,
        region,
        kind,
        client_token: token,
        created: now,
        asked,
        target,
        instances: Vec::new(),
        answer: None,
        history: Vec::new(),
        fills: 0,
        // Whoever is killed before it is filled finds it due.
        due: (kind != FleetKind::Instant).then_some(now),
        failures: 0,
        deletion: None,
    };
    for sub in ["submitted", "active"] {
        fleet.note(now, "fleet-change", sub, None, String::new());
    }
    fleet
}

/// What an instant fleet has launched is kept, for who asks with the same token.
pub(super) fn answered(call: &Call<'_>, id: &str, instances: Vec<FleetInstance>, answer: &Value) {
    let mut change = call.change();
    if let Some(fleet) = change.fleets.get(id) {
        let answer = Some(answer.clone());
        let fleet = Fleet { instances, answer, ..Fleet::clone(fleet) };
        change.put(fleet);
        change.commit();
    }
}

/// Fills the fleets of the caller's account that are due by now.
pub(super) async fn catch_up(call: &Call<'_>) {
    let due = call.read().fleets_due(&call.place(), call.now());
    for id in due {
        fill(call, &id).await;
    }
}

/// Launches what a fleet has too little of.
pub(super) async fn fill(call: &Call<'_>, id: &str) {
    let now = call.now();
    let Some(fleet) = call.read().fleets.get(id).map(|fleet| Fleet::clone(fleet)) else { return };
    let Ok(shape) = input::<Shape>(fleet.asked.clone()) else { return };
    let missing = if fleet.deletion.is_none() { missing(&call.read(), &fleet, now) } else { Vec::new() };
    let mut launched = Vec::new();
    for (count, is_spot) in missing {
        let came = launch_wanted(call, Wanted::by_role(&fleet, &shape, count, is_spot)).await;
        launched.push(came.unwrap_or_else(|error| Launched::failed(&error)));
    }
    let mut change = call.change();
    let Some(mut current) = change.fleets.get(id).map(|fleet| Fleet::clone(fleet)) else { return };
    // Whoever filled it at the same time launched the same, by the same tokens.
    if current.fills != fleet.fills {
        return;
    }
    lose_ended(&change, &mut current, now);
    current.fills += 1;
    current.due = None;
    let (mut failed, mut dies) = (false, None);
    for launched in launched {
        for instance in launched.instances {
            let found = change.instances.get(&instance.id);
            dies = dies.max(found.filter(|of| of.fails.is_some()).map(|of| of.settles));
            let told = json!({
                "instanceType": instance.kind,
                "image": found.map(|of| of.image.clone()),
                "productDescription": "Linux/UNIX",
                "availabilityZone": found.map(|of| of.zone.clone()),
            });
            current.note(now, "instance-change", "launched", Some(&instance.id), told.to_string());
            current.instances.push(instance);
        }
        if let Some(why) = launched.failed {
            failed = true;
            current.note(now, "service-error", "allLaunchSpecsTemporarilyBlacklisted", None, why);
        }
    }
    current.failures = if failed || dies.is_some() { current.failures.saturating_add(1) } else { 0 };
    if current.kind == FleetKind::Maintain && current.deletion.is_none() && (failed || dies.is_some()) {
        let wait = FIRST_WAIT.saturating_mul(1 << current.failures.saturating_sub(1).min(10)).min(LONGEST_WAIT);
        current.due = dies.unwrap_or(now).checked_add(wait).ok();
    }
    change.put(current);
    change.commit();
}

/// How many more instances a fleet is to have, on demand and Spot.
fn missing(realm: &Realm, fleet: &Fleet, now: Timestamp) -> Vec<(u32, bool)> {
    let alive = |is_spot| living(realm, fleet, now).filter(|instance| instance.is_spot == is_spot).count();
    let less = |target: u32, is_spot| target.saturating_sub(u32::try_from(alive(is_spot)).unwrap_or(u32::MAX));
    let counts = [(less(fleet.target.on_demand, false), false), (less(fleet.target.spot, true), true)];
    counts.into_iter().filter(|(count, _)| *count > 0).collect()
}

/// The instances of a fleet that have not ended.
fn living<'r>(realm: &'r Realm, fleet: &'r Fleet, now: Timestamp) -> impl Iterator<Item = &'r FleetInstance> {
    fleet.instances.iter().filter(move |instance| {
        let state = realm.instances.get(&instance.id).map(|instance| instance.state(now));
        state.is_some_and(|state| !matches!(state, InstanceState::ShuttingDown | InstanceState::Terminated))
    })
}

fn lose_ended(realm: &Realm, fleet: &mut Fleet, now: Timestamp) {
    let alive: Vec<FleetInstance> = living(realm, fleet, now).cloned().collect();
    let ended: Vec<FleetInstance> =
        fleet.instances.iter().filter(|of| !alive.iter().any(|one| one.id == of.id)).cloned().collect();
    for instance in ended {
        fleet.note(now, "instance-change", "terminated", Some(&instance.id), String::new());
    }
    fleet.instances = alive;
}

/// That an instance of a fleet ends at a time: one that is maintained replaces it then.
pub(super) fn lost(change: &mut Change<'_>, fleet: &str, at: Timestamp) {
    let found = change.fleets.get(fleet).filter(|fleet| fleet.kind == FleetKind::Maintain && fleet.deletion.is_none());
    if let Some(fleet) = found {
        let due = fleet.due.map_or(at, |due| due.min(at));
        let fleet = Fleet { due: Some(due), ..Fleet::clone(fleet) };
        change.put(fleet);
    }
}

pub(super) async fn modify(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    authorize::authorize(call, "ModifyFleet", &value)?;
    let asked: ModifyFleet = input(value)?;
    {
        let (now, mut change) = (call.now(), call.change());
        let mut fleet = own(call, &change, &asked.fleet_id)?.clone();
        if fleet.kind != FleetKind::Maintain {
            return Err(fault::unsupported("Only fleets of the type maintain can be modified."));
        }
        if fleet.deletion.is_some() {
            let message = format!("The fleet {} is deleted.", fleet.id);
            return Err(ServiceError::new("InvalidFleetState", message));
        }
        let members = [
            ("LaunchTemplateConfigs", asked.launch_template_configs),
            ("ExcessCapacityTerminationPolicy", asked.excess_capacity_termination_policy.map(Value::from)),
            ("TargetCapacitySpecification", asked.target_capacity_specification.clone()),
        ];
        if let Some(of_fleet) = fleet.asked.as_object_mut() {
            of_fleet.extend(members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        }
        if let Some(target) = asked.target_capacity_specification {
            fleet.target = input::<Asked>(target)?.target();
        }
        input::<Shape>(fleet.asked.clone())?;
        lose_ended(&change, &mut fleet, now);
        let _ended = end_excess(call, &mut change, &mut fleet, now);
        for sub in ["modify_in_progress", "modify_successful"] {
            fleet.note(now, "fleet-change", sub, None, String::new());
        }
        change.put(fleet);
        change.commit();
    }
    fill(call, &asked.fleet_id).await;
    Ok(json!({ "Return": true }))
}

/// Ends what a fleet has too much of, the oldest first, unless it is told to let them run.
fn end_excess<'c>(call: &Call<'c>, change: &mut Change<'_>, fleet: &mut Fleet, now: Timestamp) -> Vec<Held<'c>> {
    let policy = fleet.asked.get("ExcessCapacityTerminationPolicy").and_then(Value::as_str);
    if policy == Some("no-termination") {
        return Vec::new();
    }
    let mut ended = Vec::new();
    for (target, is_spot) in [(fleet.target.on_demand, false), (fleet.target.spot, true)] {
        let own: Vec<FleetInstance> = fleet.instances.iter().filter(|of| of.is_spot == is_spot).cloned().collect();
        let excess = own.len().saturating_sub(usize::try_from(target).unwrap_or(usize::MAX));
        for instance in own.into_iter().take(excess) {
            fleet.instances.retain(|of| of.id != instance.id);
            fleet.note(now, "instance-change", "terminated", Some(&instance.id), String::new());
            ended.extend(instances::end(call, change, &instance.id, Reason::of_service(now)));
        }
    }
    ended
}

pub(super) fn delete(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: DeleteFleets = input(value)?;
    let (now, mut change) = (call.now(), call.change());
    let (mut deleted, mut not_deleted, mut ended) = (Vec::new(), Vec::new(), Vec::new());
    for id in &asked.fleet_ids {
        let refused =
            |code: &str, message: String| json!({ "FleetId": id, "Error": { "Code": code, "Message": message } });
        let Ok(mut fleet) = own(call, &change, id).cloned() else {
            not_deleted.push(refused("fleetIdDoesNotExist", format!("The fleet {id} does not exist.")));
            continue;
        };
        if fleet.kind == FleetKind::Instant && !asked.terminate_instances {
            let message =
                "NoTerminateInstancesNotSupported: fleets of the type instant are deleted with their instances.";
            not_deleted.push(refused("fleetNotInDeletableState", message.to_owned()));
            continue;
        }
        let before = fleet.state(now);
        if fleet.deletion.is_none() {
            lose_ended(&change, &mut fleet, now);
            let mut terminated = None;
            if asked.terminate_instances {
                for instance in std::mem::take(&mut fleet.instances) {
                    ended.extend(instances::end(call, &mut change, &instance.id, Reason::of_service(now)));
                }
                terminated = now.checked_add(instances::SHUTTING_DOWN).ok();
            }
            fleet.due = None;
            fleet.deletion = Some(Deletion { at: now, terminated });
            fleet.note(now, "fleet-change", fleet.state(now), None, String::new());
            change.put(fleet.clone());
        }
        deleted.push(json!({ "FleetId": id, "PreviousFleetState": before, "CurrentFleetState": fleet.state(now) }));
    }
    change.commit();
    drop(ended);
    Ok(json!({ "SuccessfulFleetDeletions": deleted, "UnsuccessfulFleetDeletions": not_deleted }))
}

/// A fleet of the caller's account.
fn own<'r>(call: &Call<'_>, realm: &'r Realm, id: &str) -> Result<&'r Fleet, ServiceError> {
    let (account, region) = call.place();
    let found = realm.fleets.get(id).filter(|fleet| fleet.owner == account && fleet.region == region);
    found.map(AsRef::as_ref).ok_or_else(|| fault::not_found(id))
}
