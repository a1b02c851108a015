//! GetParametersForImport, ImportKeyMaterial, DeleteImportedKeyMaterial.
//!
//! Source: AWS KMS Developer Guide, "Importing key material for AWS KMS keys"; AWS KMS API Reference, each operation.

mod token;
mod wrapping;

use std::sync::Arc;

use aws_model::SecretBytes;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    blob::{self, Blob},
    call::{Call, input, seconds},
    family::{FamilyState, days_after},
    fault,
    key::{Import, Key},
    key_id::MaterialId,
    key_state::KeyUse,
    kind::{KeyKind, KeySpec},
    material::{self, Material, MaterialRecord},
    pair,
    state::Becomes,
};
use crate::{
    ServiceError,
    sealing::{Purpose, SealingKey},
};
use token::ImportToken;
use wrapping::WrappingAlgorithm;

/// How long a wrapping key and its token can be used.
const VALID_FOR: SignedDuration = SignedDuration::from_hours(24);
/// How far ahead material may expire.
const LONGEST_DAYS: i64 = 365;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetParametersForImport {
    key_id: String,
    wrapping_algorithm: String,
    wrapping_key_spec: KeySpec,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ImportKeyMaterial {
    key_id: String,
    import_token: Blob,
    encrypted_key_material: Blob,
    valid_to: Option<f64>,
    #[serde(default)]
    expiration_model: ExpirationModel,
    import_type: Option<ImportType>,
    key_material_description: Option<String>,
    key_material_id: Option<MaterialId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeleteImportedKeyMaterial {
    key_id: String,
    key_material_id: Option<MaterialId>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
enum ExpirationModel {
    #[default]
    #[serde(rename = "KEY_MATERIAL_EXPIRES")]
    Expires,
    #[serde(rename = "KEY_MATERIAL_DOES_NOT_EXPIRE")]
    DoesNotExpire,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum ImportType {
    #[serde(rename = "NEW_KEY_MATERIAL")]
    New,
    #[serde(rename = "EXISTING_KEY_MATERIAL")]
    Existing,
}

pub(super) fn get_parameters_for_import(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: GetParametersForImport = input(value)?;
    let key = importable(call, &input.key_id, KeyUse::ImportParameters)?;
    let (name, wrapping) = (&input.wrapping_algorithm, input.wrapping_key_spec);
    let spec = key.kind().spec;
    let algorithm = WrappingAlgorithm::named(name).filter(|algorithm| algorithm.suits(spec, wrapping));
    let Some(algorithm) = algorithm.filter(|_| wrapping.is_rsa()) else {
        let (wrapping, spec) = (wrapping.as_str(), spec.as_str());
        return Err(fault::unsupported(format!(
            "WrappingAlgorithm {name} and WrappingKeySpec {wrapping} are not supported for key material of the key spec \
             {spec}."
        )));
    };
    let private = call.new_secret(wrapping)?;
    let public = pair::public_of(wrapping, &private)
        .map_err(|unfit| ServiceError::internal("KMSInternalException", unfit.to_string()))?;
    let valid_to = call.now().saturating_add(VALID_FOR).unwrap_or(Timestamp::MAX);
    let token = ImportToken { algorithm, valid_to, private }.seal(&key)?;
    Ok(json!({
        "KeyId": key.arn,
        "ImportToken": blob::text(&token),
        "PublicKey": blob::text(&public),
        "ParametersValidTo": seconds(valid_to),
    }))
}

pub(super) fn import_key_material(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: ImportKeyMaterial = input(value)?;
    let key = importable(call, &input.key_id, KeyUse::Import)?;
    let valid_to = valid_to(call, &input)?;
    check_options(&input, key.kind())?;
    let token = ImportToken::open(&key, &input.import_token.0)
        .ok_or_else(|| ServiceError::new("InvalidImportTokenException", ""))?;
    if token.valid_to <= call.now() {
        return Err(ServiceError::new("ExpiredImportTokenException", ""));
    }
    let unwrapped = token.algorithm.unwrap(&token.private, &input.encrypted_key_material.0);
    let secret = secret_of(key.kind(), unwrapped.ok_or_else(fault::invalid_ciphertext)?)?;
    let id = id_of(&key, &secret);

    let mut change = call.change();
    let key = importable(call, &input.key_id, KeyUse::Import)?;
    let family = key.family.now();
    let (becomes, record) = place(call, &key, &family, id, &input)?;
    let material = Material::read(key.kind(), record, &secret).map_err(|unfit| incorrect(&unfit.to_string()))?;
    let before = key.now().record.imports.get(&id).and_then(|import| import.description.clone());
    let description = input.key_material_description.or(before);
    change.import(&key, (material, secret), becomes, Import { present: true, valid_to, description });
    call.commit(change);
    Ok(json!({ "KeyId": key.arn, "KeyMaterialId": id.to_string() }))
}

/// The material that is named or, where none is, the newest. Without any there is nothing to do.
pub(super) fn delete_imported_key_material(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: DeleteImportedKeyMaterial = input(value)?;
    let mut change = call.change();
    let key = importable(call, &input.key_id, KeyUse::DeleteMaterial)?;
    let family = key.family.now();
    call.see(family.ticket);
    let known = |id: &MaterialId| family.materials.iter().chain(&family.pending).any(|material| material.id == *id);
    let id = match input.key_material_id {
        Some(id) if known(&id) => Some(id),
        Some(id) => {
            let message = format!("Key material {id} is not associated with {}.", key.arn);
            return Err(ServiceError::new("NotFoundException", message));
        }
        None => family.current().map(|material| material.id),
    };
    let mut answer = json!({ "KeyId": key.arn });
    if let (Some(id), Some(fields)) = (id, answer.as_object_mut()) {
        fields.insert("KeyMaterialId".into(), id.to_string().into());
        if key.now().record.has_imported(id) {
            change.unimport(&key, &[id]);
            call.commit(change);
        }
    }
    Ok(answer)
}

/// A key whose material is imported, in a state that allows the use. Where its material comes from is told first.
fn importable(call: &Call<'_>, key_id: &str, wanted: KeyUse) -> Result<Arc<Key>, ServiceError> {
    let key = call.key("KeyId", key_id)?;
    if !key.kind().is_imported() {
        return Err(fault::other_origin(&key.arn, key.kind()));
    }
    call.usable(&key, wanted)?;
    Ok(key)
}

/// When the material expires, if it does.
fn valid_to(call: &Call<'_>, input: &ImportKeyMaterial) -> Result<Option<Timestamp>, ServiceError> {
    match (input.expiration_model, input.valid_to) {
        (ExpirationModel::DoesNotExpire, None) => Ok(None),
        (ExpirationModel::DoesNotExpire, Some(_)) => Err(fault::validation(
            "A validTo date must not be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE",
        )),
        (ExpirationModel::Expires, None) => {
            Err(fault::validation("A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES"))
        }
        (ExpirationModel::Expires, Some(at)) => {
            let within = |at: &Timestamp| *at > call.now() && *at <= days_after(call.now(), LONGEST_DAYS);
            time(at).filter(within).map(Some).ok_or_else(|| {
                fault::validation(format!("ValidTo must be in the future, and no more than {LONGEST_DAYS} days."))
            })
        }
    }
}

/// A time of the wire, in seconds.
#[expect(clippy::cast_possible_truncation, reason = "what is too great saturates, and is no time then")]
fn time(seconds: f64) -> Option<Timestamp> {
    Timestamp::from_millisecond((seconds * 1000.0) as i64).ok()
}

/// What tells versions of the material apart is for keys that have some.
fn check_options(input: &ImportKeyMaterial, kind: KeyKind) -> Result<(), ServiceError> {
    let is_given =
        input.import_type.is_some() || input.key_material_description.is_some() || input.key_material_id.is_some();
    if is_given && !kind.is_symmetric_encryption() {
        return Err(fault::unsupported(
            "ImportType, KeyMaterialDescription and KeyMaterialId are for symmetric encryption keys only.",
        ));
    }
    if input.import_type == Some(ImportType::New) && input.key_material_id.is_some() {
        return Err(fault::validation("KeyMaterialId cannot be specified when ImportType is NEW_KEY_MATERIAL."));
    }
    Ok(())
}

/// The material as it is kept, if keys of this kind can be made of it.
fn secret_of(kind: KeyKind, unwrapped: SecretBytes) -> Result<SecretBytes, ServiceError> {
    match material::len(kind.spec) {
        Some(len) if unwrapped.len() == len => Ok(unwrapped),
        Some(len) => Err(incorrect(&format!("it is {} bytes long, not {len}", unwrapped.len()))),
        None => pair::canonical(kind.spec, unwrapped.expose()).map_err(|unfit| incorrect(&unfit.to_string())),
    }
}

/// One id for a key and its material, so that the same material is known again. It tells nothing of the material.
fn id_of(key: &Key, secret: &SecretBytes) -> MaterialId {
    let id = key.id.to_string();
    MaterialId::from_bytes(SealingKey::new(secret).authenticator(Purpose::MaterialId, id.as_bytes()))
}

/// What the material becomes of the key, and what is recorded of it.
fn place(
    call: &Call<'_>,
    key: &Key,
    family: &FamilyState,
    id: MaterialId,
    input: &ImportKeyMaterial,
) -> Result<(Becomes, MaterialRecord), ServiceError> {
    let is_primary = family.record.primary == *key.region();
    let has_none = family.materials.is_empty();
    let new = MaterialRecord { id, created: call.now(), rotated: None };
    if input.key_material_id.is_some_and(|named| named != id) {
        return Err(incorrect("it is not the key material that KeyMaterialId names"));
    }
    let known = family.materials.iter().find(|material| material.id == id).map(|material| material.record);
    let pending = family.pending.as_ref().map(|material| material.record);
    let wanted = input.import_type.unwrap_or(if has_none { ImportType::New } else { ImportType::Existing });
    match (wanted, known, pending) {
        (_, _, Some(pending)) if pending.id == id => Ok((Becomes::Known, pending)),
        (ImportType::Existing, Some(known), _) => Ok((Becomes::Known, known)),
        (ImportType::Existing, None, _) => Err(incorrect("it was never imported into the key")),
        (ImportType::New, Some(_), _) => Err(incorrect("it is associated with the key already")),
        (ImportType::New, None, _) if !is_primary => {
            Err(incorrect("new key material is imported into the primary key first"))
        }
        (ImportType::New, None, _) if has_none => Ok((Becomes::First, new)),
        (ImportType::New, None, Some(_)) => Err(ServiceError::new(
            "KMSInvalidStateException",
            format!("{} has key material that is pending rotation.", key.arn),
        )),
        (ImportType::New, None, None) => Ok((Becomes::Pending, new)),
    }
}

fn incorrect(why: &str) -> ServiceError {
    ServiceError::new("IncorrectKeyMaterialException", format!("The key material cannot be imported: {why}."))
}
