//! Which gates the verdict hung on.

use crate::{
    decision::{Gate, Verdict},
    formula::Formula,
    policy::PolicyKind,
};

use super::{derive::Facts, gates::Gates, naming::Named, observer::Observer, relation::Relation};

/// Every gate, whatever the kind of the resource's policy.
const GATES: [Gate; 7] = [
    Gate::ResourceControl,
    Gate::ServiceControl,
    Gate::Resource(PolicyKind::Resource),
    Gate::Grants,
    Gate::Identity,
    Gate::Boundary,
    Gate::Session,
];

impl Facts<'_> {
    /// Tells which gates had to let through.
    pub(super) fn tell_of_decisive_gates<O: Observer>(
        &self,
        relation: Relation,
        gates: &Gates,
        verdict: &Verdict,
        observer: &mut O,
    ) {
        for gate in GATES {
            if self.is_decisive(gate, relation, gates, verdict) {
                observer.decisive(gate);
            }
        }
    }

    /// Whether the verdict needed a gate to let through: with it shut, all else being as it is, the request would not
    /// be allowed. Where it is not allowed anyway, all else is taken as if it let through as far as it has to.
    fn is_decisive(&self, gate: Gate, relation: Relation, gates: &Gates, verdict: &Verdict) -> bool {
        let mut shut = gates.clone();
        shut.set(gate, &Formula::False);
        if !matches!(verdict, Verdict::Denied(_)) {
            return self.lets_through(relation, &shut) != self.lets_through(relation, gates);
        }
        for other in GATES.into_iter().filter(|other| *other != gate && *other != Gate::Grants) {
            shut.open_if_shut(other);
        }
        self.lets_through(relation, &shut).is_false()
    }
}

impl Gates {
    fn open_if_shut(&mut self, gate: Gate) {
        let is_shut = match gate {
            Gate::ResourceControl => self.resource_control.allows.is_false(),
            Gate::ServiceControl => self.service_control.allows.is_false(),
            Gate::Resource(_) => self.resource.allows.is_nobody(),
            Gate::Grants => self.granted.is_nobody(),
            Gate::Identity => self.identity.allows.is_false(),
            Gate::Boundary => self.boundary.allows.is_false(),
            Gate::Session => self.session.allows.is_false(),
        };
        if is_shut {
            self.set(gate, &Formula::True);
        }
    }

    fn set(&mut self, gate: Gate, allows: &Formula) {
        match gate {
            Gate::ResourceControl => self.resource_control.allows = allows.clone(),
            Gate::ServiceControl => self.service_control.allows = allows.clone(),
            Gate::Resource(_) => self.resource.allows = Named::direct(allows.clone()),
            Gate::Grants => self.granted = Named::direct(allows.clone()),
            Gate::Identity => self.identity.allows = allows.clone(),
            Gate::Boundary => self.boundary.allows = allows.clone(),
            Gate::Session => self.session.allows = allows.clone(),
        }
    }
}
