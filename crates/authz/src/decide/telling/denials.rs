//! Rules about denials: which one is told, and by which phrase.

use crate::{
    decision::{DenialEffect, Gate, Verdict},
    phrase::ends_in_role,
    policy::PolicyKind,
    rules::{self, Rule},
};

use super::{
    super::{derive::Facts, gates::Gates, observer::Observer, relation::Relation},
    keys::chosen,
};

impl Facts<'_> {
    pub(in super::super) fn tell_of_denial<O: Observer>(&self, gates: &Gates, verdict: &Verdict, observer: &mut O) {
        let allows = [
            &gates.resource_control.allows,
            &gates.service_control.allows,
            &gates.identity.allows,
            &gates.boundary.allows,
            &gates.session.allows,
        ];
        let denies = [
            &gates.resource_control.denies,
            &gates.service_control.denies,
            &gates.resource.denies,
            &gates.identity.denies,
            &gates.boundary.denies,
            &gates.session.denies,
        ];
        let refusing = denies.iter().filter(|denies| denies.is_true()).count();
        if refusing > 0 {
            observer.rule(&rules::IAM_EVAL_EXPLICIT_DENY);
        }
        observer.rule(&rules::IAM_EVAL_STATEMENTS_OR);
        let Verdict::Denied(denial) = verdict else { return };
        let is_implicit = denial.effect == DenialEffect::Implicit;
        let is_resource_needed =
            self.target.policy_kind() != PolicyKind::Resource && self.relation() != Relation::Retiring;
        let is_by_resource = is_resource_needed && gates.resource.allows.is_nobody();
        let not_allowing = allows.iter().filter(|allows| allows.is_false()).count() + usize::from(is_by_resource);
        let is_several = refusing + not_allowing > 1;
        let told = chosen([
            (is_implicit, &rules::IAM_EVAL_IMPLICIT_DENY),
            (is_several, &rules::DENIAL_ONE_TYPE),
            (is_several, &rules::DENIAL_ORDER),
            (self.target.policy_kind() == PolicyKind::Key && is_implicit, &rules::DENIAL_KEY_POLICY_BOTH),
            (true, &rules::DENIAL_FORMAT),
        ]);
        let is_typed = !(self.assumptions.denial_sts_policy_type && ends_in_role(denial, self.request));
        let phrase = is_typed.then(|| phrase(denial.gate, denial.effect)).flatten();
        for rule in told.into_iter().chain(phrase) {
            observer.rule(rule);
        }
    }
}

/// The rule that tells AWS's phrase; grants and implicit denials of RCPs have none.
const fn phrase(gate: Gate, effect: DenialEffect) -> Option<&'static Rule> {
    Some(match (gate, effect) {
        (Gate::ResourceControl, DenialEffect::Explicit) => &rules::DENIAL_RCP_EXPLICIT,
        (Gate::ServiceControl, DenialEffect::Explicit) => &rules::DENIAL_SCP_EXPLICIT,
        (Gate::ServiceControl, DenialEffect::Implicit) => &rules::DENIAL_SCP_IMPLICIT,
        (Gate::Resource(PolicyKind::Trust), DenialEffect::Explicit) => &rules::DENIAL_TRUST_EXPLICIT,
        (Gate::Resource(PolicyKind::Trust), DenialEffect::Implicit) => &rules::DENIAL_TRUST_IMPLICIT,
        (Gate::Resource(_), DenialEffect::Explicit) => &rules::DENIAL_RESOURCE_EXPLICIT,
        (Gate::Resource(_), DenialEffect::Implicit) => &rules::DENIAL_RESOURCE_IMPLICIT,
        (Gate::Identity, DenialEffect::Explicit) => &rules::DENIAL_IDENTITY_EXPLICIT,
        (Gate::Identity, DenialEffect::Implicit) => &rules::DENIAL_IDENTITY_IMPLICIT,
        (Gate::Boundary, DenialEffect::Explicit) => &rules::DENIAL_BOUNDARY_EXPLICIT,
        (Gate::Boundary, DenialEffect::Implicit) => &rules::DENIAL_BOUNDARY_IMPLICIT,
        (Gate::Session, DenialEffect::Explicit) => &rules::DENIAL_SESSION_EXPLICIT,
        (Gate::Session, DenialEffect::Implicit) => &rules::DENIAL_SESSION_IMPLICIT,
        (Gate::Grants, _) | (Gate::ResourceControl, DenialEffect::Implicit) => return None,
    })
}
