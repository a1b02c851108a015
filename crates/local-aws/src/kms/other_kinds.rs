//! Operations of other kinds of keys, as a symmetric key of AWS's own material answers them. All keys here are such.

use serde::Deserialize;
use serde_json::Value;

use super::{
    call::{Call, input},
    fault,
};
use crate::ServiceError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OneKey {
    key_id: String,
}

/// Sign, Verify, GenerateMac, VerifyMac, DeriveSharedSecret: the key has another usage.
pub(super) fn other_usage(call: &Call<'_>, value: Value, operation: &'static str) -> Result<Value, ServiceError> {
    let input: OneKey = input(value)?;
    let key = call.key("KeyId", &input.key_id)?;
    Err(ServiceError::new(
        "InvalidKeyUsageException",
        format!("{} key usage is ENCRYPT_DECRYPT which is not valid for {operation}.", key.arn),
    ))
}

/// GetPublicKey: the key has none.
pub(super) fn no_public_key(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: OneKey = input(value)?;
    let key = call.key("KeyId", &input.key_id)?;
    Err(fault::unsupported(format!("{} KeySpec is SYMMETRIC_DEFAULT which is not valid for GetPublicKey.", key.arn)))
}

/// GetParametersForImport, ImportKeyMaterial, DeleteImportedKeyMaterial: the key's material is AWS's.
pub(super) fn other_origin(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: OneKey = input(value)?;
    let key = call.key("KeyId", &input.key_id)?;
    Err(fault::unsupported(format!("{} origin is AWS_KMS which is not valid for this operation.", key.arn)))
}
