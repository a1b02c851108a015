//! EnableKeyRotation, DisableKeyRotation, GetKeyRotationStatus, RotateKeyOnDemand, ListKeyRotations.
//!
//! Old material stays and opens what it sealed; the newest seals. Rotations by schedule happen when the clock passes
//! their time, see [`State::catch_up`](super::state::State::catch_up).
//!
//! Source: AWS KMS Developer Guide, "Rotate AWS KMS keys".

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, input, seconds},
    family::{FamilyRecord, Material, Rotation, RotationPeriod, RotationType},
    fault,
    key::Key,
    key_state::KeyUse,
    paging::{Page, Paging},
    state::Change,
};
use crate::ServiceError;

/// Source: AWS KMS API Reference, "RotateKeyOnDemand".
const MAX_ON_DEMAND_ROTATIONS: u32 = 25;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OneKey {
    key_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EnableKeyRotation {
    key_id: String,
    rotation_period_in_days: Option<RotationPeriod>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListKeyRotations {
    key_id: String,
    include_key_material: Option<String>,
    #[serde(flatten)]
    page: Page,
}

/// On a key that rotates already it changes the period. Not documented, so assumed: another period counts from now,
/// the same one leaves the next date as it is.
pub(super) fn enable_key_rotation(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: EnableKeyRotation = input(value)?;
    let period = input.rotation_period_in_days.unwrap_or(RotationPeriod::USUAL);
    let mut change = call.change();
    let (key, record) = primary_to_change(call, &input.key_id)?;
    if record.rotation.is_none_or(|rotation| rotation.period != period) {
        let rotation = Some(Rotation::starting(call.now(), period));
        change.family(&key, FamilyRecord { rotation, ..record });
        call.commit(change);
    }
    Ok(json!({}))
}

pub(super) fn disable_key_rotation(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: OneKey = input(value)?;
    let mut change = call.change();
    let (key, record) = primary_to_change(call, &input.key_id)?;
    if record.rotation.is_some() {
        change.family(&key, FamilyRecord { rotation: None, ..record });
        call.commit(change);
    }
    Ok(json!({}))
}

/// Leaves the schedule of automatic rotation as it is.
pub(super) fn rotate_key_on_demand(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: OneKey = input(value)?;
    let mut change = call.change();
    let (key, mut record) = primary_to_change(call, &input.key_id)?;
    if record.on_demand_rotations >= MAX_ON_DEMAND_ROTATIONS {
        return Err(fault::limit_exceeded(format!(
            "{} was rotated on demand {MAX_ON_DEMAND_ROTATIONS} times, the most a key can be",
            key.arn
        )));
    }
    record.on_demand_rotations += 1;
    change.rotate(&key, record, call.now(), RotationType::OnDemand)?;
    call.commit(change);
    Ok(json!({ "KeyId": key.arn.key_id() }))
}

/// Says that a key which is pending deletion does not rotate, though its schedule is kept for when it is cancelled.
pub(super) fn get_key_rotation_status(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: OneKey = input(value)?;
    let key = call.key("KeyId", &input.key_id)?;
    let state = call.moment(&key).record.state(call.now());
    let family = key.family.now();
    call.see(family.ticket);
    let rotation = family.record.rotation.filter(|_| !state.is_pending_deletion());
    let mut answer = json!({ "KeyId": key.arn.key_id(), "KeyRotationEnabled": rotation.is_some() });
    if let (Some(rotation), Some(fields)) = (rotation, answer.as_object_mut()) {
        fields.insert("RotationPeriodInDays".into(), rotation.period.days().into());
        fields.insert("NextRotationDate".into(), seconds(rotation.next).into());
    }
    Ok(answer)
}

pub(super) fn list_key_rotations(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: ListKeyRotations = input(value)?;
    let paging = Paging::of(&input.page, 100, 1000)?;
    let key = call.key("KeyId", &input.key_id)?;
    call.moment(&key);
    let family = key.family.now();
    call.see(family.ticket);
    let with_first = input.include_key_material.as_deref() == Some("ALL_KEY_MATERIAL");
    // Sorted by age, and named by their place in it, so that a page goes on where the last one ended.
    let materials = family.materials.iter().map(|material| (material.id.to_string(), Arc::clone(material)));
    let from_after = materials.skip_while(|(id, _)| paging.after().is_some_and(|after| after != id));
    let found = from_after
        .skip(usize::from(paging.after().is_some()))
        .filter(|(_, material)| with_first || material.record.rotated.is_some())
        .take(paging.probe())
        .collect::<Vec<_>>();
    let current = family.current().map(|material| material.id);
    Ok(paging.answer(
        "Rotations",
        found,
        |(id, _)| id,
        |(_, material)| entry(&key, material, current == Some(material.id)),
    ))
}

/// Rotates a key that is enabled again and whose time came while it was not.
///
/// Source: AWS KMS API Reference, "GetKeyRotationStatus".
pub(super) fn make_up(call: &Call<'_>, change: &mut Change<'_>, key: &Key) -> Result<(), ServiceError> {
    let mut record = key.family.now().record.clone();
    let due = record.rotation.filter(|rotation| rotation.next <= call.now());
    if let Some(rotation) = due.filter(|_| record.primary == *key.region()) {
        record.rotation = Some(Rotation::starting(call.now(), rotation.period));
        change.rotate(key, record, call.now(), RotationType::Automatic)?;
    }
    Ok(())
}

fn entry(key: &Key, material: &Material, is_current: bool) -> Value {
    let mut entry = json!({
        "KeyId": key.arn.key_id(),
        "KeyMaterialId": material.id.to_string(),
        "KeyMaterialState": if is_current { "CURRENT" } else { "NON_CURRENT" },
    });
    if let (Some(rotated), Some(fields)) = (material.record.rotated, entry.as_object_mut()) {
        fields.insert("RotationDate".into(), seconds(material.record.created).into());
        fields.insert("RotationType".into(), json!(rotated));
    }
    entry
}

/// Rotation is the family's, and is set on the primary key.
fn primary_to_change(call: &Call<'_>, key_id: &str) -> Result<(Arc<Key>, FamilyRecord), ServiceError> {
    let key = call.key("KeyId", key_id)?;
    call.usable(&key, KeyUse::Rotation)?;
    let family = key.family.now();
    call.see(family.ticket);
    if family.record.primary != *key.region() {
        return Err(fault::unsupported(format!(
            "{} is a multi-Region replica key; rotation is set on the primary key in {}.",
            key.arn, family.record.primary
        )));
    }
    Ok((key, family.record.clone()))
}
