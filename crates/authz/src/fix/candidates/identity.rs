//! The caller's own side: its policies, its boundary, its session's policies.

use std::sync::Arc;

use crate::{
    decide::{Facts, Standing},
    decision::Gate,
    policy::{Policy, PolicyKind},
    principal::Principal,
    world::{Identity, PolicyOrigin},
};

use super::{
    super::{Obstacle, PolicyPlace},
    Candidates,
    allow::Added,
    place::Where,
};

impl Candidates<'_> {
    /// A statement in a policy of the caller's own, or the nearest one widened.
    pub(super) fn identity(&mut self) {
        match &self.facts.caller.standing {
            Standing::Identity(identity) => self.own_policies(identity),
            Standing::Gone | Standing::Unknown => self.note_absence(),
            // These have no policies of their own.
            Standing::Root | Standing::None => {}
        }
    }

    /// Notes that the caller's policies cannot be changed, for want of them.
    pub(super) fn note_absence(&mut self) {
        match (&self.facts.caller.standing, named(&self.facts), self.facts.caller.account) {
            (Standing::Gone, Some(arn), _) => self.note(Obstacle::NoSuchIdentity(arn)),
            (Standing::Unknown, _, Some(account)) => self.note(Obstacle::UnknownAccount(account)),
            _ => {}
        }
    }

    fn own_policies(&mut self, identity: &Identity) {
        if self.facts.caller.is_service_linked() {
            return self.note(Obstacle::ServiceLinkedRole(identity.arn.clone()));
        }
        self.widen(Gate::Identity, None, false);
        let inline = |origin: &PolicyOrigin| matches!(origin, PolicyOrigin::Inline(_));
        let near = self.near_statements(Gate::Identity);
        let nearest = near.iter().find(|(_, near)| near.origin.as_ref().is_some_and(inline));
        let (before, name) = match (nearest, identity.policies.iter().find(|attached| inline(&attached.origin))) {
            (Some((_, near)), _) => {
                (Some(&near.policy), near.origin.as_ref().map_or("", PolicyOrigin::name).to_owned())
            }
            (None, Some(first)) => (Some(&first.policy), first.origin.name().to_owned()),
            (None, None) => (None, self.new_name()),
        };
        self.add(&Added {
            gate: Gate::Identity,
            place: Where::World(PolicyPlace::Inline { identity: identity.arn.clone(), name: name.as_str().into() }),
            before,
            name: format!("inline policy {name} of {}", identity.arn.resource()),
            kind: PolicyKind::Identity,
            principal: None,
            loosens_limit: false,
            width: 0,
        });
    }

    /// A name for a policy that is to be made: `kms-decrypt`.
    pub(super) fn new_name(&self) -> String {
        self.facts.request.action.lower().replace(':', "-")
    }

    /// A statement in the permissions boundary, for everybody who has it.
    pub(super) fn boundary(&mut self) {
        let boundary = self.facts.caller.identity().and_then(|identity| identity.boundary.as_ref());
        let Some(boundary) = boundary else { return };
        self.limit(Gate::Boundary, &boundary.policy, Some(&boundary.origin), PolicyKind::Identity);
    }

    /// A statement in a policy of the session's.
    pub(super) fn session(&mut self) {
        let policies = self.session_policies().to_vec();
        for policy in &policies {
            self.limit(Gate::Session, policy, None, PolicyKind::Session);
        }
        if policies.is_empty() {
            self.add(&Added {
                gate: Gate::Session,
                place: Where::Session(0),
                before: None,
                name: "session policy".to_owned(),
                kind: PolicyKind::Session,
                principal: None,
                loosens_limit: true,
                width: 0,
            });
        }
    }

    /// A statement in a policy that caps.
    pub(super) fn limit(&mut self, gate: Gate, policy: &Arc<Policy>, origin: Option<&PolicyOrigin>, kind: PolicyKind) {
        self.widen(gate, None, true);
        match self.place(gate, policy, origin) {
            Ok(place) => self.add(&Added {
                gate,
                place,
                before: Some(policy),
                name: policy.source().name().to_owned(),
                kind,
                principal: None,
                loosens_limit: true,
                width: 0,
            }),
            Err(obstacle) => self.note(obstacle),
        }
    }
}

/// The user or role that the caller is, by its ARN.
fn named(facts: &Facts<'_>) -> Option<aws_model::Arn> {
    match facts.caller.principal {
        Principal::User(arn) => Some(arn.clone()),
        Principal::Session(session) => Some(session.role.clone()),
        Principal::FederatedUser(federated) => federated.parent.clone(),
        Principal::Root(_) | Principal::Federated { .. } | Principal::Service(_) | Principal::Anonymous => None,
    }
}
