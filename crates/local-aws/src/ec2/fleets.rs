//! EC2 Fleets after they are asked for: filled, told, changed, deleted.
//!
//! ```text
//!   CreateFleet, ModifyFleet, DeleteFleets --fill--> what is too much is terminated, what is missing launched, by
//!                                                    AWSServiceRoleForEC2Fleet
//!   an instance of a fleet that is maintained ends --> the fleet is due --> the next call of its account fills it
//! ```
//!
//! A launch whose key is refused dies, and is tried again later and later; so is what the role may not do. Instant fleets have no
//! role: their instances end with them, as EC2's own doing (assumed).
//!
//! Sources: Amazon EC2 API Reference, "DescribeFleets", "DescribeFleetInstances", "DescribeFleetHistory", "ModifyFleet",
//! "DeleteFleets"; Amazon EC2 User Guide, "EC2 Fleet request types", "Describe EC2 Fleet history". How long a fleet waits
//! after a failure no document says.

mod ending;
mod filling;
mod told;

use serde::Deserialize;
use serde_json::{Value, json};

use self::filling::lose_ended;
pub(super) use self::{
    filling::{catch_up, fill, lost},
    told::{describe, describe_history, describe_instances},
};
use super::{
    authorize,
    call::{Call, input},
    fault, instances,
    keys::Held,
    launch::{Asked, Shape},
    records::{Deletion, Fleet, FleetInstance, FleetKind, Reason, Target},
    state::{Change, Realm},
};
use crate::ServiceError;

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
        // Whoever is killed before it is brought to its new size finds it due.
        fleet.due = Some(now);
        for sub in ["modify_in_progress", "modify_successful"] {
            fleet.note(now, "fleet-change", sub, None, String::new());
        }
        change.put(fleet);
        change.commit();
    }
    fill(call, &asked.fleet_id).await;
    Ok(json!({ "Return": true }))
}

pub(super) async fn delete(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    authorize::authorize(call, "DeleteFleets", &value)?;
    let asked: DeleteFleets = input(value)?;
    let (mut deleted, mut not_deleted, mut by_role) = (Vec::new(), Vec::new(), Vec::new());
    {
        let (mut change, mut ended) = (call.change(), Vec::new());
        for id in &asked.fleet_ids {
            let deletion = delete_one(call, &mut change, id, asked.terminate_instances);
            match deletion {
                Ok(Deleted { told, ends, is_to_end }) => {
                    deleted.push(told);
                    ended.extend(ends);
                    by_role.extend(is_to_end.then_some(id));
                }
                Err(NotDeleted(code, message)) => {
                    not_deleted.push(json!({ "FleetId": id, "Error": { "Code": code, "Message": message } }));
                }
            }
        }
        change.commit();
    }
    for id in by_role {
        fill(call, id).await;
    }
    Ok(json!({ "SuccessfulFleetDeletions": deleted, "UnsuccessfulFleetDeletions": not_deleted }))
}

/// A fleet that is deleted.
struct Deleted<'c> {
    told: Value,
    /// The grants that end with its instances, once the change is made.
    ends: Vec<Held<'c>>,
    /// Its instances are yet to be ended by its role.
    is_to_end: bool,
}

/// Why a fleet is not deleted: code and words.
struct NotDeleted(&'static str, String);

fn delete_one<'c>(
    call: &Call<'c>,
    change: &mut Change<'_>,
    id: &str,
    terminates: bool,
) -> Result<Deleted<'c>, NotDeleted> {
    let now = call.now();
    let gone = |_| NotDeleted("fleetIdDoesNotExist", format!("The fleet {id} does not exist."));
    let mut fleet = own(call, change, id).map_err(gone)?.clone();
    if fleet.kind == FleetKind::Instant && !terminates {
        let message = "NoTerminateInstancesNotSupported: fleets of the type instant are deleted with their instances.";
        return Err(NotDeleted("fleetNotInDeletableState", message.to_owned()));
    }
    let (before, is_new, mut ends) = (fleet.state(now), fleet.deletion.is_none(), Vec::new());
    let is_to_end = is_new && terminates && fleet.kind != FleetKind::Instant;
    if is_new {
        lose_ended(change, &mut fleet, now);
        let mut terminated = None;
        if terminates && !is_to_end {
            for instance in std::mem::take(&mut fleet.instances) {
                ends.extend(instances::end(call, change, &instance.id, Reason::of_service(now)));
            }
            terminated = now.checked_add(instances::SHUTTING_DOWN).ok();
        }
        // Whoever is killed before its instances are ended finds it due.
        fleet.due = is_to_end.then_some(now);
        fleet.deletion = Some(Deletion { at: now, terminated });
        fleet.note(now, "fleet-change", fleet.state(now), None, String::new());
        change.put(fleet.clone());
    }
    let told = json!({ "FleetId": id, "PreviousFleetState": before, "CurrentFleetState": fleet.state(now) });
    Ok(Deleted { told, ends, is_to_end })
}

/// A fleet of the caller's account.
fn own<'r>(call: &Call<'_>, realm: &'r Realm, id: &str) -> Result<&'r Fleet, ServiceError> {
    let (account, region) = call.place();
    let found = realm.fleets.get(id).filter(|fleet| fleet.owner == account && fleet.region == region);
    found.map(AsRef::as_ref).ok_or_else(|| fault::not_found(id))
}
