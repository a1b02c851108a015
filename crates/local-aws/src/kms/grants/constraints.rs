//! In which requests a grant is good.

use aws_model::EncryptionContext;
use serde::{Deserialize, Serialize};

/// Conditions on a request; all that are given must hold. The authorization model decides whether they do. At most one
/// of those on the encryption context is there.
///
/// Sources: AWS KMS API Reference, "GrantConstraints"; AWS KMS Developer Guide, "Creating grants" > "SourceArn
/// constraint": "you can specify either `EncryptionContextEquals` or `EncryptionContextSubset`, but not both".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::kms) struct GrantConstraints {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::kms) encryption_context_equals: Option<EncryptionContext>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::kms) encryption_context_subset: Option<EncryptionContext>,
    /// The resource for which a service must make the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::kms) source_arn: Option<String>,
}

impl GrantConstraints {
    pub(in crate::kms) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
