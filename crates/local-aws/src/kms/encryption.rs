//! Encrypt, Decrypt, ReEncrypt.

use std::sync::Arc;

use aws_model::{EncryptionContext, SecretBytes};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    blob::{self, Blob, SecretBlob},
    call::{Call, input},
    ciphertext::{self, Ciphertext},
    fault,
    key::Key,
    key_id::MaterialId,
    key_state::KeyUse,
};
use crate::ServiceError;

const ALGORITHM: &str = "SYMMETRIC_DEFAULT";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Encrypt {
    key_id: String,
    plaintext: SecretBlob,
    #[serde(default)]
    encryption_context: EncryptionContext,
    #[serde(default)]
    grant_tokens: Vec<String>,
    encryption_algorithm: Option<String>,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Decrypt {
    ciphertext_blob: Option<Blob>,
    #[serde(default)]
    encryption_context: EncryptionContext,
    #[serde(default)]
    grant_tokens: Vec<String>,
    key_id: Option<String>,
    encryption_algorithm: Option<String>,
    recipient: Option<Value>,
    #[serde(default)]
    dry_run: bool,
    #[serde(default)]
    dry_run_modifiers: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ReEncrypt {
    ciphertext_blob: Option<Blob>,
    #[serde(default)]
    source_encryption_context: EncryptionContext,
    source_key_id: Option<String>,
    destination_key_id: String,
    #[serde(default)]
    destination_encryption_context: EncryptionContext,
    source_encryption_algorithm: Option<String>,
    destination_encryption_algorithm: Option<String>,
    #[serde(default)]
    grant_tokens: Vec<String>,
    #[serde(default)]
    dry_run: bool,
    #[serde(default)]
    dry_run_modifiers: Vec<String>,
}

/// What was sealed, and with what.
pub(super) struct Sealed {
    pub(super) blob: Vec<u8>,
    pub(super) material: MaterialId,
}

/// What a blob held, and under what.
struct Opened {
    key: Arc<Key>,
    material: MaterialId,
    plaintext: SecretBytes,
}

/// Names no key material, unlike every other operation here: AWS's answer has no field for it.
pub(super) fn encrypt(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: Encrypt = input(value)?;
    check_algorithm(input.encryption_algorithm.as_deref())?;
    call.check_grant_tokens(&input.grant_tokens)?;
    let key = call.key("KeyId", &input.key_id)?;
    call.usable(&key, KeyUse::Cryptography)?;
    if input.dry_run {
        return Err(fault::dry_run());
    }
    let sealed = seal(call, &key, &input.encryption_context, &input.plaintext.0)?;
    call.ctx.note(|noted| noted.material = Some(*sealed.material.as_bytes()));
    Ok(json!({
        "CiphertextBlob": blob::text(&sealed.blob),
        "KeyId": key.arn,
        "EncryptionAlgorithm": ALGORITHM,
    }))
}

pub(super) fn decrypt(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: Decrypt = input(value)?;
    refuse_recipient(input.recipient.as_ref(), fault::validation)?;
    check_algorithm(input.encryption_algorithm.as_deref())?;
    call.check_grant_tokens(&input.grant_tokens)?;
    let blob = blob_or_none(input.ciphertext_blob, input.dry_run, &input.dry_run_modifiers, input.key_id.as_deref())?;
    let Some(Blob(blob)) = blob else {
        permitted(call, "KeyId", input.key_id.as_deref())?;
        return Err(fault::dry_run());
    };
    let opened = open(call, &blob, ("KeyId", input.key_id.as_deref()), &input.encryption_context)?;
    if input.dry_run {
        return Err(fault::dry_run());
    }
    Ok(json!({
        "KeyId": opened.key.arn,
        "Plaintext": blob::text(opened.plaintext.expose()),
        "EncryptionAlgorithm": ALGORITHM,
        "KeyMaterialId": opened.material.to_string(),
    }))
}

pub(super) fn re_encrypt(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: ReEncrypt = input(value)?;
    check_algorithm(input.source_encryption_algorithm.as_deref())?;
    check_algorithm(input.destination_encryption_algorithm.as_deref())?;
    call.check_grant_tokens(&input.grant_tokens)?;
    let source = input.source_key_id.as_deref();
    let blob = blob_or_none(input.ciphertext_blob, input.dry_run, &input.dry_run_modifiers, source)?;
    let opened = match blob {
        Some(Blob(blob)) => Some(open(call, &blob, ("SourceKeyId", source), &input.source_encryption_context)?),
        None => permitted(call, "SourceKeyId", source).map(|()| None)?,
    };
    let destination = call.key("DestinationKeyId", &input.destination_key_id)?;
    call.usable(&destination, KeyUse::Cryptography)?;
    let Some(opened) = opened.filter(|_| !input.dry_run) else { return Err(fault::dry_run()) };
    let sealed = seal(call, &destination, &input.destination_encryption_context, &opened.plaintext)?;
    Ok(json!({
        "CiphertextBlob": blob::text(&sealed.blob),
        "SourceKeyId": opened.key.arn,
        "KeyId": destination.arn,
        "SourceEncryptionAlgorithm": ALGORITHM,
        "DestinationEncryptionAlgorithm": ALGORITHM,
        "SourceKeyMaterialId": opened.material.to_string(),
        "DestinationKeyMaterialId": sealed.material.to_string(),
    }))
}

/// Seals under the key's newest material. Whether the caller may and the key can was asked before.
pub(super) fn seal(
    call: &Call<'_>,
    key: &Key,
    context: &EncryptionContext,
    plaintext: &SecretBytes,
) -> Result<Sealed, ServiceError> {
    let family = key.family.now();
    // A ciphertext must not leave before the material that opens it is on disk.
    call.see(family.ticket);
    let material =
        family.current().ok_or_else(|| ServiceError::internal("KMSInternalException", "the key has no material"))?;
    let owner = (key.id, key.account(), key.region());
    let blob = ciphertext::seal(owner, material, context, plaintext.expose())?;
    Ok(Sealed { blob, material: material.id })
}

/// A recipient's attestation would have to be verified, and there is no enclave to make one. `refusal` is an error
/// that the operation declares: not each declares UnsupportedOperationException.
pub(super) fn refuse_recipient(
    recipient: Option<&Value>,
    refusal: impl FnOnce(&'static str) -> ServiceError,
) -> Result<(), ServiceError> {
    match recipient {
        None | Some(Value::Null) => Ok(()),
        Some(_) => {
            Err(refusal("Recipient is not supported by the embedded AWS, which answers Plaintext to who may have it."))
        }
    }
}

fn open(
    call: &Call<'_>,
    blob: &[u8],
    (member, key_id): (&'static str, Option<&str>),
    context: &EncryptionContext,
) -> Result<Opened, ServiceError> {
    let parsed = Ciphertext::parse(blob);
    let key = match (key_id, &parsed) {
        // Whether the caller may use the key it names comes before what the blob is.
        (Some(key_id), _) => call.key(member, key_id)?,
        (None, Some(parsed)) => {
            let key = call.state.key(parsed.account, call.ctx.region, parsed.key_id);
            call.permitted(member, key.ok_or_else(fault::unknown_ciphertext)?)?
        }
        (None, None) => return Err(fault::invalid_ciphertext()),
    };
    call.usable(&key, KeyUse::Cryptography)?;
    let parsed = parsed.ok_or_else(fault::invalid_ciphertext)?;
    if parsed.key_id != key.id || parsed.account != key.account() {
        return Err(fault::incorrect_key());
    }
    let family = key.family.now();
    call.see(family.ticket);
    // The blob's region must be the key's own or, for a multi-Region key, may be any: replicas come and go, and what
    // one of them sealed stays readable in the others.
    let is_here = key.id.is_multi_region() || parsed.region == *key.region();
    let material = family.material(parsed.material).filter(|_| is_here).ok_or_else(fault::invalid_ciphertext)?;
    let plaintext = parsed.open(material, context).ok_or_else(fault::invalid_ciphertext)?;
    Ok(Opened { material: material.id, plaintext, key })
}

/// The half of opening that a dry run without a ciphertext tells.
fn permitted(call: &Call<'_>, member: &'static str, key_id: Option<&str>) -> Result<(), ServiceError> {
    let key = call.key(member, key_id.unwrap_or_default())?;
    call.usable(&key, KeyUse::Cryptography).map(|_| ())
}

/// The blob; none for a dry run that says it has none.
///
/// Source: AWS KMS API Reference, "Decrypt", `DryRunModifiers`.
fn blob_or_none(
    blob: Option<Blob>,
    dry_run: bool,
    modifiers: &[String],
    key_id: Option<&str>,
) -> Result<Option<Blob>, ServiceError> {
    let missing = |field: &str| {
        fault::validation(format!(
            "1 validation error detected: Value null at '{field}' failed to satisfy constraint: Member must not be null"
        ))
    };
    let ignores = modifiers.iter().any(|modifier| modifier == "IGNORE_CIPHERTEXT");
    match (ignores, dry_run, key_id) {
        (true, false, _) => Err(fault::validation("DryRunModifiers can only be specified when DryRun is true.")),
        (true, true, None) => Err(missing("keyId")),
        (true, true, Some(_)) => Ok(None),
        (false, ..) => blob.map(Some).ok_or_else(|| missing("ciphertextBlob")),
    }
}

fn check_algorithm(algorithm: Option<&str>) -> Result<(), ServiceError> {
    match algorithm {
        None | Some(ALGORITHM) => Ok(()),
        Some(other) => Err(ServiceError::new(
            "InvalidKeyUsageException",
            format!("Algorithm {other} is incompatible with key spec {ALGORITHM}."),
        )),
    }
}
