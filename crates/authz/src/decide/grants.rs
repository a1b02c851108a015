//! What the grants on a key give the caller.
//!
//! Source: AWS KMS Developer Guide, "Grants in AWS KMS"; AWS KMS API Reference, "CreateGrant", "GrantConstraints".

mod child;
mod constraints;
mod grantee;
mod propagation;
mod retire;

use std::{collections::HashSet, sync::Arc};

use crate::{
    decision::{Gate, GrantMiss, GrantReport},
    formula::Formula,
    world::{Grant, GrantOperation, Grants, Key},
};

use super::{derive::Facts, fact::fact, naming::Named, observer::Observer};

impl Facts<'_> {
    /// What the key's grants give, by how closely they mean the caller.
    pub(super) fn granted<O: Observer>(&self, key: &Key, observer: &mut O) -> Named {
        let Some(operation) = self.granted_operation() else { return Named::NOT };
        let has_session_policies = self.caller.session_policies().is_some();
        let mut given = Named::NOT;
        self.each_grant(&key.grants, observer, &mut |facts, grant, observer| {
            let gives = facts.given_by(grant, operation, observer);
            let before = std::mem::replace(&mut given, Named::NOT);
            given = before.or(gives);
            // What a session policy caps, a grant for the session itself may still give.
            given.direct.is_true() || (given.behind.is_true() && !has_session_policies)
        });
        if key.untold.grants {
            let (action, arn) = (&self.request.action, &self.request.resource.arn);
            let says = || format!("a grant that nobody told of lets the caller {action} on {arn}");
            given = given.or(Named::direct(fact("kms:GrantId", says)));
        }
        if O::EXAMINES {
            observer.gate(Gate::Grants, self.target.owner, &Formula::False, &given.clone().any());
        }
        given
    }

    /// The operation that is asked, if grants can permit it. Retiring has rules of its own.
    pub(super) fn granted_operation(&self) -> Option<GrantOperation> {
        GrantOperation::of_action(self.request.action.name())
            .filter(|operation| *operation != GrantOperation::RetireGrant)
    }

    /// Calls for each grant that may mean the caller until one is enough; for all grants if everything is examined.
    fn each_grant<O: Observer>(
        &self,
        grants: &Grants,
        observer: &mut O,
        is_enough: &mut dyn FnMut(&Self, &Arc<Grant>, &mut O) -> bool,
    ) {
        let mut asked = HashSet::new();
        for grantee in self.grantees().chain(self.possible_grantees(grants).cloned()) {
            for grant in grants.of(&grantee) {
                if is_enough(self, grant, observer) && !O::EXAMINES {
                    return;
                }
            }
            if O::EXAMINES {
                asked.insert(grantee);
            }
        }
        // Those of others come last, so that who explains adds up what is conditional in the order of who enforces.
        if observer.wants_grants_of_others() {
            for grant in grants.iter().filter(|grant| !asked.contains(&grant.grantee)) {
                is_enough(self, grant, observer);
            }
        }
    }

    /// What one grant gives the caller.
    fn given_by<O: Observer>(&self, grant: &Arc<Grant>, operation: GrantOperation, observer: &mut O) -> Named {
        let named = self.grantee(grant);
        let permits = grant.operations.contains(operation);
        if !O::EXAMINES && (named.is_nobody() || !permits) {
            return Named::NOT;
        }
        let (child_operations, child_constraints) = match operation {
            GrantOperation::CreateGrant => self.child_fits(grant),
            _ => (Formula::True, Formula::True),
        };
        let wants = [
            (GrantMiss::GranteeRecreated, self.is_same_grantee(grant, observer)),
            (GrantMiss::Operation, permits.into()),
            (GrantMiss::EncryptionContext, self.context_fits(grant, operation)),
            (GrantMiss::SourceArn, self.source_fits(grant, operation)),
            (GrantMiss::ChildOperations, child_operations),
            (GrantMiss::ChildConstraints, child_constraints),
            (GrantMiss::Propagation, self.has_spread(grant)),
        ];
        if O::EXAMINES {
            self.tell_of_grant(grant, &named, operation, observer);
            let other = named.is_nobody().then_some(GrantMiss::OtherGrantee);
            let missing = wants.iter().filter(|(_, holds)| holds.is_false()).map(|(miss, _)| *miss);
            let misses = other.into_iter().chain(missing).collect();
            let given = named.and(&Formula::all(wants.into_iter().map(|(_, holds)| holds)));
            let gives = given.clone().any();
            observer.grant(GrantReport { grant: Arc::clone(grant), gives, misses });
            return given;
        }
        named.and(&Formula::all(wants.into_iter().map(|(_, holds)| holds)))
    }
}
