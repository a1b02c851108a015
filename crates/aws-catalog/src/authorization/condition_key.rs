//! Condition keys: what a policy can ask about a request.

use serde::Deserialize;

/// A condition key of a service, or the form of many: `kms:EncryptionContext:${EncryptionContextKey}`.
#[derive(Debug, Deserialize)]
pub struct ConditionKey {
    name: String,
    #[serde(rename = "type")]
    value_type: ValueType,
    #[serde(default, rename = "many")]
    is_multivalued: bool,
}

/// What the values of a condition key are, and so which operators fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
pub enum ValueType {
    /// Text.
    String,
    /// An ARN.
    #[serde(rename = "ARN")]
    Arn,
    /// `true` or `false`.
    Bool,
    /// A number.
    Numeric,
    /// A time.
    Date,
}

impl ConditionKey {
    /// Its name as AWS writes it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its values are.
    #[must_use]
    pub fn value_type(&self) -> ValueType {
        self.value_type
    }

    /// Whether a request has several values of it, which takes `ForAllValues` or `ForAnyValue`.
    #[must_use]
    pub fn is_multivalued(&self) -> bool {
        self.is_multivalued
    }

    /// Whether a key that stands in a policy is this one, or of this form. Keys have no case.
    #[must_use]
    pub fn is_named(&self, key: &str) -> bool {
        is_form_of(&self.name, key)
    }
}

/// Whether `key` is, in any case, what AWS writes as `form`, in which `${...}` or `<...>` stands for any text but none.
pub(crate) fn is_form_of(form: &str, key: &str) -> bool {
    let hole = [("${", '}'), ("<", '>')].into_iter().find_map(|(opens, closes)| {
        let (before, rest) = form.split_once(opens)?;
        let (_, after) = rest.split_once(closes)?;
        Some((before, after))
    });
    let Some((before, after)) = hole else { return form.eq_ignore_ascii_case(key) };
    let starts = key.get(..before.len()).is_some_and(|start| start.eq_ignore_ascii_case(before));
    let inner = key.len().checked_sub(after.len()).filter(|end| *end > before.len());
    starts && inner.and_then(|end| key.get(end..)).is_some_and(|end| end.eq_ignore_ascii_case(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_stands_for_every_key_of_its_kind() {
        for (form, key, is_one) in [
            ("kms:ViaService", "kms:viaservice", true),
            ("kms:ViaService", "kms:ViaService2", false),
            ("kms:EncryptionContext:${EncryptionContextKey}", "KMS:EncryptionContext:aws:ebs:id", true),
            ("kms:EncryptionContext:${EncryptionContextKey}", "kms:EncryptionContext:", false),
            ("kms:EncryptionContext:${EncryptionContextKey}", "kms:EncryptionContextKeys", false),
            ("s3:ExistingObjectTag/<key>", "s3:ExistingObjectTag/team", true),
            ("aws:RequestTag/${TagKey}", "aws:RequestTag/\u{e9}", true),
            ("aws:RequestTag/${TagKey}", "\u{e9}", false),
            ("token.actions.${Domain}.ghe.com:actor", "token.actions.acme.ghe.com:actor", true),
            ("token.actions.${Domain}.ghe.com:actor", "token.actions.ghe.com:actor", false),
        ] {
            assert_eq!(is_form_of(form, key), is_one, "{form} {key}");
        }
    }
}
