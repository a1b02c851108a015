//! Sign and Verify.
//!
//! Source: AWS KMS API Reference, "Sign", `MessageType`.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    blob::{self, Blob},
    call::{Call, input},
    fault,
    key::Key,
    kind::{KeySpec, KeyUsage, SigningAlgorithm},
    pair::{self, Message},
};
use crate::ServiceError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Sign {
    key_id: String,
    message: Blob,
    #[serde(default)]
    message_type: MessageType,
    signing_algorithm: SigningAlgorithm,
    #[serde(default)]
    grant_tokens: Vec<String>,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Verify {
    #[serde(flatten)]
    of: Sign,
    signature: Blob,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum MessageType {
    #[default]
    Raw,
    Digest,
    ExternalMu,
}

pub(super) fn sign(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: Sign = input(value)?;
    let key = usable(call, &input)?;
    let message = message(&input, key.kind().spec)?;
    if input.dry_run {
        return Err(fault::dry_run());
    }
    let material = call.material(&key)?;
    let signing = material.pair().and_then(|pair| pair.signing()).ok_or_else(|| fault::other_material(&key.arn))?;
    let signature = signing.sign(input.signing_algorithm, message)?;
    call.used(&key, "Sign");
    Ok(json!({
        "KeyId": key.arn,
        "Signature": blob::text(&signature),
        "SigningAlgorithm": input.signing_algorithm.as_str(),
    }))
}

/// A signature that does not fit is told before a dry run is.
pub(super) fn verify(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Verify { of: input, signature } = input(value)?;
    let key = usable(call, &input)?;
    let spec = key.kind().spec;
    let message = message(&input, spec)?;
    let material = call.material(&key)?;
    let pair = material.pair().ok_or_else(|| fault::other_material(&key.arn))?;
    if !pair.verify(spec, input.signing_algorithm, message, &signature.0)? {
        return Err(ServiceError::new("KMSInvalidSignatureException", ""));
    }
    if input.dry_run {
        return Err(fault::dry_run());
    }
    call.used(&key, "Verify");
    Ok(json!({ "KeyId": key.arn, "SignatureValid": true, "SigningAlgorithm": input.signing_algorithm.as_str() }))
}

fn usable(call: &Call<'_>, input: &Sign) -> Result<Arc<Key>, ServiceError> {
    call.check_grant_tokens(&input.grant_tokens)?;
    let key = call.key("KeyId", &input.key_id)?;
    call.usable_for(&key, KeyUsage::SignVerify)?;
    let kind = key.kind();
    let algorithm = (input.signing_algorithm, input.signing_algorithm.as_str());
    kind.check_algorithm(kind.spec.signing_algorithms(), algorithm)?;
    Ok(key)
}

/// The message, if its type suits the algorithm and it is as long as its type says.
fn message(input: &Sign, spec: KeySpec) -> Result<Message<'_>, ServiceError> {
    use SigningAlgorithm as A;
    let (message, algorithm) = (input.message.0.as_slice(), input.signing_algorithm);
    let name = match input.message_type {
        MessageType::Raw => "RAW",
        MessageType::Digest => "DIGEST",
        MessageType::ExternalMu => "EXTERNAL_MU",
    };
    // What the library cannot do; AWS can. The model leaves no error that would say just that.
    let is_beyond = matches!(
        (input.message_type, algorithm),
        (MessageType::Digest, A::Ed25519PhSha512) | (MessageType::ExternalMu, A::MlDsaShake256)
    );
    if is_beyond {
        let algorithm = algorithm.as_str();
        return Err(fault::validation(format!(
            "Message type {name} with algorithm {algorithm} is not supported by the embedded AWS."
        )));
    }
    let incompatible = |with: &str| Err(fault::validation(format!("Message type {name} is incompatible with {with}.")));
    match (input.message_type, algorithm) {
        (MessageType::Digest, A::Ed25519Sha512) | (MessageType::Raw, A::Ed25519PhSha512) => {
            incompatible(&format!("algorithm {}", algorithm.as_str()))
        }
        (MessageType::Digest, A::MlDsaShake256) | (MessageType::ExternalMu, _) => {
            incompatible(&format!("key spec {}", spec.as_str()))
        }
        (MessageType::Raw, _) => Ok(Message::Raw(message)),
        (MessageType::Digest, _) if pair::digest_len(algorithm) == Some(message.len()) => Ok(Message::Digest(message)),
        (MessageType::Digest, _) => {
            Err(fault::validation(format!("Digest is invalid length for algorithm {}.", algorithm.as_str())))
        }
    }
}
