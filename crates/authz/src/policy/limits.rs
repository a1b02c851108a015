//! What AWS bounds: how long a policy may be, and of which characters.

use super::PolicyKind;

/// No policy may be longer, white space included; in characters.
///
/// Source: IAM API Reference, `policyDocumentType`, and AWS KMS API Reference, `PolicyType`: 1 to 131,072 characters.
pub const CHARACTERS_OF_ANY: usize = 131_072;

/// Whether a text of this kind may hold a character at all.
///
/// Source: IAM User Guide, "IAM and AWS STS quotas" > "IAM name requirements" (tab, line feed, carriage return and
/// U+0020 to U+00FF); AWS KMS API Reference, `PutKeyPolicy`, says the same. Others do not say.
#[must_use]
pub const fn may_hold(kind: PolicyKind, character: char) -> bool {
    match kind {
        PolicyKind::Identity | PolicyKind::Session | PolicyKind::Trust | PolicyKind::Key => {
            matches!(character, '\t' | '\n' | '\r' | ' '..='\u{ff}')
        }
        PolicyKind::Resource | PolicyKind::ServiceControl | PolicyKind::ResourceControl => true,
    }
}

/// Whether a statement's id may hold a character.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Sid": letters and digits in IAM's own policies; other services
/// take more, spaces included.
#[must_use]
pub const fn may_be_in_sid(kind: PolicyKind, character: char) -> bool {
    match kind {
        PolicyKind::Identity | PolicyKind::Session | PolicyKind::Trust => character.is_ascii_alphanumeric(),
        _ => true,
    }
}
