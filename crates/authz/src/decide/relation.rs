//! Whose the caller and the resource are to each other, and what follows: which gates have to let through together.
//!
//! Source: IAM User Guide, "How AWS enforcement code logic evaluates requests to allow or deny access" >
//! "Resource-based policies" and "Cross-account policy evaluation logic"; AWS KMS Developer Guide, "Key policies in AWS
//! KMS" and "Grants in AWS KMS".

use crate::{
    decision::{Denial, DenialEffect, Gate},
    formula::Formula,
    policy::PolicyKind,
    principal::Principal,
};

use super::{derive::Facts, gates::Gates, statements::Said};

/// Whose caller and resource are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    /// Of one account.
    Within,
    /// Of two accounts.
    Foreign,
    /// Whose the resource is, is unknown.
    Unclear,
    /// The caller is of no account: a service, an identity provider's user, nobody.
    Alone,
    /// A grant is to be retired: it is the grant that tells who may, not the key policy.
    Retiring,
}

impl Facts<'_> {
    pub(crate) fn relation(&self) -> Relation {
        if self.request.action.lower() == "kms:retiregrant" {
            return Relation::Retiring;
        }
        match (self.caller.account, self.target.owner) {
            (None, _) => Relation::Alone,
            (Some(_), None) => Relation::Unclear,
            (Some(caller), Some(owner)) if caller == owner => Relation::Within,
            (Some(_), Some(_)) => Relation::Foreign,
        }
    }

    /// Whether the gates together let the caller through, explicit denials apart.
    pub(super) fn lets_through(&self, relation: Relation, gates: &Gates) -> Formula {
        let organization = gates.resource_control.allows.clone().and(gates.service_control.allows.clone());
        let by_policy = organization.and(self.by_policy(relation, gates));
        if by_policy.is_true() {
            return by_policy;
        }
        by_policy.or(self.by_grant(relation, gates))
    }

    fn by_policy(&self, relation: Relation, gates: &Gates) -> Formula {
        let named = &gates.resource.allows;
        match relation {
            Relation::Alone => named.direct.clone(),
            Relation::Retiring => Formula::False,
            Relation::Foreign => self.by_both_sides(gates),
            Relation::Within | Relation::Unclear => {
                let direct = named.direct.clone().and(self.cap_of_direct(gates));
                let behind = named.behind.clone().and(self.cap_of_behind(gates));
                // Trust and key policies must let their own account in, other resources belong to it.
                let account = if relation == Relation::Within && self.target.policy_kind() == PolicyKind::Resource {
                    Formula::True
                } else {
                    named.account.clone()
                };
                direct.or(behind).or(account.and(gates.own()))
            }
        }
    }

    /// The caller's side caps itself, whomever the foreign policy names.
    fn by_both_sides(&self, gates: &Gates) -> Formula {
        let named = &gates.resource.allows;
        if matches!(self.caller.principal, Principal::Root(_)) && !self.assumptions.xacct_root_user {
            return Formula::False;
        }
        if self.assumptions.xacct_names_session {
            return named.clone().any().and(gates.own());
        }
        let direct = named.direct.clone().and(gates.identity.allows.clone());
        direct.or(named.behind.clone().or(named.account.clone()).and(gates.own()))
    }

    /// What caps a statement that names exactly who calls: nothing, also no boundary and no session policy.
    fn cap_of_direct(&self, gates: &Gates) -> Formula {
        let is_named_user = matches!(self.caller.principal, Principal::User(_));
        let is_trust = self.target.policy_kind() == PolicyKind::Trust;
        if is_named_user && is_trust && !self.assumptions.trust_named_user_boundary {
            return self.cap_of_boundary(gates);
        }
        Formula::True
    }

    /// What caps a statement that names the role or user behind a session.
    fn cap_of_behind(&self, gates: &Gates) -> Formula {
        if self.target.policy_kind() == PolicyKind::Trust && !self.assumptions.trust_named_boundary {
            return Formula::True;
        }
        self.cap_of_boundary(gates).and(gates.session.allows.clone())
    }

    /// A grant is enough by itself, in which account the caller may be. What caps it, nobody has published.
    fn by_grant(&self, relation: Relation, gates: &Gates) -> Formula {
        let Gates { granted, session, identity, .. } = gates;
        if granted.is_nobody() {
            return Formula::False;
        }
        let assumed = &self.assumptions;
        let cap = |caps: bool, gate: &Formula| if caps { gate.clone() } else { Formula::True };
        let own_boundary = cap(!assumed.kms_grant_boundary, &self.cap_of_boundary(gates));
        let of_itself = own_boundary.clone().and(cap(!assumed.kms_grant_session_grantee, &session.allows));
        let of_role = own_boundary.and(cap(assumed.kms_grant_session_policy, &session.allows));
        let of_account = if assumed.kms_grant_grantee_account || relation == Relation::Retiring {
            gates.own()
        } else {
            of_itself.clone()
        };
        let given = granted.direct.clone().and(of_itself);
        let given = given.or(granted.behind.clone().and(of_role)).or(granted.account.clone().and(of_account));
        given
            .and(cap(self.needs_identity_beside_grant(relation), &identity.allows))
            .and(cap(assumed.kms_grant_scp, &gates.service_control.allows))
            .and(cap(assumed.kms_grant_rcp, &gates.resource_control.allows))
    }

    /// Whether some policies of an organization, their denials too, are assumed not to cap what grants give.
    pub(super) const fn grants_are_free_of_organization(&self) -> bool {
        !self.assumptions.kms_grant_scp || !self.assumptions.kms_grant_rcp
    }

    /// What grants give as far as that is assumed.
    pub(super) fn by_grant_free_of_organization(&self, relation: Relation, gates: &Gates) -> Formula {
        if !self.grants_are_free_of_organization() {
            return Formula::False;
        }
        let mut free = gates.clone();
        if !self.assumptions.kms_grant_scp {
            free.service_control = Said::OPEN;
        }
        if !self.assumptions.kms_grant_rcp {
            free.resource_control = Said::OPEN;
        }
        free.denied().not().and(self.by_grant(relation, &free))
    }

    /// The first gate, in AWS's order as far as that is assumed, that surely refuses. Only asked where together they
    /// do.
    pub(super) fn refusing(&self, relation: Relation, gates: &Gates) -> Denial {
        let said = [
            (Gate::ResourceControl, &gates.resource_control.denies),
            (Gate::ServiceControl, &gates.service_control.denies),
            (self.resource_gate(), &gates.resource.denies),
            (Gate::Identity, &gates.identity.denies),
            (Gate::Boundary, &gates.boundary.denies),
            (Gate::Session, &gates.session.denies),
        ];
        match self.named_of(said.into_iter().filter(|(_, denies)| denies.is_true()).map(|(gate, _)| gate)) {
            Some(gate) => self.denial(DenialEffect::Explicit, gate),
            None => self.denial(DenialEffect::Implicit, self.not_allowing(relation, gates)),
        }
    }

    /// Which of several gates that refuse is named.
    fn named_of(&self, mut refusing: impl DoubleEndedIterator<Item = Gate>) -> Option<Gate> {
        if self.assumptions.denial_order { refusing.next() } else { refusing.next_back() }
    }

    fn not_allowing(&self, relation: Relation, gates: &Gates) -> Gate {
        let of_organization = [
            (Gate::ResourceControl, &gates.resource_control.allows),
            (Gate::ServiceControl, &gates.service_control.allows),
        ];
        let shut = of_organization.into_iter().filter(|(_, allows)| allows.is_false()).map(|(gate, _)| gate);
        let Some(of_organization) = self.named_of(shut) else { return self.not_allowing_within(relation, gates) };
        let mut free = gates.clone();
        (free.resource_control.allows, free.service_control.allows) = (Formula::True, Formula::True);
        let is_only_one = self.assumptions.denial_order || !self.lets_through(relation, &free).is_false();
        if is_only_one { of_organization } else { self.not_allowing_within(relation, gates) }
    }

    /// The gate that does not allow, of those below the organization's.
    fn not_allowing_within(&self, relation: Relation, gates: &Gates) -> Gate {
        let named = &gates.resource.allows;
        let resource_is_needed = match relation {
            Relation::Retiring if gates.granted.is_nobody() => return Gate::Grants,
            Relation::Retiring => return self.capping_grant(relation, gates),
            Relation::Alone => return self.resource_gate(),
            Relation::Within => self.target.policy_kind() != PolicyKind::Resource,
            Relation::Foreign | Relation::Unclear => true,
        };
        // Who was let in by name did not need policies of its own, only not to be capped.
        let is_named = relation == Relation::Within && !(named.direct.is_false() && named.behind.is_false());
        if is_named {
            let is_boundary = gates.boundary.allows.is_false();
            let is_session = gates.session.allows.is_false() && !(is_boundary && self.assumptions.denial_order);
            return if is_boundary && !is_session { Gate::Boundary } else { Gate::Session };
        }
        if !gates.granted.is_nobody() {
            return self.capping_grant(relation, gates);
        }
        let is_by_resource = resource_is_needed && named.is_nobody();
        let is_by_resource = is_by_resource && (self.assumptions.denial_order || !gates.own().is_false());
        if is_by_resource { self.resource_gate() } else { self.own_refusing(gates) }
    }

    /// The caller's own gate that is named for not allowing.
    fn own_refusing(&self, gates: &Gates) -> Gate {
        let own = [
            (Gate::Identity, &gates.identity.allows),
            (Gate::Boundary, &gates.boundary.allows),
            (Gate::Session, &gates.session.allows),
        ];
        let shut = own.into_iter().filter(|(_, allows)| allows.is_false()).map(|(gate, _)| gate);
        self.named_of(shut).unwrap_or(Gate::Identity)
    }

    /// The first of the caller's own gates that keeps a grant from it.
    fn capping_grant(&self, relation: Relation, gates: &Gates) -> Gate {
        let Gates { granted, identity, boundary, .. } = gates;
        if granted.direct.is_false() && granted.behind.is_false() {
            return self.own_refusing(gates);
        }
        if self.needs_identity_beside_grant(relation) && identity.allows.is_false() {
            return Gate::Identity;
        }
        let is_boundary = !self.assumptions.kms_grant_boundary && boundary.allows.is_false();
        if is_boundary { Gate::Boundary } else { Gate::Session }
    }

    /// Of service-linked roles and of EC2's own role it is published that a grant on a foreign key is enough.
    fn needs_identity_beside_grant(&self, relation: Relation) -> bool {
        let is_of_aws = self.caller.is_service_linked() || self.caller.is_infrastructure();
        relation == Relation::Foreign && !is_of_aws && !self.assumptions.kms_grant_foreign_enough
    }
}

impl Gates {
    /// What the caller's own account lets it do.
    fn own(&self) -> Formula {
        self.identity.allows.clone().and(self.boundary.allows.clone()).and(self.session.allows.clone())
    }
}
