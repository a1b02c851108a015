//! Whether a request is within the constraints of a grant.
//!
//! Source: AWS KMS API Reference, "GrantConstraints"; AWS KMS Developer Guide, "Creating grants" > "Using grant
//! constraints".

use aws_model::EncryptionContext;

use crate::{
    formula::Formula,
    matching::{ContextView, Lookup},
    pattern::{Fit, Manner, Pattern, Resolved, Syntax},
    principal::Principal,
    world::{ContextConstraint, Grant, GrantOperation},
};

use super::super::{derive::Facts, fact::fact};

impl Facts<'_> {
    /// Whether the encryption context is within the grant's constraint. Operations without an encryption context are
    /// not constrained, and a grant made through this one has rules of its own.
    pub(super) fn context_fits(&self, grant: &Grant, operation: GrantOperation) -> Formula {
        use GrantOperation::{CreateGrant, DescribeKey, RetireGrant};
        if matches!(operation, CreateGrant | DescribeKey | RetireGrant) {
            return Formula::True;
        }
        let told = &self.request.kms.encryption_context;
        match &grant.constraints.encryption_context {
            None => Formula::True,
            Some(ContextConstraint::Subset(wanted)) => self.has_pairs(told, wanted),
            Some(ContextConstraint::Equals(wanted)) => {
                // What is told but not wanted cannot become right by what is not told yet.
                self.holds_all(wanted, told).and(self.has_pairs(told, wanted)).and(self.has_no_other_pair())
            }
        }
    }

    /// Whether the request has pairs. One that is missing may be among those that nobody told.
    fn has_pairs(&self, told: &EncryptionContext, wanted: &EncryptionContext) -> Formula {
        Formula::all(wanted.pairs().map(|(key, value)| match self.value_in(told, key) {
            Some(known) => (known == value).into(),
            None if self.request.kms.encryption_context_is_partial => {
                fact(&format!("kms:EncryptionContext:{key}"), || format!("the encryption context has {key}={value}"))
            }
            None => Formula::False,
        }))
    }

    /// Whether what is told of the encryption context is all of it.
    fn has_no_other_pair(&self) -> Formula {
        if self.request.kms.encryption_context_is_partial {
            let says = || "the encryption context has no other pair".to_owned();
            return fact("kms:EncryptionContextKeys", says);
        }
        Formula::True
    }

    /// Whether one encryption context has all pairs of another.
    pub(super) fn holds_all(&self, whole: &EncryptionContext, part: &EncryptionContext) -> Formula {
        part.pairs().all(|(key, value)| self.value_in(whole, key) == Some(value)).into()
    }

    /// The value of a pair whose key is compared as grant constraints compare it.
    fn value_in<'c>(&self, context: &'c EncryptionContext, key: &str) -> Option<&'c str> {
        if self.assumptions.kms_grant_context_key_case {
            context.pairs().find(|(known, _)| known.eq_ignore_ascii_case(key)).map(|(_, value)| value)
        } else {
            context.value_of(key)
        }
    }

    /// Whether the call is made for the resource that the grant is for; only asked of services.
    pub(super) fn source_fits(&self, grant: &Grant, operation: GrantOperation) -> Formula {
        let Some(wanted) = grant.constraints.source_arn.as_deref() else { return Formula::True };
        let is_service = matches!(self.caller.principal, Principal::Service(_));
        if !is_service || operation == GrantOperation::CreateGrant {
            return Formula::True;
        }
        match self.look_up("aws:sourcearn") {
            Lookup::Values(values) => values.iter().any(|source| self.is_source(wanted, source)).into(),
            Lookup::Absent => Formula::False,
            Lookup::Unknown => fact("aws:SourceArn", || format!("the call is made for {wanted}")),
        }
    }

    fn is_source(&self, wanted: &str, source: &str) -> bool {
        if self.assumptions.kms_grant_source_arn_pattern {
            return source == wanted;
        }
        let pattern = Pattern::read(wanted, Syntax { wildcards: true, variables: false });
        pattern.fits(source, Manner::Plain, |_| Resolved::Nothing) == Fit::Yes
    }
}
