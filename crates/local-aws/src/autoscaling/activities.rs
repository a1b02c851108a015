//! What has been done for groups, told.
//!
//! Source: Amazon EC2 Auto Scaling API Reference, "DescribeScalingActivities"; Amazon EC2 Auto Scaling User Guide, "Verify a
//! scaling activity for an Auto Scaling group".

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    call::{Call, Page, seconds},
    fault,
    filters::Filters,
    groups::extend,
    records::{Activity, Status},
};
use crate::ServiceError;

/// Those in progress come first, then the newest.
pub(super) fn describe(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    const STATUS: &str = "Status";
    const FROM: &str = "StartTimeLowerBound";
    const TO: &str = "StartTimeUpperBound";
    let filters = Filters::of(&value)?.known(&[STATUS, FROM, TO])?;
    let bound = |name: &str| -> Result<Option<Timestamp>, ServiceError> {
        let text = filters.values(name).and_then(<[String]>::first);
        let read = |text: &String| text.parse().map_err(|_| fault::validation(format!("{name} is no time: {text}")));
        text.map(read).transpose()
    };
    let (from, to) = (bound(FROM)?, bound(TO)?);
    let group = value.get("AutoScalingGroupName").and_then(Value::as_str);
    let ids = value.get("ActivityIds").and_then(Value::as_array).filter(|ids| !ids.is_empty());
    let tells_deleted = value.get("IncludeDeletedGroups").and_then(Value::as_bool).unwrap_or_default();
    let realm = call.read();
    let is_there = |activity: &Activity| {
        realm.group(&call.place(), activity.group_name()).is_ok_and(|group| group.arn == activity.group)
    };
    if let Some(name) = group.filter(|_| !tells_deleted) {
        realm.group(&call.place(), name)?;
    }
    let is_meant = |activity: &Activity| {
        group.is_none_or(|name| activity.group_name() == name)
            && ids.is_none_or(|ids| ids.iter().any(|id| id.as_str() == Some(&*activity.id)))
            && (tells_deleted || is_there(activity))
            && filters.values(STATUS).is_none_or(|names| names.iter().any(|name| name == activity.status.name()))
            && from.is_none_or(|from| activity.begun >= from)
            && to.is_none_or(|to| activity.begun <= to)
    };
    let mut found: Vec<(String, &Activity)> = realm
        .activities(&call.place())
        .filter(|activity| is_meant(activity))
        .map(|activity| {
            let age = u64::MAX - activity.begun.as_millisecond().unsigned_abs();
            let is_over = u8::from(activity.status != Status::InProgress);
            (format!("{is_over}{age:020}{}", activity.id), &**activity)
        })
        .collect();
    found.sort_by(|one, other| one.0.cmp(&other.0));
    let page = Page { input: &value, usual: 100, most: 100 };
    page.of("Activities", found.into_iter(), |activity| {
        let mut told = told(activity);
        if tells_deleted && !is_there(activity) {
            extend(
                &mut told,
                [
                    ("AutoScalingGroupState", Some(json!("Deleted"))),
                    ("AutoScalingGroupARN", Some(json!(activity.group))),
                ],
            );
        }
        told
    })
}

pub(super) fn told(activity: &Activity) -> Value {
    let why = activity.message.as_ref().map(|message| format!(".  Status Reason: {message}")).unwrap_or_default();
    let mut details = json!({});
    extend(
        &mut details,
        [
            ("Subnet ID", activity.subnet.as_ref().map(|id| json!(id))),
            ("Availability Zone", activity.zone.as_ref().map(|zone| json!(zone))),
        ],
    );
    let progress = match activity.status {
        Status::InProgress => 50,
        Status::Successful | Status::Failed | Status::Cancelled => 100,
    };
    let mut told = json!({
        "ActivityId": activity.id,
        "AutoScalingGroupName": activity.group_name(),
        "AutoScalingGroupARN": activity.group,
        "Description": format!("{}{why}", activity.what),
        "Cause": activity.cause,
        "StartTime": seconds(activity.begun),
        "StatusCode": activity.status.name(),
        "Progress": progress,
        "Details": details.to_string(),
    });
    extend(
        &mut told,
        [
            ("EndTime", activity.ended.map(seconds)),
            ("StatusMessage", activity.message.as_ref().map(|message| json!(message))),
        ],
    );
    told
}
