//! Fleets are brought to their size: what is too much is terminated, what is missing launched, both by `AWSServiceRoleForEC2Fleet`.
//!
//! What the role may not do is tried again later and later, by fleets that are maintained, and by those that are deleted with their
//! instances.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::ending;
use crate::{
    ServiceError,
    ec2::{
        call::{Call, input},
        instances::SHUTTING_DOWN,
        launch::{Launched, Shape, Wanted, launch_wanted},
        records::{Deletion, Fleet, FleetInstance, FleetKind, InstanceState},
        state::{Change, Realm},
    },
};

/// How long a fleet waits after its first failure, and at most.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(5);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(10);

/// Fills the fleets of the caller's account that are due by now.
pub(in crate::ec2) async fn catch_up(call: &Call<'_>) {
    let due = call.read().fleets_due(&call.place(), call.now());
    for id in due {
        fill(call, &id).await;
    }
}

/// Brings a fleet to its size.
pub(in crate::ec2) async fn fill(call: &Call<'_>, id: &str) {
    // Whoever else fills it sees what this one has launched.
    let _filling = call.ec2.filling.lock().await;
    let now = call.now();
    let Some(fleet) = call.read().fleets.get(id).map(|fleet| Fleet::clone(fleet)) else { return };
    let excess = excess(&call.read(), &fleet, now);
    let not_ended = if excess.is_empty() { None } else { ending::as_role(call, &excess).err() };
    let launched = launch_missing(call, &fleet, now).await;

    let mut change = call.change();
    let Some(mut current) = change.fleets.get(id).map(|fleet| Fleet::clone(fleet)) else { return };
    lose_ended(&change, &mut current, now);
    current.fills += 1;
    let (mut failed, mut dies) = (not_ended.is_some(), None);
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
            current.note(now, "service-error", kind_of(&why), None, why.to_string());
        }
    }
    if let Some(why) = not_ended {
        current.note(now, "service-error", kind_of(&why), None, why.to_string());
    }
    let came_to_nothing = failed || dies.is_some();
    current.failures = if came_to_nothing { current.failures.saturating_add(1) } else { 0 };
    let wait = FIRST_WAIT.saturating_mul(1 << current.failures.saturating_sub(1).min(10)).min(LONGEST_WAIT);
    let again = dies.unwrap_or(now).checked_add(wait).ok();
    current.due = match (&current.deletion, current.kind) {
        // It was deleted meanwhile: who did so ends what was launched.
        (Some(_), _) if fleet.deletion.is_none() => current.due,
        (Some(_), _) if failed => again,
        (None, FleetKind::Maintain) if came_to_nothing => again,
        // Others ended an instance, or changed the fleet, meanwhile.
        (None, FleetKind::Maintain) if !is_whole(&change, &current, now) => now.checked_add(SHUTTING_DOWN).ok(),
        _ => None,
    };
    if let Some(deletion) = current.deletion.as_mut().filter(|_| fleet.deletion.is_some() && !failed) {
        *deletion = Deletion { terminated: now.checked_add(SHUTTING_DOWN).ok(), ..*deletion };
    }
    change.put(current);
    change.commit();
}

async fn launch_missing(call: &Call<'_>, fleet: &Fleet, now: Timestamp) -> Vec<Launched> {
    let mut launched = Vec::new();
    let shape = input::<Shape>(fleet.asked.clone()).ok().filter(|_| fleet.deletion.is_none());
    let Some(shape) = shape else { return launched };
    let missing = missing(&call.read(), fleet, now);
    for (count, is_spot) in missing {
        let came = launch_wanted(call, Wanted::by_role(fleet, &shape, count, is_spot)).await;
        launched.push(came.unwrap_or_else(Launched::failed));
    }
    launched
}

/// What a failure is told as.
///
/// Source: Amazon EC2 API Reference, "EventInformation" > `eventSubType`, the error events.
fn kind_of(why: &ServiceError) -> &'static str {
    match why.code() {
        "UnauthorizedOperation" => "iamFleetRoleInvalid",
        _ => "allLaunchSpecsTemporarilyBlacklisted",
    }
}

/// The instances of a fleet that are too many: all of one that is deleted with them; of one that is maintained the oldest, unless it
/// is told to let them run.
///
/// Source: Amazon EC2 API Reference, "ModifyFleet" > `ExcessCapacityTerminationPolicy`; which ones go is assumed.
fn excess(realm: &Realm, fleet: &Fleet, now: Timestamp) -> Vec<String> {
    let policy = fleet.asked.get("ExcessCapacityTerminationPolicy").and_then(Value::as_str);
    let alive = |is_spot| living(realm, fleet, now).filter(move |of| of.is_spot == is_spot).map(|of| of.id.clone());
    let more_than = |target: u32, is_spot| {
        let count = alive(is_spot).count().saturating_sub(usize::try_from(target).unwrap_or(usize::MAX));
        alive(is_spot).take(count)
    };
    match (&fleet.deletion, fleet.kind) {
        (Some(_), _) if fleet.due.is_some() => living(realm, fleet, now).map(|of| of.id.clone()).collect(),
        (None, FleetKind::Maintain) if policy != Some("no-termination") => {
            more_than(fleet.target.on_demand, false).chain(more_than(fleet.target.spot, true)).collect()
        }
        _ => Vec::new(),
    }
}

/// How many more instances a fleet is to have, on demand and Spot.
fn missing(realm: &Realm, fleet: &Fleet, now: Timestamp) -> Vec<(u32, bool)> {
    let alive = |is_spot| living(realm, fleet, now).filter(|instance| instance.is_spot == is_spot).count();
    let less = |target: u32, is_spot| target.saturating_sub(u32::try_from(alive(is_spot)).unwrap_or(u32::MAX));
    let counts = [(less(fleet.target.on_demand, false), false), (less(fleet.target.spot, true), true)];
    counts.into_iter().filter(|(count, _)| *count > 0).collect()
}

fn is_whole(realm: &Realm, fleet: &Fleet, now: Timestamp) -> bool {
    missing(realm, fleet, now).is_empty() && excess(realm, fleet, now).is_empty()
}

/// The instances of a fleet that have not ended.
pub(super) fn living<'r>(
    realm: &'r Realm,
    fleet: &'r Fleet,
    now: Timestamp,
) -> impl Iterator<Item = &'r FleetInstance> {
    fleet.instances.iter().filter(move |instance| {
        let state = realm.instances.get(&instance.id).map(|instance| instance.state(now));
        state.is_some_and(|state| !matches!(state, InstanceState::ShuttingDown | InstanceState::Terminated))
    })
}

pub(super) fn lose_ended(realm: &Realm, fleet: &mut Fleet, now: Timestamp) {
    let alive: Vec<FleetInstance> = living(realm, fleet, now).cloned().collect();
    let ended: Vec<FleetInstance> =
        fleet.instances.iter().filter(|of| !alive.iter().any(|one| one.id == of.id)).cloned().collect();
    for instance in ended {
        fleet.note(now, "instance-change", "terminated", Some(&instance.id), String::new());
    }
    fleet.instances = alive;
}

/// That an instance of a fleet ends at a time: one that is maintained replaces it then.
pub(in crate::ec2) fn lost(change: &mut Change<'_>, fleet: &str, at: Timestamp) {
    let found = change.fleets.get(fleet).filter(|fleet| fleet.kind == FleetKind::Maintain && fleet.deletion.is_none());
    if let Some(fleet) = found {
        let due = fleet.due.map_or(at, |due| due.min(at));
        let fleet = Fleet { due: Some(due), ..Fleet::clone(fleet) };
        change.put(fleet);
    }
}
