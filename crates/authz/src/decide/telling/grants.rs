//! Rules about single grants.

use crate::{
    principal::Principal,
    rules::{self, Rule},
    world::{ContextConstraint, Grant, GrantOperation, GrantPrincipal},
};

use super::{
    super::{derive::Facts, naming::Named, observer::Observer},
    keys::chosen,
};

impl Facts<'_> {
    /// Tells the rules that had a say in what a grant gives.
    pub(in super::super) fn tell_of_grant<O: Observer>(
        &self,
        grant: &Grant,
        named: &Named,
        operation: GrantOperation,
        observer: &mut O,
    ) {
        let told = [self.about_grantee(grant, named), self.about_constraints(grant, named, operation)];
        for rule in told.into_iter().flatten() {
            observer.rule(rule);
        }
        if !named.is_nobody() {
            self.tell_of_propagation(grant, observer);
        }
    }

    /// Tells why a new grant counts already, or does not.
    pub(in super::super) fn tell_of_propagation<O: Observer>(&self, grant: &Grant, observer: &mut O) {
        if grant.propagated != Some(true) {
            let has_token = self.has_token(grant);
            observer.rule(if has_token { &rules::KMS_GRANT_TOKEN } else { &rules::KMS_GRANT_PROPAGATION });
        }
    }

    fn about_grantee(&self, grant: &Grant, named: &Named) -> Vec<&'static Rule> {
        let is_meant = !named.is_nobody();
        let is_session = matches!(self.caller.principal, Principal::Session(_));
        chosen([
            (is_meant && matches!(grant.grantee, GrantPrincipal::Role(_)), &rules::KMS_GRANT_GRANTEE_ROLE),
            (is_session && matches!(grant.grantee, GrantPrincipal::RoleSession(_)), &rules::KMS_GRANT_GRANTEE_SESSION),
            (is_meant && matches!(grant.grantee, GrantPrincipal::Account(_)), &rules::KMS_GRANT_GRANTEE_ACCOUNT),
            (!is_meant && self.has_token(grant), &rules::KMS_GRANT_TOKEN_NOT_BEARER),
            (is_meant, &rules::KMS_GRANT_OPERATION_LISTED),
            (!is_meant, &rules::KMS_GRANT_ONE_GRANTEE),
        ])
    }

    fn about_constraints(&self, grant: &Grant, named: &Named, operation: GrantOperation) -> Vec<&'static Rule> {
        if named.is_nobody() || !grant.operations.contains(operation) {
            return Vec::new();
        }
        let constraint = grant.constraints.encryption_context.as_ref();
        let is_ignored = matches!(operation, GrantOperation::DescribeKey | GrantOperation::RetireGrant);
        let makes = operation == GrantOperation::CreateGrant;
        let asks = constraint.filter(|_| !is_ignored && !makes);
        let source = grant.constraints.source_arn.as_deref();
        let is_service = matches!(self.caller.principal, Principal::Service(_));
        let (other_key, other_value) = asks.map_or((false, false), |constraint| self.other_case(constraint));
        chosen([
            (matches!(asks, Some(ContextConstraint::Equals(_))), &rules::KMS_GRANT_CONTEXT_EQUALS),
            (matches!(asks, Some(ContextConstraint::Subset(_))), &rules::KMS_GRANT_CONTEXT_SUBSET),
            (other_key, &rules::KMS_GRANT_CONTEXT_KEY_CASE),
            (other_value, &rules::KMS_GRANT_CONTEXT_VALUE_CASE),
            (is_ignored && constraint.is_some(), &rules::KMS_GRANT_CONTEXT_IGNORED),
            (source.is_some() && is_service, &rules::KMS_GRANT_SOURCE_ARN),
            (source.is_some() && !is_service, &rules::KMS_GRANT_SOURCE_ARN_OF_SERVICES),
            (source.is_some_and(|source| source.contains(['*', '?'])), &rules::KMS_GRANT_SOURCE_ARN_PATTERN),
            (makes, &rules::KMS_GRANT_CHILD_OPERATIONS),
            (makes, &rules::KMS_GRANT_CHILD_ONLY_GRANTED),
            (makes && constraint.is_some(), &rules::KMS_GRANT_CHILD_CONSTRAINTS),
            (makes && source.is_some(), &rules::KMS_GRANT_CHILD_SOURCE_ARN),
        ])
    }

    /// Whether the request has a pair of the constraint but for the case of its key, and one but for that of its value.
    fn other_case(&self, constraint: &ContextConstraint) -> (bool, bool) {
        let (ContextConstraint::Equals(wanted) | ContextConstraint::Subset(wanted)) = constraint;
        let told = &self.request.kms.encryption_context;
        let any = |differs: fn((&str, &str), (&str, &str)) -> bool| {
            wanted.pairs().any(|wanted| told.pairs().any(|told| differs(wanted, told)))
        };
        (
            any(|(key, _), (told, _)| key != told && key.eq_ignore_ascii_case(told)),
            any(|(key, value), (told, other)| {
                key.eq_ignore_ascii_case(told) && value != other && value.eq_ignore_ascii_case(other)
            }),
        )
    }
}
