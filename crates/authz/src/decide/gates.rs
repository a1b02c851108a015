//! Every gate that a request has to pass, asked in AWS's order, and what they say together.
//!
//! Source: IAM User Guide, "Policy evaluation logic", "How AWS enforcement code logic evaluates requests to allow or
//! deny access", "Cross-account policy evaluation logic".

use aws_model::AccountId;

use crate::{
    decision::{Denial, DenialEffect, Gate},
    formula::Formula,
    policy::PolicyKind,
    rules,
};

use super::{
    caller::Standing,
    derive::Facts,
    fact::fact,
    kms,
    naming::Named,
    observer::Observer,
    relation::Relation,
    statements::{ResourceSaid, Said},
    target::TargetKind,
};

/// What every gate said.
#[derive(Clone, Debug)]
pub(super) struct Gates {
    pub(super) resource_control: Said,
    pub(super) service_control: Said,
    pub(super) resource: ResourceSaid,
    pub(super) granted: Named,
    pub(super) identity: Said,
    pub(super) boundary: Said,
    pub(super) session: Said,
}

impl Facts<'_> {
    /// Asks gate after gate. Who does not examine is answered at the first explicit denial, and asks for grants only
    /// where policies do not let the caller in.
    pub(super) fn ask<O: Observer>(&self, relation: Relation, observer: &mut O) -> Result<Gates, Denial> {
        let resource_control = self.stop_if_denied::<O>(Gate::ResourceControl, self.resource_control(observer))?;
        let service_control = self.stop_if_denied::<O>(Gate::ServiceControl, self.service_control(observer))?;
        let resource = self.resource(relation, observer);
        self.stop::<O>(self.resource_gate(), &resource.denies)?;
        let mut gates = Gates {
            resource_control,
            service_control,
            resource,
            granted: Named::NOT,
            identity: Said::OPEN,
            boundary: Said::OPEN,
            session: Said::OPEN,
        };
        if O::EXAMINES {
            gates.granted = self.grants(relation, observer);
        }
        gates.identity = self.stop_if_denied::<O>(Gate::Identity, self.identity(observer))?;
        gates.boundary = self.stop_if_denied::<O>(Gate::Boundary, self.boundary(observer))?;
        gates.session = self.stop_if_denied::<O>(Gate::Session, self.session(observer))?;
        let may_need_grants = self.grants_are_free_of_organization() || !self.lets_through(relation, &gates).is_true();
        if !O::EXAMINES && may_need_grants {
            gates.granted = self.grants(relation, observer);
        }
        Ok(gates)
    }

    fn stop_if_denied<O: Observer>(&self, gate: Gate, said: Said) -> Result<Said, Denial> {
        self.stop::<O>(gate, &said.denies).map(|()| said)
    }

    fn stop<O: Observer>(&self, gate: Gate, denies: &Formula) -> Result<(), Denial> {
        let is_final = match gate {
            Gate::ResourceControl => self.assumptions.kms_grant_rcp,
            Gate::ServiceControl => self.assumptions.kms_grant_scp,
            Gate::Resource(_) | Gate::Grants | Gate::Identity | Gate::Boundary | Gate::Session => true,
        };
        // Otherwise the last one that denies is named, not the first.
        let is_final = is_final && self.assumptions.denial_order;
        if !O::EXAMINES && is_final && denies.is_true() {
            return Err(self.denial(DenialEffect::Explicit, gate));
        }
        Ok(())
    }

    /// A denial by a gate, with whose policies those are.
    pub(super) fn denial(&self, effect: DenialEffect, gate: Gate) -> Denial {
        let policy = match effect {
            DenialEffect::Explicit => self.refusing_policy(gate),
            DenialEffect::Implicit => None,
        };
        Denial { effect, gate, account: self.account_of(gate), policy }
    }

    fn account_of(&self, gate: Gate) -> Option<AccountId> {
        match gate {
            Gate::ResourceControl | Gate::Resource(_) | Gate::Grants => self.target.owner,
            Gate::ServiceControl | Gate::Identity | Gate::Boundary | Gate::Session => self.caller.account,
        }
    }

    pub(super) const fn resource_gate(&self) -> Gate {
        Gate::Resource(self.target.policy_kind())
    }

    /// What the resource's own policy says. About retiring grants a key policy has nothing to say.
    ///
    /// Source: AWS KMS Developer Guide, "Retiring and revoking grants".
    fn resource<O: Observer>(&self, relation: Relation, observer: &mut O) -> ResourceSaid {
        if relation == Relation::Retiring {
            return ResourceSaid::NOTHING;
        }
        let mut said = match self.target.policy() {
            Some(policy) => self.of_resource(policy, observer),
            None if self.target.policy_is_unknown() => self.unknown_resource_policy(relation),
            None => ResourceSaid::NOTHING,
        };
        if relation == Relation::Foreign
            && self.target.policy_kind() == PolicyKind::Key
            && !kms::works_across_accounts(&self.request.action)
        {
            observer.rule(&rules::KMS_FOREIGN_INEFFECTIVE);
            said.allows = Named::NOT;
        }
        if self.request.action.lower() == "kms:putkeypolicy" && self.target.is_aws_managed_key() {
            observer.rule(&rules::KMS_AWS_MANAGED_FIXED);
            said.allows = Named::NOT;
        }
        if O::EXAMINES && (self.target.policy().is_some() || self.target.policy_kind() != PolicyKind::Resource) {
            observer.gate(self.resource_gate(), self.target.owner, &said.denies, &said.allows.clone().any());
        }
        said
    }

    fn unknown_resource_policy(&self, relation: Relation) -> ResourceSaid {
        let (action, arn) = (&self.request.action, &self.request.resource.arn);
        let lets = |says: &str| fact("aws:ResourceAccount", || format!("{says} {action} on {arn}"));
        let denies = lets("the resource's policy denies the caller");
        let allows = match relation {
            Relation::Alone | Relation::Foreign => Named::direct(lets("the resource's policy lets the caller")),
            _ => Named {
                direct: lets("the resource's policy lets the caller itself"),
                behind: Formula::False,
                account: lets("the resource is of the caller's account, or its policy lets the caller's account"),
            },
        };
        ResourceSaid { denies, allows }
    }

    fn grants<O: Observer>(&self, relation: Relation, observer: &mut O) -> Named {
        match &self.target.kind {
            TargetKind::Key { key, .. } if relation == Relation::Retiring => self.may_retire(*key, observer),
            TargetKind::UnknownKey if relation == Relation::Retiring => self.may_retire(None, observer),
            TargetKind::Key { key: Some(key), .. } => self.granted(key, observer),
            TargetKind::Key { key: None, .. } | TargetKind::UnknownKey if self.granted_operation().is_some() => {
                let (action, arn) = (&self.request.action, &self.request.resource.arn);
                Named::direct(fact("aws:ResourceAccount", || format!("a grant lets the caller {action} on {arn}")))
            }
            _ => Named::NOT,
        }
    }

    /// What the identity's own policies say.
    fn identity<O: Observer>(&self, observer: &mut O) -> Said {
        match &self.caller.standing {
            Standing::Root => Said::OPEN,
            Standing::Identity(identity) => {
                let said = self.any_of(&identity.policies, None, observer);
                observer.gate(Gate::Identity, self.caller.account, &said.denies, &said.allows);
                said
            }
            Standing::Unknown => {
                let action = &self.request.action;
                let said = Said {
                    denies: fact("aws:PrincipalArn", || format!("a policy of the caller's denies {action}")),
                    allows: fact("aws:PrincipalArn", || format!("the caller's own policies allow {action}")),
                };
                observer.gate(Gate::Identity, self.caller.account, &said.denies, &said.allows);
                said
            }
            Standing::Gone => {
                observer.gate(Gate::Identity, self.caller.account, &Formula::False, &Formula::False);
                Said::NOTHING
            }
            Standing::None => Said::NOTHING,
        }
    }

    /// What the permissions boundary says.
    fn boundary<O: Observer>(&self, observer: &mut O) -> Said {
        let Some(boundary) = self.caller.identity().and_then(|identity| identity.boundary.as_ref()) else {
            return Said::OPEN;
        };
        let said = self.any_of([boundary], None, observer);
        observer.gate(Gate::Boundary, self.caller.account, &said.denies, &said.allows);
        observer.rule(&rules::IAM_EVAL_BOUNDARY);
        said
    }

    /// What the permissions boundary lets through of what a resource's policy or a grant gives. Of a caller whose own
    /// side is unknown it is open whether a boundary keeps it from that.
    pub(super) fn cap_of_boundary(&self, gates: &Gates) -> Formula {
        match self.caller.standing {
            Standing::Unknown => fact("aws:PrincipalArn", || {
                format!("no permissions boundary of the caller's keeps it from {}", self.request.action)
            }),
            _ => gates.boundary.allows.clone(),
        }
    }

    /// What the session's policies say.
    fn session<O: Observer>(&self, observer: &mut O) -> Said {
        let Some(policies) = self.caller.session_policies() else { return Said::OPEN };
        let said = self.of_session(policies, observer);
        observer.gate(Gate::Session, self.caller.account, &said.denies, &said.allows);
        observer.rule(&rules::IAM_EVAL_SESSION_POLICY);
        said
    }
}
