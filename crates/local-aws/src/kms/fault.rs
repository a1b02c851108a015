//! KMS's errors, with AWS's texts.
//!
//! All come with status 400: the API Reference lists 409 and 412 for some, but what AWS sends is 400.

use aws_model::{AccountId, KeyArn, Region};

use super::{
    call::Call,
    kind::{KeyKind, KeySpec},
    pair::CryptoFailed,
};
use crate::{ServiceError, sealing::SealError, store::WriteFailed};

pub(super) fn no_such_key(arn: impl std::fmt::Display) -> ServiceError {
    ServiceError::new("NotFoundException", format!("Key '{arn}' does not exist"))
}

pub(super) fn no_such_alias(account: AccountId, region: &Region, name: &str) -> ServiceError {
    let arn = alias_arn(account, region, name);
    ServiceError::new("NotFoundException", format!("Alias {arn} is not found."))
}

pub(super) fn invalid_key_id(text: &str) -> ServiceError {
    ServiceError::new("NotFoundException", format!("Invalid keyId '{text}'"))
}

/// An ARN of another region than the one that is called.
pub(super) fn other_region(region: &str) -> ServiceError {
    ServiceError::new("NotFoundException", format!("Invalid arn {region}"))
}

pub(super) fn invalid_arn(arn: &str) -> ServiceError {
    ServiceError::new("InvalidArnException", format!("Invalid arn {arn}"))
}

pub(super) fn validation(message: impl Into<String>) -> ServiceError {
    ServiceError::new("ValidationException", message)
}

/// Of two members an input has to have one, or has both.
pub(super) fn either(one: &str, other: &str) -> ServiceError {
    validation(format!("Specify either {one} or {other}, and not both."))
}

pub(super) fn limit_exceeded(message: impl Into<String>) -> ServiceError {
    ServiceError::new("LimitExceededException", message)
}

pub(super) fn unsupported(message: impl Into<String>) -> ServiceError {
    ServiceError::new("UnsupportedOperationException", message)
}

/// A blob that is damaged, or bound to another encryption context. AWS says no more.
pub(super) fn invalid_ciphertext() -> ServiceError {
    ServiceError::new("InvalidCiphertextException", "")
}

pub(super) fn incorrect_key() -> ServiceError {
    ServiceError::new(
        "IncorrectKeyException",
        "The key ID in the request does not identify a CMK that can perform this operation.",
    )
}

/// An operation for keys of another usage.
pub(super) fn other_usage(key: &KeyArn, kind: KeyKind, operation: &str) -> ServiceError {
    let usage = kind.usage.as_str();
    ServiceError::new(
        "InvalidKeyUsageException",
        format!("{key} key usage is {usage} which is not valid for {operation}."),
    )
}

pub(super) fn incompatible_algorithm(algorithm: &str, spec: KeySpec) -> ServiceError {
    ServiceError::new(
        "InvalidKeyUsageException",
        format!("Algorithm {algorithm} is incompatible with key spec {}.", spec.as_str()),
    )
}

/// An operation for keys of another origin.
///
/// Source: AWS KMS Developer Guide, "Key states of AWS KMS keys" > "Key state table", detail 6.
pub(super) fn other_origin(key: &KeyArn, kind: KeyKind) -> ServiceError {
    unsupported(format!("{key} origin is {} which is not valid for this operation.", kind.origin.as_str()))
}

/// A key whose material is of another kind than the key, which cannot be.
pub(super) fn other_material(key: &KeyArn) -> ServiceError {
    ServiceError::internal("KMSInternalException", format!("the material of {key} is not of its kind"))
}

pub(super) fn dry_run() -> ServiceError {
    ServiceError::new("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")
}

/// Says the same whether a foreign key exists or not, as AWS does.
pub(super) fn denied_across_accounts(call: &Call<'_>, action: &str) -> ServiceError {
    let user = &call.ctx.caller.arn;
    ServiceError::new(
        "AccessDeniedException",
        format!(
            "User: {user} is not authorized to perform: kms:{action} on this resource because the resource does not \
             exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly \
             denies access"
        ),
    )
}

/// A blob names a key that the caller may not know of.
pub(super) fn unknown_ciphertext() -> ServiceError {
    ServiceError::new(
        "AccessDeniedException",
        "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you \
         are not allowed to access.",
    )
}

pub(super) fn alias_arn(account: AccountId, region: &Region, name: &str) -> String {
    format!("arn:{}:kms:{region}:{account}:{name}", region.partition())
}

impl From<SealError> for ServiceError {
    fn from(failed: SealError) -> Self {
        Self::internal("KMSInternalException", failed.to_string())
    }
}

impl From<CryptoFailed> for ServiceError {
    fn from(failed: CryptoFailed) -> Self {
        Self::internal("KMSInternalException", failed.to_string())
    }
}

impl From<WriteFailed> for ServiceError {
    fn from(failed: WriteFailed) -> Self {
        Self::internal("KMSInternalException", failed.to_string())
    }
}
