//! Which encryption contexts a grant is for.

use aws_model::EncryptionContext;
use serde::{Deserialize, Serialize};

/// Conditions on a request; all that are given must hold. The authorization model decides whether they do.
///
/// Source: AWS KMS API Reference, "GrantConstraints".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::kms) struct GrantConstraints {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::kms) encryption_context_equals: Option<EncryptionContext>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::kms) encryption_context_subset: Option<EncryptionContext>,
    /// Only a grant of a world file has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::kms) source_arn: Option<String>,
}

impl GrantConstraints {
    pub(in crate::kms) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a context can meet both constraints on it. Keys are compared without case, values with it.
    pub(in crate::kms) fn agree(&self) -> bool {
        let (Some(equals), Some(subset)) = (&self.encryption_context_equals, &self.encryption_context_subset) else {
            return true;
        };
        subset.pairs().all(|(key, value)| equals.pairs().any(|(k, v)| k.eq_ignore_ascii_case(key) && v == value))
    }
}
