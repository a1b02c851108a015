//! EnableKeyRotation, DisableKeyRotation, GetKeyRotationStatus, RotateKeyOnDemand, ListKeyRotations.
//!
//! Old material stays and opens what it sealed; the newest seals. Rotations by schedule happen when the clock passes
//! their time, see [`State::catch_up`](super::state::State::catch_up).
//!
//! Source: AWS KMS Developer Guide, "Rotate AWS KMS keys".

use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, input, seconds},
    family::{FamilyRecord, FamilyState, Rotation, RotationPeriod},
    fault,
    key::{Key, KeyRecord},
    key_id::MaterialId,
    key_state::KeyUse,
    material::{Material, RotationType},
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
    let (key, record) = primary_to_change(call, &input.key_id, Rotating::Always)?;
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
    let (key, record) = primary_to_change(call, &input.key_id, Rotating::Never)?;
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
    let (key, mut record) = primary_to_change(call, &input.key_id, Rotating::Once)?;
    if key.kind().is_imported() {
        return rotate_to_imported(call, change, &key, record);
    }
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

/// To material that was imported in every region before.
fn rotate_to_imported(
    call: &Call<'_>,
    mut change: Change<'_>,
    key: &Key,
    mut record: FamilyRecord,
) -> Result<Value, ServiceError> {
    let family = key.family.now();
    let is_everywhere = record.pending.is_some_and(|pending| is_imported_everywhere(call, key, &family, pending.id));
    if !is_everywhere {
        return Err(ServiceError::new(
            "KMSInvalidStateException",
            format!("No available key material pending rotation for the key: {}.", key.arn),
        ));
    }
    record.on_demand_rotations += 1;
    change.rotate_to_imported(key, FamilyState { record, ..FamilyState::clone(&family) }, call.now());
    call.commit(change);
    Ok(json!({ "KeyId": key.arn.key_id() }))
}

fn is_imported_everywhere(call: &Call<'_>, key: &Key, family: &FamilyState, material: MaterialId) -> bool {
    family.record.regions.iter().all(|region| {
        let key = call.state.key(key.account(), region, key.id);
        key.is_some_and(|key| key.now().record.has_imported(material))
    })
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
    let moment = call.moment(&key);
    if !key.kind().is_symmetric_encryption() {
        return Err(fault::unsupported(""));
    }
    let family = key.family.now();
    call.see(family.ticket);
    let with_all = input.include_key_material.as_deref() == Some("ALL_KEY_MATERIAL");
    // Sorted by age, and named by their place in it, so that a page goes on where the last one ended.
    let materials = family.materials.iter().chain(&family.pending);
    let materials = materials.map(|material| (material.id.to_string(), Arc::clone(material)));
    let from_after = materials.skip_while(|(id, _)| paging.after().is_some_and(|after| after != id));
    let found = from_after
        .skip(usize::from(paging.after().is_some()))
        .filter(|(_, material)| with_all || material.record.rotated.is_some())
        .take(paging.probe())
        .collect::<Vec<_>>();
    let state_of = |material: &Material| {
        let is = |other: &Arc<Material>| other.id == material.id;
        match family.pending.as_ref().filter(|pending| is(pending)) {
            Some(pending) if is_imported_everywhere(call, &key, &family, pending.id) => "PENDING_ROTATION",
            Some(_) if family.record.regions.len() > 1 => "PENDING_MULTI_REGION_IMPORT_AND_ROTATION",
            Some(_) => "PENDING_ROTATION",
            None if family.current().is_some_and(is) => "CURRENT",
            None => "NON_CURRENT",
        }
    };
    Ok(paging.answer(
        "Rotations",
        found,
        |(id, _)| id,
        |(_, material)| entry(&key, &moment.record, material, state_of(material)),
    ))
}

/// Rotates a key that is enabled again and whose time came while it was not.
///
/// Source: AWS KMS API Reference, "GetKeyRotationStatus".
pub(super) fn make_up(now: Timestamp, change: &mut Change<'_>, key: &Key) -> Result<(), ServiceError> {
    let mut record = key.family.now().record.clone();
    let due = record.rotation.filter(|rotation| rotation.next <= now);
    if let Some(rotation) = due.filter(|_| record.primary == *key.region()) {
        record.rotation = Some(Rotation::starting(now, rotation.period));
        change.rotate(key, record, now, RotationType::Automatic)?;
    }
    Ok(())
}

fn entry(key: &Key, record: &KeyRecord, material: &Material, state: &str) -> Value {
    let mut entry = json!({
        "KeyId": key.arn.key_id(),
        "KeyMaterialId": material.id.to_string(),
        "KeyMaterialState": state,
    });
    let Some(fields) = entry.as_object_mut() else { return entry };
    if let Some(rotated) = material.record.rotated {
        fields.insert("RotationDate".into(), seconds(material.record.created).into());
        fields.insert("RotationType".into(), json!(rotated));
    }
    if key.kind().is_imported() {
        let import = record.imports.get(&material.id);
        let present = import.filter(|import| import.present);
        let state = if present.is_some() { "IMPORTED" } else { "PENDING_IMPORT" };
        fields.insert("ImportState".into(), state.into());
        if let Some(description) = import.and_then(|import| import.description.as_deref()) {
            fields.insert("KeyMaterialDescription".into(), description.into());
        }
        if let Some(present) = present {
            let model =
                if present.valid_to.is_some() { "KEY_MATERIAL_EXPIRES" } else { "KEY_MATERIAL_DOES_NOT_EXPIRE" };
            fields.insert("ExpirationModel".into(), model.into());
            fields.extend(present.valid_to.map(|at| ("ValidTo".to_owned(), seconds(at).into())));
        }
    }
    entry
}

/// What is asked of a key's rotation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rotating {
    Always,
    Never,
    Once,
}

/// Rotation is the family's, and is set on the primary key. Of keys that never rotate there is nothing to disable, and
/// KMS says of them no more than that it cannot.
fn primary_to_change(
    call: &Call<'_>,
    key_id: &str,
    rotating: Rotating,
) -> Result<(Arc<Key>, FamilyRecord), ServiceError> {
    let key = call.key("KeyId", key_id)?;
    // Imported material is rotated on demand only, which its key tells in whatever state it is.
    if key.kind().is_imported() && rotating != Rotating::Once {
        return Err(fault::other_origin(&key.arn, key.kind()));
    }
    call.usable(&key, KeyUse::Rotation)?;
    let family = key.family.now();
    call.see(family.ticket);
    if !key.kind().is_symmetric_encryption() && rotating != Rotating::Never {
        return Err(fault::unsupported(""));
    }
    if family.record.primary != *key.region() {
        return Err(fault::unsupported(format!(
            "{} is a multi-Region replica key; rotation is set on the primary key in {}.",
            key.arn, family.record.primary
        )));
    }
    Ok((key, family.record.clone()))
}
