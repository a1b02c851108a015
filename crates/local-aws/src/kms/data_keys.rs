//! GenerateDataKey and GenerateDataKeyWithoutPlaintext, and GenerateRandom, which needs no key.

use aws_model::EncryptionContext;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    blob,
    call::{Call, input},
    encryption, fault,
    grants::GrantOperation,
    key_state::KeyUse,
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

pub(super) fn generate_random(_: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: GenerateRandom = input(value)?;
    encryption::refuse_recipient(input.recipient.as_ref(), fault::unsupported)?;
    if let Some(id) = input.custom_key_store_id {
        return Err(ServiceError::new(
            "CustomKeyStoreNotFoundException",
            format!("Custom key store {id} is not found."),
        ));
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
    call.usable(&key, KeyUse::Cryptography)?;
    if input.dry_run {
        return Err(fault::dry_run());
    }
    let plaintext = random_bytes(bytes)?;
    let sealed = encryption::seal(call, &key, &input.encryption_context, &plaintext)?;
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
