//! What keeps a grant from giving.

use crate::{
    decide::Facts,
    decision::{GrantMiss, GrantReport},
    principal::Principal,
    world::{ContextConstraint, Grant, GrantPrincipal},
};

use super::{
    Difference, Differing,
    distance::{between_arns, unlikeness},
};

impl Facts<'_> {
    /// Everything that keeps a grant from giving what is asked.
    pub(super) fn grant_differences(&self, report: &GrantReport) -> Vec<(u32, Difference)> {
        let grant = &*report.grant;
        if report.misses.is_empty() {
            return vec![(1, self.grant_difference(grant, self.undecided(grant), true))];
        }
        let weighed = |miss: &GrantMiss| (self.weigh(*miss, grant), self.grant_difference(grant, *miss, false));
        report.misses.iter().map(weighed).collect()
    }

    fn weigh(&self, miss: GrantMiss, grant: &Grant) -> u32 {
        match miss {
            GrantMiss::OtherGrantee => {
                let (named, caller) = (grant.grantee.to_string(), self.grantee_name());
                if named.starts_with("arn:") && caller.starts_with("arn:") {
                    between_arns(&named, &caller).0.min(10)
                } else {
                    unlikeness(&named, &caller, 10).max(1)
                }
            }
            GrantMiss::GranteeRecreated | GrantMiss::Propagation => 1,
            GrantMiss::Operation | GrantMiss::SourceArn => 3,
            GrantMiss::EncryptionContext | GrantMiss::ChildOperations | GrantMiss::ChildConstraints => 2,
        }
    }

    fn grant_difference(&self, grant: &Grant, miss: GrantMiss, is_open: bool) -> Difference {
        let operations = || grant.operations.iter().map(|operation| operation.as_str()).collect::<Vec<_>>().join(", ");
        let (says, request_has) = match miss {
            GrantMiss::OtherGrantee => (grant.grantee.to_string(), Some(self.grantee_name())),
            GrantMiss::GranteeRecreated => (
                grant.grantee_unique_id.as_deref().unwrap_or_default().to_owned(),
                self.caller.identity().map(|identity| identity.unique_id.to_string()),
            ),
            GrantMiss::Operation => (operations(), Some(self.request.action.name().to_owned())),
            GrantMiss::EncryptionContext => {
                let told = &self.request.kms.encryption_context;
                (constraint(grant), (!told.is_empty()).then(|| told.to_string()))
            }
            GrantMiss::SourceArn => {
                (grant.constraints.source_arn.as_deref().unwrap_or_default().to_owned(), self.value_of("aws:sourcearn"))
            }
            GrantMiss::ChildOperations => {
                let child = self.request.kms.new_grant.as_ref().map(|child| child.operations);
                let asked = child.map(|child| child.iter().map(|operation| operation.as_str()).collect::<Vec<_>>());
                (operations(), asked.map(|asked| asked.join(", ")))
            }
            GrantMiss::ChildConstraints => (constraint(grant), None),
            GrantMiss::Propagation => {
                let told = &self.request.kms.grant_tokens;
                let own = grant.token.as_deref().unwrap_or("one that nobody told");
                (own.to_owned(), (!told.is_empty()).then(|| told.join(", ")))
            }
        };
        Difference { element: Differing::Grant(miss), says, request_has, span: None, is_open }
    }

    /// What a grant hangs on that neither gives nor does not.
    fn undecided(&self, grant: &Grant) -> GrantMiss {
        match (&grant.grantee, &grant.constraints.encryption_context, &grant.constraints.source_arn) {
            _ if grant.propagated != Some(true) && !self.has_token(grant) => GrantMiss::Propagation,
            (_, Some(_), _) => GrantMiss::EncryptionContext,
            (_, None, Some(_)) => GrantMiss::SourceArn,
            (GrantPrincipal::RoleSession(_), None, None) => GrantMiss::OtherGrantee,
            (_, None, None) => GrantMiss::ChildOperations,
        }
    }

    /// The caller as a grant would name it.
    fn grantee_name(&self) -> String {
        match self.caller.principal {
            Principal::Session(session) => session.role.to_string(),
            other => other.to_string(),
        }
    }
}

fn constraint(grant: &Grant) -> String {
    match &grant.constraints.encryption_context {
        Some(ContextConstraint::Equals(pairs)) => format!("EncryptionContextEquals {pairs}"),
        Some(ContextConstraint::Subset(pairs)) => format!("EncryptionContextSubset {pairs}"),
        None => String::new(),
    }
}
