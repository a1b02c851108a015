//! What the operations of KMS are like, apart from who may call them.

use crate::request::Action;

/// The prefix of KMS's actions.
pub(super) const SERVICE: &str = "kms";

/// Whether an operation can be done on a key of another account, whatever its policy says.
///
/// Source: AWS KMS Developer Guide, "AWS KMS permissions", column "Cross-account use"; AWS KMS API Reference, each
/// operation's "Cross-account use".
pub(crate) fn works_across_accounts(action: &Action) -> bool {
    matches!(
        action.lower().strip_prefix("kms:").unwrap_or_default(),
        "creategrant"
            | "decrypt"
            | "derivesharedsecret"
            | "describekey"
            | "encrypt"
            | "generatedatakey"
            | "generatedatakeypair"
            | "generatedatakeypairwithoutplaintext"
            | "generatedatakeywithoutplaintext"
            | "generatemac"
            | "getkeyrotationstatus"
            | "getpublickey"
            | "listgrants"
            | "reencryptfrom"
            | "reencryptto"
            | "retiregrant"
            | "revokegrant"
            | "sign"
            | "verify"
            | "verifymac"
    )
}

/// Whether a context key, in lower case and without `kms:`, tells what a key is like.
///
/// Source: AWS KMS Developer Guide, "AWS KMS condition keys".
pub(super) fn is_property(lower_case_name: &str) -> bool {
    matches!(
        lower_case_name,
        "customermasterkeyspec"
            | "customermasterkeyusage"
            | "keyorigin"
            | "keyspec"
            | "keyusage"
            | "multiregion"
            | "multiregionkeytype"
    )
}
