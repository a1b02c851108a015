//! GenerateMac and VerifyMac: HMAC by RFC 2104.

use aws_lc_rs::hmac;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    blob::{self, Blob},
    call::{Call, input},
    fault,
    key::Key,
    kind::{KeyUsage, MacAlgorithm},
};
use crate::ServiceError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GenerateMac {
    key_id: String,
    message: Blob,
    mac_algorithm: MacAlgorithm,
    #[serde(default)]
    grant_tokens: Vec<String>,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct VerifyMac {
    #[serde(flatten)]
    of: GenerateMac,
    mac: Blob,
}

pub(super) fn generate_mac(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: GenerateMac = input(value)?;
    let key = usable(call, &input)?;
    if input.dry_run {
        return Err(fault::dry_run());
    }
    let mac = with_hmac(call, &key, |hmac| hmac::sign(hmac, &input.message.0))?;
    call.used(&key, "GenerateMac");
    Ok(json!({
        "KeyId": key.arn,
        "Mac": blob::text(mac.as_ref()),
        "MacAlgorithm": input.mac_algorithm.as_str(),
    }))
}

/// A code that does not fit is told before a dry run is.
pub(super) fn verify_mac(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let VerifyMac { of: input, mac } = input(value)?;
    let key = usable(call, &input)?;
    with_hmac(call, &key, |hmac| hmac::verify(hmac, &input.message.0, &mac.0))?
        .map_err(|_| ServiceError::new("KMSInvalidMacException", ""))?;
    if input.dry_run {
        return Err(fault::dry_run());
    }
    call.used(&key, "VerifyMac");
    Ok(json!({ "KeyId": key.arn, "MacValid": true, "MacAlgorithm": input.mac_algorithm.as_str() }))
}

fn usable(call: &Call<'_>, input: &GenerateMac) -> Result<std::sync::Arc<Key>, ServiceError> {
    call.check_grant_tokens(&input.grant_tokens)?;
    let key = call.key("KeyId", &input.key_id)?;
    call.usable_for(&key, KeyUsage::GenerateVerifyMac)?;
    let kind = key.kind();
    kind.check_algorithm(kind.spec.mac_algorithms(), (input.mac_algorithm, input.mac_algorithm.as_str()))?;
    Ok(key)
}

fn with_hmac<R>(call: &Call<'_>, key: &Key, with: impl FnOnce(&hmac::Key) -> R) -> Result<R, ServiceError> {
    let material = call.material(key)?;
    material.mac().map(with).ok_or_else(|| fault::other_material(&key.arn))
}
