//! Deciding: may this principal do this, and why.
//!
//! ```text
//!   Request + World --- caller, target ---> Facts --- derive ---> context keys
//!                                             |
//!      organization   resource   grants   identity   boundary   session        gates: what each says
//!            `-----------`---------`---------`----------`----------'
//!                                  relation                                    what together lets through
//! ```
//!
//! One implementation serves enforcement, which wants a verdict in microseconds, and explanation, which wants every
//! statement: it is generic over who listens.

mod answers;
mod caller;
mod decisive;
mod derive;
mod fact;
mod gates;
mod grants;
mod key_state;
mod kms;
mod naming;
mod observer;
mod organization;
mod refusing;
mod relation;
mod statements;
mod target;
mod telling;

use crate::{
    decision::{Explanation, KeyStateVerdict, Verdict},
    formula::Formula,
    request::Request,
    rules::{self, Assumptions, Rule},
    world::World,
};

pub(crate) use self::{
    caller::{Caller, Standing},
    derive::Facts,
    key_state::is_on_key,
    kms::works_across_accounts,
    relation::Relation,
    target::{TargetKind, bucket_of, is_about_trust},
};
use self::{
    gates::Gates,
    observer::{Nobody, Observer, Recorder},
    target::Target,
};

impl World {
    /// Whether a request is allowed. Stops as soon as that is known.
    ///
    /// Says nothing of the state of a key: see [`World::key_state_verdict`]. Nor of credentials that have expired: with
    /// those there is no principal to decide about.
    #[must_use]
    pub fn decide(&self, request: &Request, assumptions: &Assumptions) -> Verdict {
        Facts::of(self, request, assumptions).verdict(&mut Nobody)
    }

    /// Whether a request is allowed, and everything that led to it.
    #[must_use]
    pub fn explain(&self, request: &Request, assumptions: &Assumptions) -> Explanation {
        self.explain_to(Recorder::default(), request, assumptions)
    }

    /// The same without the grants that are somebody else's.
    pub(crate) fn explain_of_caller(&self, request: &Request, assumptions: &Assumptions) -> Explanation {
        self.explain_to(Recorder::of_caller(), request, assumptions)
    }

    fn explain_to(&self, mut recorder: Recorder, request: &Request, assumptions: &Assumptions) -> Explanation {
        let facts = Facts::of(self, request, assumptions);
        let verdict = facts.verdict(&mut recorder);
        let key_state = facts.key_state(&mut recorder);
        let error = match &verdict {
            Verdict::Denied(denial) => Some(denial.error(request, assumptions)),
            Verdict::Allowed | Verdict::AllowedIff(_) => None,
        };
        for rule in error.iter().flat_map(|error| &error.rules) {
            recorder.rule(rule);
        }
        let Recorder { gates, rules, .. } = recorder;
        Explanation { verdict, error, key_state, gates, rules }
    }

    /// Whether the state of the key that a request is about lets the operation through; `None` for what is no
    /// operation on a key. Another error answers for it than for a denial, and only who is allowed gets to see it.
    #[must_use]
    pub fn key_state_verdict(&self, request: &Request, assumptions: &Assumptions) -> Option<KeyStateVerdict> {
        Facts::of(self, request, assumptions).key_state(&mut Nobody)
    }
}

impl<'a> Facts<'a> {
    pub(crate) fn of(world: &'a World, request: &'a Request, assumptions: &'a Assumptions) -> Self {
        let caller = Caller::of(world, &request.principal);
        let target = Target::of(world, request, caller.account);
        Self { world, request, assumptions, caller, target }
    }

    fn verdict<O: Observer>(&self, observer: &mut O) -> Verdict {
        if let Some(verdict) = self.without_policies(observer) {
            return verdict;
        }
        let relation = self.relation();
        let gates = match self.ask(relation, observer) {
            Ok(gates) => gates,
            Err(denial) => return Verdict::Denied(denial),
        };
        let allowed = gates.denied().not().and(self.lets_through(relation, &gates));
        let allowed = allowed.or(self.by_grant_free_of_organization(relation, &gates));
        let verdict = match allowed.and(self.with_device_code()) {
            Formula::True => Verdict::Allowed,
            Formula::False => Verdict::Denied(self.refusing(relation, &gates)),
            residual => Verdict::AllowedIff(residual),
        };
        if O::EXAMINES {
            self.tell_of_decisive_gates(relation, &gates, &verdict, observer);
            self.tell_of_sides(relation, &gates, observer);
            self.tell_of_organization(relation, &gates, &verdict, observer);
            self.tell_of_denial(&gates, &verdict, observer);
        }
        verdict
    }

    fn key_state<O: Observer>(&self, observer: &mut O) -> Option<KeyStateVerdict> {
        let TargetKind::Key { key, .. } = &self.target.kind else { return None };
        if self.caller.is_infrastructure() {
            observer.rule(&rules::KMS_STATE_ON_USE);
        }
        let state = key.and_then(|key| key.state);
        key_state::verdict(&self.request.action, state, self.assumptions, observer)
    }

    /// Whether an assumption holds, which had a say either way.
    fn assumed<O: Observer>(&self, holds: bool, rule: &'static Rule, observer: &mut O) -> bool {
        observer.rule(rule);
        holds
    }
}

impl Gates {
    /// Whether any Deny statement matches, in whichever policy.
    fn denied(&self) -> Formula {
        let all = [
            &self.resource_control.denies,
            &self.service_control.denies,
            &self.resource.denies,
            &self.identity.denies,
            &self.boundary.denies,
            &self.session.denies,
        ];
        Formula::any(all.into_iter().cloned())
    }
}
