//! Instances that are stopped and started again.
//!
//! A stopped instance keeps its volumes, and EC2 keeps no data key of them: their grants end. Who starts it makes them
//! anew, and needs the keys. The answer is told before they are looked at: an instance whose keys are refused is pending,
//! and a moment later it is stopped again.
//!
//! Sources: Amazon EC2 API Reference, "StopInstances", "StartInstances"; Amazon EC2 User Guide, "Stop and start Amazon EC2
//! instances"; AWS re:Post, "Why is my EC2 instance with encrypted volumes stopped when I start it" (kms-iam-ec2-permission:
//! the states, the reason, and `kms:CreateGrant` of whoever starts it).

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    authorize,
    call::{Call, input},
    instances::{self, told_state},
    keys::{self, Held},
    records::{Instance, InstanceState, Reason, Stop, Volume},
};
use crate::ServiceError;

/// How long an instance is stopping, and pending when it is started.
pub(super) const TAKES: SignedDuration = SignedDuration::from_secs(1);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Instances {
    instance_ids: Vec<String>,
}

pub(super) fn stop(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Instances { instance_ids } = input(value)?;
    let (now, mut change) = (call.now(), call.change());
    let found = instance_ids.iter().map(|id| instances::own(call, &change, id).cloned());
    let found = found.collect::<Result<Vec<_>, _>>()?;
    if let Some(odd) = found.iter().find(|instance| {
        use InstanceState::{Running, Stopped, Stopping};
        !matches!(instance.state(now), Running | Stopping | Stopped)
    }) {
        return Err(incorrect(odd, "stopped"));
    }
    if let Some(spot) = found.iter().find(|instance| instance.is_spot) {
        let message = format!(
            "You can't stop the Spot Instance '{}' because it is associated with a one-time Spot Instance request. You can \
             only stop Spot Instances associated with persistent Spot Instance requests.",
            spot.id
        );
        return Err(ServiceError::new("UnsupportedOperation", message));
    }
    let (mut told, mut ended) = (Vec::new(), Vec::new());
    for instance in found {
        let before = instance.state(now);
        let runs = before == InstanceState::Running;
        told.push(changed(&instance, before, if runs { InstanceState::Stopping } else { before }));
        if !runs {
            continue;
        }
        let volumes: Vec<Volume> = instances::of(&change, &instance, now).into_iter().cloned().collect();
        for mut volume in volumes {
            ended.push(Held::taken(call, &mut change, &mut volume));
            change.put(volume);
        }
        let done = after(now);
        change.put(Instance { stop: Some(Stop { done, reason: Reason::of_user(now) }), ..instance });
    }
    change.commit();
    drop(ended);
    Ok(json!({ "StoppingInstances": told }))
}

pub(super) async fn start(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    authorize::authorize(call, "StartInstances", &value)?;
    let Instances { instance_ids } = input(value)?;
    let (now, mut told) = (call.now(), Vec::new());
    let found: Vec<Instance> = {
        let realm = call.read();
        let found = instance_ids.iter().map(|id| instances::own(call, &realm, id).cloned());
        found.collect::<Result<_, _>>()?
    };
    if let Some(odd) = found.iter().find(|instance| {
        use InstanceState::{ShuttingDown, Stopping, Terminated};
        matches!(instance.state(now), ShuttingDown | Stopping | Terminated)
    }) {
        return Err(incorrect(odd, "started"));
    }
    for instance in found {
        let before = instance.state(now);
        let starts = before == InstanceState::Stopped && start_one(call, &instance).await;
        told.push(changed(&instance, before, if starts { InstanceState::Pending } else { before }));
    }
    Ok(json!({ "StartingInstances": told }))
}

/// Whether it is this call that starts it.
async fn start_one(call: &Call<'_>, instance: &Instance) -> bool {
    let now = call.now();
    let (settings, volumes) = {
        let realm = call.read();
        let volumes: Vec<Volume> = instances::of(&realm, instance, now).into_iter().cloned().collect();
        (call.settings(&realm), volumes)
    };
    let mut held: Vec<(String, Held<'_>)> = Vec::new();
    let mut is_refused = false;
    for volume in &volumes {
        match keys::attach(call, &settings, volume, &instance.id).await {
            Ok(grants) => held.push((volume.id.clone(), grants)),
            Err(_) => {
                is_refused = true;
                held.clear();
                break;
            }
        }
    }
    let mut change = call.change();
    let Ok(current) = instances::own(call, &change, &instance.id).cloned() else { return false };
    // Somebody else may have started it, or taken a volume, while KMS was asked.
    let attached: Vec<Volume> = instances::of(&change, &current, now).into_iter().cloned().collect();
    let is_same = |id: &String| volumes.iter().any(|volume| volume.id == *id);
    if current.state(now) != InstanceState::Stopped || !attached.iter().all(|volume| is_same(&volume.id)) {
        return false;
    }
    for mut volume in attached {
        if let Some((_, grants)) = held.iter().find(|(id, _)| *id == volume.id) {
            volume.grants = grants.grants();
            change.put(volume);
        }
    }
    let settles = after(now);
    let stop = is_refused.then(|| Stop { done: settles, reason: refused() });
    change.put(Instance { settles, stop, started: Some(now), ..current });
    held.into_iter().for_each(|(_, grants)| grants.kept(&mut change));
    change.commit();
    true
}

fn after(now: Timestamp) -> Timestamp {
    now.checked_add(TAKES).unwrap_or(now)
}

/// That the transition's reason is the code, is assumed of `Server.InternalError`, of which the guide shows it so.
fn refused() -> Reason {
    let code = "Client.InternalError";
    Reason { code: code.to_owned(), message: format!("{code}: Client error on launch"), transition: code.to_owned() }
}

fn changed(instance: &Instance, before: InstanceState, after: InstanceState) -> Value {
    json!({
        "InstanceId": instance.id,
        "CurrentState": told_state(after),
        "PreviousState": told_state(before),
    })
}

fn incorrect(instance: &Instance, done: &str) -> ServiceError {
    let message = format!("The instance '{}' is not in a state from which it can be {done}.", instance.id);
    ServiceError::new("IncorrectInstanceState", message)
}
