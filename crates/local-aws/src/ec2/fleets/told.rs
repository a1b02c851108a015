//! Fleets as answers have them.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{filling::living, own};
use crate::{
    ServiceError,
    ec2::{
        call::{Call, input, seconds},
        filters::{Known, Listing, ids, page},
        records::{Fleet, FleetKind},
        state::Realm,
        tags,
        volumes::extend,
    },
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OneFleet {
    fleet_id: String,
}

/// Instant fleets are told of to who names them alone.
pub(in crate::ec2) fn describe(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    const FILTERS: &[Known] = &[
        ("activity-status", "ActivityStatus"),
        ("excess-capacity-termination-policy", "ExcessCapacityTerminationPolicy"),
        ("fleet-state", "FleetState"),
        ("replace-unhealthy-instances", "ReplaceUnhealthyInstances"),
        ("type", "Type"),
    ];
    let realm = call.read();
    let listed: Vec<Value> = match ids(&value, "FleetIds") {
        Some(ids) => {
            let found = ids.iter().map(|id| own(call, &realm, id).map(|fleet| told(call, &realm, fleet)));
            found.collect::<Result<_, _>>()?
        }
        None => {
            let fleets = realm.fleets.of(&call.place()).filter(|fleet| fleet.kind != FleetKind::Instant);
            fleets.map(|fleet| told(call, &realm, fleet)).collect()
        }
    };
    Listing { ids: "FleetIds", answer: "Fleets", id: "FleetId", least: 1 }.of(&value, FILTERS, listed)
}

pub(in crate::ec2) fn describe_instances(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let OneFleet { fleet_id } = input(value.clone())?;
    let realm = call.read();
    let fleet = own(call, &realm, &fleet_id)?;
    let told = living(&realm, fleet, call.now()).map(
        |instance| json!({ "InstanceId": instance.id, "InstanceType": instance.kind, "InstanceHealth": "healthy" }),
    );
    let id = |told: &Value| told.get("InstanceId").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut told: Vec<Value> = told.collect();
    told.sort_by_cached_key(id);
    let (told, token) = page(&value, 1, told, id)?;
    let mut answer = json!({ "FleetId": fleet_id, "ActiveInstances": told });
    extend(&mut answer, [("NextToken", token.map(Value::from))]);
    Ok(answer)
}

pub(in crate::ec2) fn describe_history(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let OneFleet { fleet_id } = input(value.clone())?;
    let realm = call.read();
    let fleet = own(call, &realm, &fleet_id)?;
    let kind = value.get("EventType").and_then(Value::as_str);
    let since = value.get("StartTime").and_then(Value::as_f64).unwrap_or_default();
    let events = fleet.history.iter().enumerate().filter(|(_, event)| {
        kind.is_none_or(|kind| event.kind == kind) && seconds(event.at).as_f64().unwrap_or_default() >= since
    });
    let records = events.map(|(index, event)| {
        let mut information = json!({ "EventSubType": event.sub });
        let text = Some(&event.description).filter(|text| !text.is_empty());
        let instance = event.instance.as_ref();
        let more = [("EventDescription", text.map(|text| json!(text))), ("InstanceId", instance.map(|id| json!(id)))];
        extend(&mut information, more);
        (index, json!({ "EventInformation": information, "EventType": event.kind, "Timestamp": seconds(event.at) }))
    });
    let (records, token) = page(&value, 1, records.collect(), |(index, _)| index.to_string())?;
    let records: Vec<Value> = records.into_iter().map(|(_, record)| record).collect();
    let mut answer = json!({
        "FleetId": fleet_id,
        "HistoryRecords": records,
        "LastEvaluatedTime": seconds(call.now()),
        "StartTime": value.get("StartTime"),
    });
    extend(&mut answer, [("NextToken", token.map(Value::from))]);
    Ok(answer)
}

fn told(call: &Call<'_>, realm: &Realm, fleet: &Fleet) -> Value {
    let now = call.now();
    let (mut all, mut on_demand) = (0_u32, 0_u32);
    for instance in living(realm, fleet, now) {
        all = all.saturating_add(1);
        on_demand = on_demand.saturating_add(u32::from(!instance.is_spot));
    }
    let state = match fleet.state(now) {
        // Those that it let run have ended since.
        "deleted_running" if all == 0 => "deleted",
        state => state,
    };
    let activity = match state {
        "deleted_terminating" => "pending_termination",
        _ if all >= fleet.target.total() => "fulfilled",
        _ if fleet.failures > 0 => "error",
        _ => "pending_fulfillment",
    };
    let asked = |member: &str| fleet.asked.get(member).cloned();
    let target = json!({
        "TotalTargetCapacity": fleet.target.total(),
        "OnDemandTargetCapacity": fleet.target.on_demand,
        "SpotTargetCapacity": fleet.target.spot,
        "DefaultTargetCapacityType": if fleet.target.default_is_spot { "spot" } else { "on-demand" },
    });
    let mut told = json!({
        "FleetId": fleet.id,
        "FleetState": state,
        "CreateTime": seconds(fleet.created),
        "ExcessCapacityTerminationPolicy": asked("ExcessCapacityTerminationPolicy").unwrap_or_else(|| json!("termination")),
        "FulfilledCapacity": f64::from(all),
        "FulfilledOnDemandCapacity": f64::from(on_demand),
        "LaunchTemplateConfigs": asked("LaunchTemplateConfigs"),
        "TargetCapacitySpecification": target,
        "TerminateInstancesWithExpiration": asked("TerminateInstancesWithExpiration").unwrap_or(Value::Bool(false)),
        "Type": fleet.kind.name(),
        "ReplaceUnhealthyInstances": asked("ReplaceUnhealthyInstances").unwrap_or(Value::Bool(false)),
        "Tags": tags::told(call, realm, &fleet.id),
    });
    let answered = |member: &str| fleet.answer.as_ref().and_then(|answer| answer.get(member)).cloned();
    extend(
        &mut told,
        [
            ("ActivityStatus", (fleet.kind != FleetKind::Instant).then(|| json!(activity))),
            ("ClientToken", fleet.client_token.as_ref().map(|token| json!(token))),
            ("Errors", answered("Errors")),
            ("Instances", answered("Instances")),
            ("OnDemandOptions", asked("OnDemandOptions")),
            ("SpotOptions", asked("SpotOptions")),
            ("ValidFrom", asked("ValidFrom")),
            ("ValidUntil", asked("ValidUntil")),
        ],
    );
    told
}
