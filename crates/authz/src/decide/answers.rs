//! What is decided before any policy is asked: calls that need no permission, and calls that some credentials can
//! never make.
//!
//! Source: IAM User Guide, "Compare AWS STS credentials" (which operations which credentials can call), "Control access
//! for GetSessionToken"; AWS STS API Reference, "AssumeRole", "GetCallerIdentity".

use crate::{
    decision::{DenialEffect, Gate, Verdict},
    principal::Principal,
    rules::{self, Rule},
};

use super::{derive::Facts, observer::Observer};

impl Facts<'_> {
    /// The verdict that does not depend on policies, if there is one.
    pub(super) fn without_policies<O: Observer>(&self, observer: &mut O) -> Option<Verdict> {
        let (rule, is_allowed) = self.fixed_answer()?;
        observer.rule(rule);
        Some(if is_allowed {
            Verdict::Allowed
        } else {
            Verdict::Denied(self.denial(DenialEffect::Implicit, Gate::Identity))
        })
    }

    fn fixed_answer(&self) -> Option<(&'static Rule, bool)> {
        let action = &self.request.action;
        if !matches!(action.service(), "sts" | "iam") {
            return None;
        }
        match (action.lower(), self.caller.principal) {
            ("sts:getcalleridentity", principal) if !matches!(principal, Principal::Anonymous) => {
                Some((&rules::STS_GET_CALLER_IDENTITY, true))
            }
            ("sts:getsessiontoken", Principal::User(_) | Principal::Root(_)) => {
                Some((&rules::STS_SESSION_TOKEN_NO_PERMISSION, true))
            }
            ("sts:getsessiontoken" | "sts:getfederationtoken", Principal::Session(_)) => {
                Some((&rules::STS_ROLE_NO_FEDERATION, false))
            }
            ("sts:assumerole", Principal::Root(_)) => Some((&rules::TRUST_ROOT_USER, false)),
            (_, Principal::FederatedUser(_)) if action.service() == "iam" => Some((&rules::STS_FEDERATION_IAM, false)),
            (_, Principal::FederatedUser(_)) => Some((&rules::STS_FEDERATION_STS, false)),
            _ => None,
        }
    }
}
