//! The codes of AWS's errors that are told apart. `docs/reference/errors.md` has the same table, and the tests compare.
//!
//! Sources: AWS KMS API Reference, Decrypt and Encrypt, "Errors", and "Common Errors"; AWS KMS Developer Guide, "Key
//! states of AWS KMS keys"; the throttling codes are those that the SDKs retry.

use crate::ErrorClass::{
    self, CorruptCiphertext, Denied, Disabled, Internal, NotFound, PendingDeletion, Slow, Throttled, Unavailable,
};

type Hint = Option<&'static str>;

/// Codes of one class that are mended alike.
struct Row(&'static [&'static str], ErrorClass, Hint);

const INVALID_STATE: &str = "KMSInvalidStateException";
const QUOTAS: Hint = Some("KMS request quotas are per account and region: `aws service-quotas` shows and raises them");

const ROWS: [Row; 12] = [
    Row(&["DisabledException"], Disabled, Some("enable the key again, if it was not meant")),
    // Unless its message tells more: `of`.
    Row(&[INVALID_STATE], Unavailable, Some("`aws kms describe-key` tells the key's state")),
    Row(&["KeyUnavailableException"], Unavailable, None),
    Row(
        &["NotFoundException", "InvalidArnException"],
        NotFound,
        Some("check the key's name, its region and its account"),
    ),
    Row(
        &["AccessDeniedException", "NotAuthorized"],
        Denied,
        Some("the caller needs kms:Encrypt and kms:Decrypt from its own policies and the key's policy"),
    ),
    Row(&["InvalidGrantTokenException", "InvalidGrantIdException", "InvalidKeyUsageException"], Denied, None),
    Row(
        &["ExpiredTokenException", "ExpiredToken", "RequestExpired"],
        Denied,
        Some("the session has expired: renew the credentials; a static session is not renewed by itself"),
    ),
    Row(
        &[
            "UnrecognizedClientException",
            "InvalidClientTokenId",
            "MissingAuthenticationTokenException",
            "MissingAuthenticationToken",
            "IncompleteSignatureException",
            "IncompleteSignature",
            "OptInRequired",
        ],
        Denied,
        Some("the credentials are not known here: check the access key, its account and the endpoint"),
    ),
    Row(
        &["InvalidSignatureException", "SignatureDoesNotMatch"],
        Denied,
        Some("check the secret key and this machine's clock"),
    ),
    Row(
        &["InvalidCiphertextException", "IncorrectKeyException"],
        CorruptCiphertext,
        Some("was it altered, or sealed by another key or with another encryption context?"),
    ),
    Row(&["DependencyTimeoutException"], Slow, None),
    Row(
        &[
            "ThrottlingException",
            "Throttling",
            "ThrottledException",
            "RequestThrottledException",
            "RequestThrottled",
            "TooManyRequestsException",
            "RequestLimitExceeded",
            "BandwidthLimitExceeded",
            "LimitExceededException",
            "SlowDown",
            "PriorRequestNotComplete",
        ],
        Throttled,
        QUOTAS,
    ),
];

/// Every code that is told apart, with its class where the message does not tell more.
pub fn known_codes() -> impl Iterator<Item = (&'static str, ErrorClass)> {
    ROWS.iter().flat_map(|Row(codes, class, _)| codes.iter().map(|code| (*code, *class)))
}

/// What an error of KMS is, and what mends it.
pub(super) fn of(code: &str, message: &str, status: u16) -> (ErrorClass, Hint) {
    if code == INVALID_STATE && message.contains("pending deletion") {
        return (PendingDeletion, Some("cancel the deletion and enable the key, or what it sealed is lost"));
    }
    match ROWS.iter().find(|Row(codes, ..)| codes.contains(&code)) {
        Some(Row(_, class, hint)) => (*class, *hint),
        None if status == 429 => (Throttled, QUOTAS),
        None => (Internal, None),
    }
}
