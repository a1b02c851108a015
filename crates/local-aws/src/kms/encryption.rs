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
    kind::{EncryptionAlgorithm, KeyUsage},
};
use crate::ServiceError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Encrypt {
    key_id: String,
    plaintext: SecretBlob,
    #[serde(default)]
    encryption_context: EncryptionContext,
    #[serde(default)]
    grant_tokens: Vec<String>,
    #[serde(default)]
    encryption_algorithm: EncryptionAlgorithm,
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
    #[serde(default)]
    encryption_algorithm: EncryptionAlgorithm,
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
    #[serde(default)]
    source_encryption_algorithm: EncryptionAlgorithm,
    #[serde(default)]
    destination_encryption_algorithm: EncryptionAlgorithm,
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
    /// Told of symmetric keys only, which alone have several.
    material: Option<MaterialId>,
    plaintext: SecretBytes,
}

/// Names no key material, unlike every other operation here: AWS's answer has no field for it.
pub(super) fn encrypt(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: Encrypt = input(value)?;
    let algorithm = input.encryption_algorithm;
    call.check_grant_tokens(&input.grant_tokens)?;
    let key = call.key("KeyId", &input.key_id)?;
    check(call, &key, algorithm, &input.encryption_context)?;
    if input.dry_run {
        check_length(call, &key, algorithm, &input.plaintext.0)?;
        return Err(fault::dry_run());
    }
    let (blob, material) = encrypt_under(call, &key, algorithm, &input.encryption_context, &input.plaintext.0)?;
    if let Some(material) = material {
        call.ctx.note(|noted| noted.material = Some(*material.as_bytes()));
    }
    call.used(&key, "Encrypt");
    Ok(json!({
        "CiphertextBlob": blob::text(&blob),
        "KeyId": key.arn,
        "EncryptionAlgorithm": algorithm.as_str(),
    }))
}

pub(super) fn decrypt(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: Decrypt = input(value)?;
    let algorithm = input.encryption_algorithm;
    refuse_recipient(input.recipient.as_ref(), fault::validation)?;
    call.check_grant_tokens(&input.grant_tokens)?;
    let blob = blob_or_none(input.ciphertext_blob, input.dry_run, &input.dry_run_modifiers, input.key_id.as_deref())?;
    let Some(Blob(blob)) = blob else {
        permitted(call, "KeyId", input.key_id.as_deref())?;
        return Err(fault::dry_run());
    };
    let opened = open(call, &blob, ("KeyId", input.key_id.as_deref()), algorithm, &input.encryption_context)?;
    if input.dry_run {
        return Err(fault::dry_run());
    }
    call.used(&opened.key, "Decrypt");
    Ok(with_materials(
        json!({
            "KeyId": opened.key.arn,
            "Plaintext": blob::text(opened.plaintext.expose()),
            "EncryptionAlgorithm": algorithm.as_str(),
        }),
        [("KeyMaterialId", opened.material)],
    ))
}

pub(super) fn re_encrypt(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: ReEncrypt = input(value)?;
    let (from, to) = (input.source_encryption_algorithm, input.destination_encryption_algorithm);
    call.check_grant_tokens(&input.grant_tokens)?;
    let source = input.source_key_id.as_deref();
    let blob = blob_or_none(input.ciphertext_blob, input.dry_run, &input.dry_run_modifiers, source)?;
    let opened = match blob {
        Some(Blob(blob)) => Some(open(call, &blob, ("SourceKeyId", source), from, &input.source_encryption_context)?),
        None => permitted(call, "SourceKeyId", source).map(|()| None)?,
    };
    let destination = call.key("DestinationKeyId", &input.destination_key_id)?;
    check(call, &destination, to, &input.destination_encryption_context)?;
    let Some(opened) = opened.filter(|_| !input.dry_run) else { return Err(fault::dry_run()) };
    let context = &input.destination_encryption_context;
    let (blob, material) = encrypt_under(call, &destination, to, context, &opened.plaintext)?;
    call.used(&opened.key, "ReEncrypt");
    call.used(&destination, "ReEncrypt");
    Ok(with_materials(
        json!({
            "CiphertextBlob": blob::text(&blob),
            "SourceKeyId": opened.key.arn,
            "KeyId": destination.arn,
            "SourceEncryptionAlgorithm": from.as_str(),
            "DestinationEncryptionAlgorithm": to.as_str(),
        }),
        [("SourceKeyMaterialId", opened.material), ("DestinationKeyMaterialId", material)],
    ))
}

/// Seals under the newest material of a symmetric key. Whether the caller may and the key can was asked before.
pub(super) fn seal(
    call: &Call<'_>,
    key: &Key,
    context: &EncryptionContext,
    plaintext: &SecretBytes,
) -> Result<Sealed, ServiceError> {
    let material = call.material(key)?;
    let owner = (key.id, key.account(), key.region());
    let blob = ciphertext::seal(owner, &material, context, plaintext.expose())?;
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

/// Whether the key encrypts, now, by this algorithm, and with a context where one is given.
fn check(
    call: &Call<'_>,
    key: &Key,
    algorithm: EncryptionAlgorithm,
    context: &EncryptionContext,
) -> Result<(), ServiceError> {
    call.usable_for(key, KeyUsage::EncryptDecrypt)?;
    let kind = key.kind();
    kind.check_algorithm(kind.spec.encryption_algorithms(), (algorithm, algorithm.as_str()))?;
    if kind.is_symmetric_encryption() || context.is_empty() {
        return Ok(());
    }
    Err(fault::validation("EncryptionContext is not supported when encrypting/decrypting with asymmetric CMKs."))
}

/// RSA encrypts as much as fits beside its padding.
///
/// Source: AWS KMS API Reference, "Encrypt".
fn check_length(
    call: &Call<'_>,
    key: &Key,
    algorithm: EncryptionAlgorithm,
    plaintext: &SecretBytes,
) -> Result<(), ServiceError> {
    let material = call.material(key)?;
    let longest = material.pair().and_then(|pair| pair.encrypting()).map(|pair| pair.longest(algorithm));
    match longest {
        Some(longest) if plaintext.len() > longest => Err(fault::validation(format!(
            "Algorithm {} and key spec {} cannot encrypt data larger than {longest} bytes.",
            algorithm.as_str(),
            key.kind().spec.as_str()
        ))),
        _ => Ok(()),
    }
}

/// The ciphertext, and the material that only symmetric keys tell of.
fn encrypt_under(
    call: &Call<'_>,
    key: &Key,
    algorithm: EncryptionAlgorithm,
    context: &EncryptionContext,
    plaintext: &SecretBytes,
) -> Result<(Vec<u8>, Option<MaterialId>), ServiceError> {
    if algorithm == EncryptionAlgorithm::SymmetricDefault {
        return seal(call, key, context, plaintext).map(|sealed| (sealed.blob, Some(sealed.material)));
    }
    check_length(call, key, algorithm, plaintext)?;
    let material = call.material(key)?;
    let pair = material.pair().and_then(|pair| pair.encrypting()).ok_or_else(|| fault::other_material(&key.arn))?;
    Ok((pair.encrypt(algorithm, plaintext)?, None))
}

fn open(
    call: &Call<'_>,
    blob: &[u8],
    named: (&'static str, Option<&str>),
    algorithm: EncryptionAlgorithm,
    context: &EncryptionContext,
) -> Result<Opened, ServiceError> {
    let (member, key_id) = named;
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
    if algorithm != EncryptionAlgorithm::SymmetricDefault {
        check(call, &key, algorithm, context)?;
        let material = call.material(&key)?;
        let pair = material.pair().and_then(|pair| pair.encrypting()).ok_or_else(|| fault::other_material(&key.arn))?;
        let plaintext = pair.decrypt(algorithm, blob).ok_or_else(fault::invalid_ciphertext)?;
        return Ok(Opened { key, material: None, plaintext });
    }
    let is_other_kind = !key.kind().is_symmetric_encryption();
    if !is_other_kind {
        call.usable_for(&key, KeyUsage::EncryptDecrypt)?;
    }
    let parsed = parsed.ok_or_else(fault::invalid_ciphertext)?;
    if is_other_kind || parsed.key_id != key.id || parsed.account != key.account() {
        return Err(fault::incorrect_key());
    }
    let family = key.family.now();
    call.see(family.ticket);
    // The blob's region must be the key's own or, for a multi-Region key, may be any: replicas come and go, and what
    // one of them sealed stays readable in the others.
    let is_here = key.id.is_multi_region() || parsed.region == *key.region();
    let material = family.material(parsed.material).filter(|_| is_here).ok_or_else(fault::invalid_ciphertext)?;
    let plaintext = parsed.open(material, context).ok_or_else(fault::invalid_ciphertext)?;
    Ok(Opened { material: Some(material.id), plaintext, key })
}

/// The half of opening that a dry run without a ciphertext tells.
fn permitted(call: &Call<'_>, member: &'static str, key_id: Option<&str>) -> Result<(), ServiceError> {
    let key = call.key(member, key_id.unwrap_or_default())?;
    call.usable_for(&key, KeyUsage::EncryptDecrypt)
}

/// The answer with the ids of such material as is told.
fn with_materials<const N: usize>(mut answer: Value, materials: [(&str, Option<MaterialId>); N]) -> Value {
    if let Some(fields) = answer.as_object_mut() {
        let told = materials.into_iter().filter_map(|(name, id)| Some((name.to_owned(), id?.to_string().into())));
        fields.extend(told);
    }
    answer
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
