//! What a key tells about itself.

use aws_model::Region;
use serde_json::{Value, json};

use super::{
    call::{Call, seconds},
    family::FamilyState,
    key::Key,
    key_state::KeyState,
};

/// The shape `KeyMetadata`, with the fields that a symmetric key of origin AWS_KMS has.
pub(super) fn of(call: &Call<'_>, key: &Key) -> Value {
    let moment = call.moment(key);
    let family = key.family.now();
    call.see(family.ticket);
    let record = &moment.record;
    let state = record.state(call.now());
    let mut metadata = json!({
        "AWSAccountId": key.account(),
        "KeyId": key.arn.key_id(),
        "Arn": key.arn,
        "CreationDate": seconds(record.created),
        "Enabled": matches!(state, KeyState::Enabled | KeyState::Updating),
        "Description": record.description,
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeyState": state.as_str(),
        "Origin": "AWS_KMS",
        "KeyManager": if record.aws_managed { "AWS" } else { "CUSTOMER" },
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "MultiRegion": key.id.is_multi_region(),
    });
    let Some(fields) = metadata.as_object_mut() else { return metadata };
    if let Some(material) = family.current() {
        fields.insert("CurrentKeyMaterialId".into(), material.id.to_string().into());
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
