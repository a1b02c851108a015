//! The capacity of a group, and an instance that is to go.
//!
//! Source: Amazon EC2 Auto Scaling API Reference, "SetDesiredCapacity", "TerminateInstanceInAutoScalingGroup".

use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    activities,
    call::{Call, input},
    config, fault,
    groups::at,
    records::{Activity, Group, Lifecycle},
    work::Work,
};
use crate::ServiceError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SetDesired {
    auto_scaling_group_name: String,
    desired_capacity: i64,
    #[serde(default)]
    honor_cooldown: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Terminate {
    instance_id: Option<String>,
    should_decrement_desired_capacity: bool,
}

pub(super) fn set_desired(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: SetDesired = input(value)?;
    let (now, wanted) = (call.now(), asked.desired_capacity);
    let mut change = call.change();
    let mut group = Group::clone(change.group(&call.place(), &asked.auto_scaling_group_name)?);
    if group.is_going {
        return Err(fault::in_progress(group.id()));
    }
    if wanted < group.least {
        return Err(fault::validation(format!(
            "New SetDesiredCapacity value {wanted} is below min value {} for the AutoScalingGroup.",
            group.least
        )));
    }
    if wanted > group.most {
        return Err(fault::validation(format!(
            "New SetDesiredCapacity value {wanted} is above max value {} for the AutoScalingGroup.",
            group.most
        )));
    }
    config::check_sizes(group.least, group.most, wanted)?;
    if asked.honor_cooldown {
        let cools = SignedDuration::from_secs(group.settings.cooldown.max(0));
        let is_recent = |activity: &&std::sync::Arc<Activity>| {
            let until = activity.ended.map(|ended| ended.checked_add(cools).unwrap_or(ended));
            activity.group == group.arn && until.is_none_or(|until| now < until)
        };
        let recent = change.activities(&call.place()).rfind(is_recent);
        if let Some(activity) = recent {
            return Err(fault::in_progress(&activity.id));
        }
    }
    if wanted != group.desired {
        let from = group.desired;
        let what = "a user request explicitly set group desired capacity changing the desired capacity";
        group.why = Some(at(now, &format!("{what} from {from} to {wanted}.")));
    }
    group.desired = wanted;
    group.look_at(now);
    change.put(group);
    change.commit();
    Ok(json!({}))
}

/// The instance is terminated by the group's role; what comes in its place, if anything does, is launched beside the call.
pub(super) async fn terminate(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: Terminate = input(value)?;
    let id = asked.instance_id.ok_or_else(|| fault::absent("anything but InstanceId"))?;
    let known = call.read().group_of(&call.place(), &id).cloned().ok_or_else(|| fault::no_instance(&id))?;
    let member = known.members.iter().find(|member| member.id == id).ok_or_else(|| fault::no_instance(&id))?;
    if member.state == Lifecycle::Terminating {
        let activity = call.read().activity(&member.activity).map(|activity| activity.id.clone());
        return Err(fault::in_progress(&activity.unwrap_or_default()));
    }
    let (units, now) = (member.units(), call.now());
    let mut work = Work::begin(call.all, &known, now);
    let mut cause = format!("instance {id} was taken out of service in response to a user request");
    if asked.should_decrement_desired_capacity {
        let (from, to) = (known.desired, known.desired - units);
        if to < known.least {
            return Err(fault::validation(format!(
                "Currently, desiredSize equals minSize ({}). Terminating instance without replacement will violate group's min \
                 size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.",
                known.least
            )));
        }
        cause.push_str(&format!(", shrinking the capacity from {from} to {to}"));
        work.group.desired = to;
    }
    cause.push('.');
    let activity = work.terminate(&id, at(now, &cause)).await.ok_or_else(|| fault::no_instance(&id))?;
    work.group.look_at(now);
    let told = activities::told(&activity);
    work.commit();
    Ok(json!({ "Activity": told }))
}
