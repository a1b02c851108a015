//! GenerateDataKey, GenerateDataKeyPair, both WithoutPlaintext, and GenerateRandom, which needs no key.

use aws_model::EncryptionContext;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    blob,
    call::{Call, input},
    encryption, fault,
    grants::GrantOperation,
    key::Key,
    key_stores,
    kind::{KeySpec, KeyUsage},
    pair,
};
use crate::{ServiceError, sealing::random_bytes};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GenerateDataKey {
    key_id: String,
    #[serde(default)]
    encryption_context: EncryptionContext,
    number_of_bytes: Option<usize>,
    key_spec: Option<DataKeySpec>,
    #[serde(default)]
    grant_tokens: Vec<String>,
    recipient: Option<Value>,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GenerateDataKeyPair {
    key_id: String,
    #[serde(default)]
    encryption_context: EncryptionContext,
    key_pair_spec: KeySpec,
    #[serde(default)]
    grant_tokens: Vec<String>,
    recipient: Option<Value>,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Deserialize)]
enum DataKeySpec {
    #[serde(rename = "AES_128")]
    Aes128,
    #[serde(rename = "AES_256")]
    Aes256,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GenerateRandom {
    number_of_bytes: Option<usize>,
    custom_key_store_id: Option<String>,
    recipient: Option<Value>,
}

pub(super) fn generate_data_key(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    generate(call, value, GrantOperation::GenerateDataKey)
}

pub(super) fn generate_data_key_without_plaintext(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    generate(call, value, GrantOperation::GenerateDataKeyWithoutPlaintext)
}

pub(super) fn generate_data_key_pair(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    generate_pair(call, value, GrantOperation::GenerateDataKeyPair)
}

pub(super) fn generate_data_key_pair_without_plaintext(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    generate_pair(call, value, GrantOperation::GenerateDataKeyPairWithoutPlaintext)
}

pub(super) fn generate_random(_: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: GenerateRandom = input(value)?;
    encryption::refuse_recipient(input.recipient.as_ref(), fault::unsupported)?;
    if let Some(id) = input.custom_key_store_id {
        return Err(key_stores::not_found(&id));
    }
    let bytes = input.number_of_bytes.ok_or_else(|| fault::validation("NumberOfBytes is required."))?;
    Ok(json!({ "Plaintext": blob::text(random_bytes(bytes)?.expose()) }))
}

fn generate(call: &Call<'_>, value: Value, operation: GrantOperation) -> Result<Value, ServiceError> {
    let input: GenerateDataKey = input(value)?;
    encryption::refuse_recipient(input.recipient.as_ref(), fault::validation)?;
    call.check_grant_tokens(&input.grant_tokens)?;
    let bytes = match (input.number_of_bytes, input.key_spec) {
        (Some(bytes), None) => bytes,
        (None, Some(DataKeySpec::Aes128)) => 16,
        (None, Some(DataKeySpec::Aes256)) => 32,
        _ => return Err(fault::validation("Please specify either number of bytes or key spec.")),
    };
    let key = call.key("KeyId", &input.key_id)?;
    check_key(call, &key)?;
    if input.dry_run {
        return Err(fault::dry_run());
    }
    let plaintext = random_bytes(bytes)?;
    let sealed = encryption::seal(call, &key, &input.encryption_context, &plaintext)?;
    call.used(&key, operation.as_str());
    let mut answer = json!({
        "CiphertextBlob": blob::text(&sealed.blob),
        "KeyId": key.arn,
        "KeyMaterialId": sealed.material.to_string(),
    });
    if let (GrantOperation::GenerateDataKey, Some(fields)) = (operation, answer.as_object_mut()) {
        fields.insert("Plaintext".into(), blob::text(plaintext.expose()));
    }
    Ok(answer)
}

/// The private key is in PKCS #8, the public one in a `SubjectPublicKeyInfo`.
fn generate_pair(call: &Call<'_>, value: Value, operation: GrantOperation) -> Result<Value, ServiceError> {
    let input: GenerateDataKeyPair = input(value)?;
    encryption::refuse_recipient(input.recipient.as_ref(), fault::validation)?;
    call.check_grant_tokens(&input.grant_tokens)?;
    let key = call.key("KeyId", &input.key_id)?;
    check_key(call, &key)?;
    let spec = input.key_pair_spec;
    if !pair::is_known(spec) {
        let (spec, region) = (spec.as_str(), call.ctx.region);
        return Err(fault::unsupported(format!("KeyPairSpec {spec} is not supported in {region}.")));
    }
    if input.dry_run {
        return Err(fault::dry_run());
    }
    let private = call.new_secret(spec)?;
    let public = pair::public_of(spec, &private)
        .map_err(|unfit| ServiceError::internal("KMSInternalException", unfit.to_string()))?;
    let sealed = encryption::seal(call, &key, &input.encryption_context, &private)?;
    call.used(&key, operation.as_str());
    let mut answer = json!({
        "PrivateKeyCiphertextBlob": blob::text(&sealed.blob),
        "PublicKey": blob::text(&public),
        "KeyId": key.arn,
        "KeyPairSpec": spec.as_str(),
        "KeyMaterialId": sealed.material.to_string(),
    });
    if let (GrantOperation::GenerateDataKeyPair, Some(fields)) = (operation, answer.as_object_mut()) {
        fields.insert("PrivateKeyPlaintext".into(), blob::text(private.expose()));
    }
    Ok(answer)
}

/// Data keys are sealed under symmetric keys only.
fn check_key(call: &Call<'_>, key: &Key) -> Result<(), ServiceError> {
    call.usable_for(key, KeyUsage::EncryptDecrypt)?;
    if key.kind().is_symmetric_encryption() {
        return Ok(());
    }
    Err(ServiceError::new("InvalidKeyUsageException", "You cannot generate a data key with an asymmetric CMK"))
}
