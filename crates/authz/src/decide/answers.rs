//! What is decided before any policy is asked: calls that need no permission, and calls that some credentials can
//! never make.
//!
//! Source: IAM User Guide, "Compare AWS STS credentials" (which operations which credentials can call), "Control access
//! for GetSessionToken"; AWS STS API Reference, "AssumeRole", "GetCallerIdentity".

use crate::{
    decision::{DenialEffect, Gate, Verdict},
    formula::Formula,
    matching::{ContextView, Lookup},
    principal::Principal,
    rules::{self, Rule},
};

use super::{derive::Facts, fact::fact, observer::Observer};

impl Facts<'_> {
    /// The verdict that does not depend on policies, if there is one.
    pub(super) fn without_policies<O: Observer>(&self, observer: &mut O) -> Option<Verdict> {
        let action = &self.request.action;
        if !matches!(action.service(), "sts" | "iam") {
            return None;
        }
        let free = match action.lower() {
            "sts:getcalleridentity" => Some(&rules::STS_GET_CALLER_IDENTITY),
            "sts:getsessiontoken" => Some(&rules::STS_SESSION_TOKEN_NO_PERMISSION),
            _ => None,
        };
        if let Some(rule) = free {
            observer.rule(rule);
        }
        if let Some(rule) = self.never_called_by() {
            observer.rule(rule);
            return Some(Verdict::Denied(self.denial(DenialEffect::Implicit, Gate::Identity)));
        }
        let has_credentials = !matches!(self.caller.principal, Principal::Anonymous | Principal::Federated { .. });
        (free.is_some() && has_credentials).then_some(Verdict::Allowed)
    }

    /// Why these credentials can never make the call.
    fn never_called_by(&self) -> Option<&'static Rule> {
        let action = self.request.action.lower();
        let is_iam = self.request.action.service() == "iam";
        match (action, self.caller.principal) {
            ("sts:getcalleridentity", _) => None,
            // A permission that calls to other services need, and no operation of IAM.
            ("iam:passrole", _) => None,
            ("sts:getsessiontoken" | "sts:getfederationtoken", Principal::Session(_)) => {
                Some(&rules::STS_ROLE_NO_FEDERATION)
            }
            ("sts:assumerole", Principal::Root(_)) => Some(&rules::TRUST_ROOT_USER),
            (_, Principal::FederatedUser(_)) if is_iam => Some(&rules::STS_FEDERATION_IAM),
            (_, Principal::FederatedUser(_)) => Some(&rules::STS_FEDERATION_STS),
            _ if !self.request.is_by_session_token() => None,
            _ if is_iam => self.with_device_code().is_false().then_some(&rules::STS_SESSION_TOKEN_IAM),
            // The latter two are permissions that AssumeRole needs, and no operations.
            ("sts:assumerole" | "sts:tagsession" | "sts:setsourceidentity", _) => None,
            _ => Some(&rules::STS_SESSION_TOKEN_STS),
        }
    }

    /// Whether the call has the device's code that it needs besides all policies.
    pub(super) fn with_device_code(&self) -> Formula {
        let action = &self.request.action;
        if action.service() != "iam" || action.lower() == "iam:passrole" || !self.request.is_by_session_token() {
            return Formula::True;
        }
        match self.look_up("aws:multifactorauthpresent") {
            Lookup::Values(values) => values.iter().any(|value| value == "true").into(),
            Lookup::Absent => Formula::False,
            Lookup::Unknown => fact("aws:MultiFactorAuthPresent", || {
                "the session of GetSessionToken was made with a device's code".to_owned()
            }),
        }
    }
}
