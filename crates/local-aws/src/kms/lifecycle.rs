//! EnableKey, DisableKey, ScheduleKeyDeletion, CancelKeyDeletion.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, input, seconds},
    family::days_after,
    fault,
    key::{Deletion, Key, KeyRecord},
    key_state::{KeyState, KeyUse},
    rotation,
};
use crate::ServiceError;

/// Source: AWS KMS API Reference, "ScheduleKeyDeletion", `PendingWindowInDays`.
pub(super) const USUAL_WINDOW_DAYS: i64 = 30;
const WINDOW_DAYS: std::ops::RangeInclusive<i64> = 7..=30;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OneKey {
    key_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ScheduleKeyDeletion {
    key_id: String,
    pending_window_in_days: Option<i64>,
}

pub(super) fn enable_key(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    switch(call, value, true)
}

pub(super) fn disable_key(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    switch(call, value, false)
}

pub(super) fn schedule_key_deletion(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: ScheduleKeyDeletion = input(value)?;
    let window_days = input.pending_window_in_days.unwrap_or(USUAL_WINDOW_DAYS);
    if !WINDOW_DAYS.contains(&window_days) {
        return Err(fault::validation("PendingWindowInDays must be between 7 and 30 (inclusive)."));
    }
    let mut change = call.change();
    let key = call.key("KeyId", &input.key_id)?;
    let now = call.usable(&key, KeyUse::ScheduleDeletion)?;
    let family = key.family.now();
    call.see(family.ticket);
    let deletion = deletion(&key, call.now(), window_days);
    change.key(&key, KeyRecord { deletion: Some(deletion), ..now.record.clone() });
    call.commit(change);
    let date = deletion.date;
    let state = if date.is_none() { KeyState::PendingReplicaDeletion } else { KeyState::PendingDeletion };
    let mut answer = json!({ "KeyId": key.arn, "KeyState": state.as_str(), "PendingWindowInDays": window_days });
    if let (Some(date), Some(fields)) = (date, answer.as_object_mut()) {
        fields.insert("DeletionDate".into(), seconds(date).into());
    }
    Ok(answer)
}

/// What is to become of a key. A primary key waits for its replicas.
pub(super) fn deletion(key: &Key, now: Timestamp, window_days: i64) -> Deletion {
    let family = &key.family.now().record;
    let replicas_are_left = family.primary == *key.region() && family.regions.len() > 1;
    Deletion { window_days, date: (!replicas_are_left).then(|| days_after(now, window_days)) }
}

/// The key is disabled then, whatever it was before.
pub(super) fn cancel_key_deletion(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: OneKey = input(value)?;
    let mut change = call.change();
    let key = call.key("KeyId", &input.key_id)?;
    let now = call.usable(&key, KeyUse::CancelDeletion)?;
    change.key(&key, KeyRecord { deletion: None, enabled: false, ..now.record.clone() });
    call.commit(change);
    Ok(json!({ "KeyId": key.arn }))
}

fn switch(call: &Call<'_>, value: Value, on: bool) -> Result<Value, ServiceError> {
    let input: OneKey = input(value)?;
    let mut change = call.change();
    let key = call.key("KeyId", &input.key_id)?;
    let now = call.usable(&key, KeyUse::Switch)?;
    if now.record.enabled != on {
        change.key(&key, KeyRecord { enabled: on, ..now.record.clone() });
        if on {
            rotation::make_up(call.now(), &mut change, &key)?;
        }
        call.commit(change);
    }
    Ok(json!({}))
}
