//! GetPublicKey and DeriveSharedSecret.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    blob::{self, Blob},
    call::{Call, input},
    encryption, fault,
    key_state::KeyUse,
    kind::KeyUsage,
    metadata,
};
use crate::ServiceError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetPublicKey {
    key_id: String,
    #[serde(default)]
    grant_tokens: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeriveSharedSecret {
    key_id: String,
    key_agreement_algorithm: String,
    public_key: Blob,
    #[serde(default)]
    grant_tokens: Vec<String>,
    recipient: Option<Value>,
    #[serde(default)]
    dry_run: bool,
}

/// KMS says no more of a symmetric key than that it cannot.
pub(super) fn get_public_key(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: GetPublicKey = input(value)?;
    call.check_grant_tokens(&input.grant_tokens)?;
    let key = call.key("KeyId", &input.key_id)?;
    call.usable(&key, KeyUse::Cryptography)?;
    let kind = key.kind();
    if !kind.spec.is_asymmetric() {
        return Err(fault::unsupported(""));
    }
    let material = call.material(&key)?;
    let pair = material.pair().ok_or_else(|| fault::other_material(&key.arn))?;
    let mut answer = json!({
        "KeyId": key.arn,
        "PublicKey": blob::text(pair.public()),
        "KeySpec": kind.spec.as_str(),
        "KeyUsage": kind.usage.as_str(),
    });
    if let Some(fields) = answer.as_object_mut() {
        fields.extend(kind.spec.deprecated_name().map(|name| ("CustomerMasterKeySpec".to_owned(), name.into())));
        let (name, algorithms) = metadata::algorithms(kind);
        fields.insert(name.into(), algorithms.into());
    }
    Ok(answer)
}

pub(super) fn derive_shared_secret(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: DeriveSharedSecret = input(value)?;
    encryption::refuse_recipient(input.recipient.as_ref(), fault::validation)?;
    call.check_grant_tokens(&input.grant_tokens)?;
    let key = call.key("KeyId", &input.key_id)?;
    call.usable_for(&key, KeyUsage::KeyAgreement)?;
    let material = call.material(&key)?;
    let agreeing = material.pair().and_then(|pair| pair.agreeing()).ok_or_else(|| fault::other_material(&key.arn))?;
    let secret = agreeing.agree(&input.public_key.0).ok_or_else(|| {
        let spec = key.kind().spec.as_str();
        fault::validation(format!("PublicKey is not the DER encoding of a public key of the key spec {spec}."))
    })?;
    if input.dry_run {
        return Err(fault::dry_run());
    }
    call.used(&key, "DeriveSharedSecret");
    Ok(json!({
        "KeyId": key.arn,
        "SharedSecret": blob::text(secret.expose()),
        "KeyAgreementAlgorithm": input.key_agreement_algorithm,
        "KeyOrigin": key.kind().origin.as_str(),
    }))
}
