//! What each step of a launch says to KMS.

use authz::launch::{self, Call as KmsCall, Step};
use aws_model::{EncryptionContext, KeyArn};
use serde_json::{Value, json};

use super::{OfVolume, Sealed};

/// The length of a volume's data key.
///
/// Source: AWS KMS Developer Guide, "Logging AWS KMS API calls with AWS CloudTrail" > "Amazon EC2 example two".
const DATA_KEY_BYTES: u32 = 64;

/// The operation of a step, and its input.
pub(super) fn asked(step: &Step, of: &OfVolume<'_>, sealed: &Sealed<'_>, tokens: &[String]) -> (&'static str, Value) {
    let key = &*step.request.resource.arn;
    let context = named(&step.request.kms.encryption_context, of);
    let own = sealed.data_key.as_ref();
    let is_of_source = of.source.is_some_and(|source| source.key.as_str() == key);
    let blob = if is_of_source && step.call == KmsCall::ReEncryptFrom { of.source } else { own.or(of.source) };
    let ciphertext = blob.map_or("", |blob| blob.ciphertext.as_str());
    match step.call {
        KmsCall::GenerateDataKeyWithoutPlaintext => (
            "GenerateDataKeyWithoutPlaintext",
            json!({ "KeyId": key, "NumberOfBytes": DATA_KEY_BYTES, "EncryptionContext": context }),
        ),
        KmsCall::GenerateDataKey => {
            ("GenerateDataKey", json!({ "KeyId": key, "NumberOfBytes": DATA_KEY_BYTES, "EncryptionContext": context }))
        }
        KmsCall::CreateGrant => ("CreateGrant", grant(step, of)),
        KmsCall::Decrypt => {
            let mut input = json!({
                "CiphertextBlob": ciphertext,
                "EncryptionContext": blob.map(|blob| &blob.context),
            });
            // A grant counts at once for who has its token.
            if let (false, Some(members)) = (tokens.is_empty(), input.as_object_mut()) {
                members.insert("GrantTokens".to_owned(), tokens.into());
            }
            ("Decrypt", input)
        }
        KmsCall::ReEncryptFrom | KmsCall::ReEncryptTo => {
            let to = sealed.key.as_ref().map_or(key, KeyArn::as_str);
            let input = json!({
                "CiphertextBlob": ciphertext,
                "SourceEncryptionContext": blob.map(|blob| &blob.context),
                "DestinationKeyId": to,
                "DestinationEncryptionContext": of_volume(of),
            });
            ("ReEncrypt", input)
        }
        KmsCall::DescribeKey => ("DescribeKey", json!({ "KeyId": key })),
        KmsCall::Encrypt => ("Encrypt", json!({ "KeyId": key, "Plaintext": ciphertext, "EncryptionContext": context })),
    }
}

fn grant(step: &Step, of: &OfVolume<'_>) -> Value {
    let new = step.request.kms.new_grant.as_ref();
    let grantee = new.map(|new| new.grantee.to_string()).unwrap_or_default();
    let operations = new.into_iter().flat_map(|new| new.operations.iter()).map(|operation| operation.as_str());
    json!({
        "KeyId": &*step.request.resource.arn,
        "GranteePrincipal": grantee.replace(launch::NEW_INSTANCE, of.for_whom()),
        "Operations": operations.collect::<Vec<_>>(),
        "Constraints": { "EncryptionContextSubset": of_volume(of) },
    })
}

/// The context of a step, with the volume's id where one is still to come.
fn named(context: &EncryptionContext, of: &OfVolume<'_>) -> EncryptionContext {
    let id = |value: &str| if value == launch::NEW_VOLUME { of.volume.to_owned() } else { value.to_owned() };
    EncryptionContext::new(context.pairs().map(|(key, value)| (key.to_owned(), id(value))))
}

pub(super) fn of_volume(of: &OfVolume<'_>) -> EncryptionContext {
    EncryptionContext::new([(launch::CONTEXT_KEY, of.volume)])
}
