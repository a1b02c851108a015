//! Which encryption contexts a grant is for.

use aws_model::EncryptionContext;
use serde::{Deserialize, Serialize};

/// Conditions on the encryption context of a request; all that are given must hold.
///
/// Source: AWS KMS API Reference, "GrantConstraints": the key of a pair is matched without case, the value with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::kms) struct GrantConstraints {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::kms) encryption_context_equals: Option<EncryptionContext>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::kms) encryption_context_subset: Option<EncryptionContext>,
}

impl GrantConstraints {
    pub(in crate::kms) fn is_empty(&self) -> bool {
        self.encryption_context_equals.is_none() && self.encryption_context_subset.is_none()
    }

    /// Whether a request with this context is meant.
    pub(in crate::kms) fn met_by(&self, context: &EncryptionContext) -> bool {
        let equal = self.encryption_context_equals.as_ref().is_none_or(|wanted| same(wanted, context));
        let within = self.encryption_context_subset.as_ref().is_none_or(|wanted| includes(context, wanted));
        equal && within
    }

    /// Whether every context that these let through, `parent` lets through too.
    ///
    /// Source: AWS KMS Developer Guide, "Using grant constraints".
    pub(in crate::kms) fn at_least_as_strict_as(&self, parent: &Self) -> bool {
        let equals = self.encryption_context_equals.as_ref();
        let subset = self.encryption_context_subset.as_ref();
        let pinned = |wanted: &EncryptionContext| equals.is_some_and(|mine| same(mine, wanted));
        let holds = |wanted: &EncryptionContext| {
            equals.is_some_and(|mine| includes(mine, wanted)) || subset.is_some_and(|mine| includes(mine, wanted))
        };
        parent.encryption_context_equals.as_ref().is_none_or(pinned)
            && parent.encryption_context_subset.as_ref().is_none_or(holds)
    }
}

fn same(one: &EncryptionContext, other: &EncryptionContext) -> bool {
    // Counted too: keys that differ in case only are two pairs, and one pair of the other side would match both.
    one.len() == other.len() && includes(one, other) && includes(other, one)
}

fn includes(context: &EncryptionContext, wanted: &EncryptionContext) -> bool {
    wanted.pairs().all(|(key, value)| context.pairs().any(|(k, v)| k.eq_ignore_ascii_case(key) && v == value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(text: &str) -> EncryptionContext {
        text.parse().unwrap()
    }

    fn equals(text: &str) -> GrantConstraints {
        GrantConstraints { encryption_context_equals: Some(context(text)), ..GrantConstraints::default() }
    }

    fn subset(text: &str) -> GrantConstraints {
        GrantConstraints { encryption_context_subset: Some(context(text)), ..GrantConstraints::default() }
    }

    #[test]
    fn keys_match_without_case_and_values_with_it() {
        for (constraints, given, met) in [
            (equals("a=1"), "a=1", true),
            (equals("a=1"), "A=1", true),
            (equals("a=x"), "a=X", false),
            (equals("a=1"), "a=1,b=2", false),
            (equals("a=1"), "a=1,A=1", false),
            (equals("a=1"), "", false),
            (subset("a=1"), "a=1,b=2", true),
            (subset("a=1"), "A=1", true),
            (subset("a=1,b=2"), "a=1", false),
            (GrantConstraints::default(), "a=1", true),
        ] {
            assert_eq!(constraints.met_by(&context(given)), met, "{constraints:?} {given}");
        }
    }

    #[test]
    fn a_child_may_narrow_but_not_widen() {
        for (child, parent, strict) in [
            (subset("a=1,b=2"), subset("a=1"), true),
            (subset("a=1"), subset("a=1"), true),
            (equals("a=1,b=2"), subset("a=1"), true),
            (subset("b=2"), subset("a=1"), false),
            (GrantConstraints::default(), subset("a=1"), false),
            (equals("a=1"), equals("a=1"), true),
            (subset("a=1"), equals("a=1"), false),
            (equals("a=1,b=2"), equals("a=1"), false),
            (subset("a=1"), GrantConstraints::default(), true),
        ] {
            assert_eq!(child.at_least_as_strict_as(&parent), strict, "{child:?} under {parent:?}");
        }
    }
}
