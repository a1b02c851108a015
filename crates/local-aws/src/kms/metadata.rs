//! What a key tells about itself.

use aws_model::Region;
use serde_json::{Value, json};

use super::{
    call::{Call, seconds},
    family::FamilyState,
    key::Key,
    key_state::KeyState,
    kind::{KeyKind, KeyUsage},
};

/// The shape `KeyMetadata`, with the fields that a key of its kind has.
pub(super) fn of(call: &Call<'_>, key: &Key) -> Value {
    let moment = call.moment(key);
    let family = key.family.now();
    call.see(family.ticket);
    let (record, kind) = (&moment.record, key.kind());
    let state = record.state(call.now());
    let mut metadata = json!({
        "AWSAccountId": key.account(),
        "KeyId": key.arn.key_id(),
        "Arn": key.arn,
        "CreationDate": seconds(record.created),
        "Enabled": matches!(state, KeyState::Enabled | KeyState::Updating),
        "Description": record.description,
        "KeyUsage": kind.usage.as_str(),
        "KeyState": state.as_str(),
        "Origin": kind.origin.as_str(),
        "KeyManager": if record.aws_managed { "AWS" } else { "CUSTOMER" },
        "KeySpec": kind.spec.as_str(),
        "MultiRegion": key.id.is_multi_region(),
    });
    let Some(fields) = metadata.as_object_mut() else { return metadata };
    fields.extend(kind.spec.deprecated_name().map(|name| ("CustomerMasterKeySpec".to_owned(), name.into())));
    let (name, algorithms) = algorithms(kind);
    fields.insert(name.into(), algorithms.into());
    if let Some(material) = family.current().filter(|_| kind.is_symmetric_encryption()) {
        fields.insert("CurrentKeyMaterialId".into(), material.id.to_string().into());
    }
    if kind.is_imported() && record.imports.values().any(|import| import.present) {
        let expires = record.expires();
        let model = if expires.is_some() { "KEY_MATERIAL_EXPIRES" } else { "KEY_MATERIAL_DOES_NOT_EXPIRE" };
        fields.insert("ExpirationModel".into(), model.into());
        fields.extend(expires.map(|at| ("ValidTo".to_owned(), seconds(at).into())));
    }
    match record.deletion {
        Some(deletion) if deletion.date.is_none() => {
            fields.insert("PendingDeletionWindowInDays".into(), deletion.window_days.into());
        }
        Some(deletion) => {
            fields.insert("DeletionDate".into(), json!(deletion.date.map(seconds)));
        }
        None => {}
    }
    if key.id.is_multi_region() {
        fields.insert("MultiRegionConfiguration".into(), multi_region(key, &family));
    }
    metadata
}

/// The field that lists what a key of this kind knows, and its values.
pub(super) fn algorithms(kind: KeyKind) -> (&'static str, Vec<&'static str>) {
    let spec = kind.spec;
    match kind.usage {
        KeyUsage::EncryptDecrypt => {
            ("EncryptionAlgorithms", spec.encryption_algorithms().iter().map(|known| known.as_str()).collect())
        }
        KeyUsage::SignVerify => {
            ("SigningAlgorithms", spec.signing_algorithms().iter().map(|known| known.as_str()).collect())
        }
        KeyUsage::GenerateVerifyMac => {
            ("MacAlgorithms", spec.mac_algorithms().iter().map(|known| known.as_str()).collect())
        }
        KeyUsage::KeyAgreement => ("KeyAgreementAlgorithms", vec!["ECDH"]),
        KeyUsage::EncapsulateDecapsulate => ("EncapsulationAlgorithms", vec!["ML_KEM"]),
    }
}

fn multi_region(key: &Key, family: &FamilyState) -> Value {
    let primary = &family.record.primary;
    let one = |region: &Region| json!({ "Arn": in_region(key, region), "Region": region });
    let replicas: Vec<Value> = family.record.regions.iter().filter(|region| *region != primary).map(one).collect();
    json!({
        "MultiRegionKeyType": if key.region() == primary { "PRIMARY" } else { "REPLICA" },
        "PrimaryKey": one(primary),
        "ReplicaKeys": replicas,
    })
}

fn in_region(key: &Key, region: &Region) -> String {
    format!("arn:{}:kms:{region}:{}:key/{}", region.partition(), key.account(), key.id)
}
