//! What events tell of an operation, beyond its model.
//!
//! Sources: AWS KMS Developer Guide, "Logging AWS KMS API calls with AWS CloudTrail", the example of each operation; IAM
//! User Guide, "Example AWS STS API events in CloudTrail log".

use aws_wire::model::ServiceId;

/// Whether it is told as one that changes nothing. KMS's cryptographic operations are, and STS's are.
pub(crate) fn is_read_only(service: ServiceId, name: &str) -> bool {
    const EVERYWHERE: [&str; 5] = ["Describe", "Get", "List", "Lookup", "Simulate"];
    const OF_KMS: [&str; 7] = ["Decrypt", "DeriveSharedSecret", "Encrypt", "Generate", "ReEncrypt", "Sign", "Verify"];
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    match service {
        ServiceId::Sts => true,
        ServiceId::Kms => begins(&EVERYWHERE) || begins(&OF_KMS),
        ServiceId::Iam => begins(&EVERYWHERE) || name == "GenerateCredentialReport",
        ServiceId::EksAuth => true,
        _ => begins(&EVERYWHERE),
    }
}

/// Whether it is told of in no event that a trail has from the start: a data event.
///
/// Source: Amazon SQS Developer Guide, "Logging Amazon SQS API calls using AWS CloudTrail".
pub(super) fn is_of_data(service: ServiceId, name: &str) -> bool {
    service == ServiceId::Sqs
        && matches!(
            name,
            "ChangeMessageVisibility" | "DeleteMessage" | "DeleteMessageBatch" | "ReceiveMessage" | "SendMessage"
        )
}

/// Whether its answer is told: that of what changes something, and the sessions that STS begins.
pub(super) fn tells_answer(service: ServiceId, name: &str) -> bool {
    match service {
        ServiceId::Sts => name.starts_with("AssumeR") || matches!(name, "GetSessionToken" | "GetFederationToken"),
        _ => !is_read_only(service, name),
    }
}

/// Whether the answer is told with the ARN of the key, though it has none or names the key by its id.
pub(super) fn tells_key(service: ServiceId, name: &str) -> bool {
    service == ServiceId::Kms
        && matches!(
            name,
            "CancelKeyDeletion"
                | "CreateAlias"
                | "CreateGrant"
                | "DeleteAlias"
                | "DeleteImportedKeyMaterial"
                | "DisableKey"
                | "DisableKeyRotation"
                | "EnableKey"
                | "EnableKeyRotation"
                | "ImportKeyMaterial"
                | "ScheduleKeyDeletion"
                | "UpdateAlias"
        )
}

/// Parameters that are told though they were not given: the member, and its name and value in the event.
pub(super) fn defaults(service: ServiceId, name: &str) -> &'static [(&'static str, &'static str, Told)] {
    use Told::{False, Text};
    const BYPASS: (&str, &str, Told) = ("BypassPolicyLockoutSafetyCheck", "bypassPolicyLockoutSafetyCheck", False);
    const NO_DESCRIPTION: (&str, &str, Told) = ("Description", "description", Text(""));
    const SYMMETRIC: Told = Text("SYMMETRIC_DEFAULT");
    match (service, name) {
        (ServiceId::Kms, "Encrypt" | "Decrypt") => &[("EncryptionAlgorithm", "encryptionAlgorithm", SYMMETRIC)],
        (ServiceId::Kms, "ReEncrypt") => &[
            ("SourceEncryptionAlgorithm", "sourceEncryptionAlgorithm", SYMMETRIC),
            ("DestinationEncryptionAlgorithm", "destinationEncryptionAlgorithm", SYMMETRIC),
        ],
        (ServiceId::Kms, "CreateKey") => &[
            NO_DESCRIPTION,
            ("KeyUsage", "keyUsage", Text("ENCRYPT_DECRYPT")),
            ("KeySpec", "keySpec", SYMMETRIC),
            ("Origin", "origin", Text("AWS_KMS")),
            BYPASS,
        ],
        (ServiceId::Kms, "ReplicateKey") => &[BYPASS, NO_DESCRIPTION],
        (ServiceId::Kms, "PutKeyPolicy") => &[BYPASS],
        _ => &[],
    }
}

/// What a parameter is told to be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Told {
    Text(&'static str),
    False,
}

/// Whether nothing of its input is told.
pub(super) fn hides_input(service: ServiceId, name: &str) -> bool {
    (service, name) == (ServiceId::Kms, "GenerateRandom")
}

/// Whether a member is left out wherever it stands, beside those that are sensitive in the model or are bytes: plaintexts,
/// ciphertexts, keys, signatures, import tokens.
///
/// AWS shows session tokens. Here one is worth nothing without its secret key either, but it is most of an event's size.
pub(super) fn hides_member(name: &str) -> bool {
    matches!(
        name,
        "GrantToken" | "GrantTokens" | "SessionToken" | "TokenCode" | "AuthenticationCode1" | "AuthenticationCode2"
    )
}
