//! What policies say: their statements held against the request.

use std::{mem, sync::Arc};

use crate::{
    decision::StatementReport,
    formula::Formula,
    policy::{Effect, Policy, PolicyKind, Statement},
    world::{AttachedPolicy, PolicyOrigin, ResourcePolicy},
};

use super::{
    derive::Facts,
    naming::{self, Named, SavedIds},
    observer::Observer,
    telling::Examined,
};

/// The unique ids of a policy that was never saved with any.
const NOTHING_SAVED: &SavedIds = &SavedIds::new();

/// What one policy, or several that are alternatives, say.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) denies: Formula,
    pub(super) allows: Formula,
}

/// What a resource's policy says: to whom it allows matters.
#[derive(Clone, Debug)]
pub(super) struct ResourceSaid {
    pub(super) denies: Formula,
    pub(super) allows: Named,
}

impl Said {
    /// No policy: nothing is denied, nothing allowed.
    pub(super) const NOTHING: Self = Self { denies: Formula::False, allows: Formula::False };
    /// No gate.
    pub(super) const OPEN: Self = Self { denies: Formula::False, allows: Formula::True };
}

impl ResourceSaid {
    pub(super) const NOTHING: Self = Self { denies: Formula::False, allows: Named::NOT };
}

impl Facts<'_> {
    /// What policies say of which any may allow.
    pub(super) fn any_of<'p, O: Observer>(
        &self,
        policies: impl IntoIterator<Item = &'p AttachedPolicy>,
        level: Option<&str>,
        observer: &mut O,
    ) -> Said {
        let mut said = ResourceSaid::NOTHING;
        for attached in policies {
            self.add(&mut said, &attached.policy, None, Some(&attached.origin), level, observer);
        }
        Said { denies: said.denies, allows: said.allows.any() }
    }

    /// What session policies say: together what any of them allows, as far as that is assumed.
    pub(super) fn of_session<O: Observer>(&self, policies: &[Arc<Policy>], observer: &mut O) -> Said {
        let mut all = Said { denies: Formula::False, allows: Formula::from(!policies.is_empty()) };
        let mut any = ResourceSaid::NOTHING;
        for policy in policies {
            if self.assumptions.iam_eval_session_policies_union {
                self.add(&mut any, policy, None, None, None, observer);
            } else {
                let mut one = ResourceSaid::NOTHING;
                self.add(&mut one, policy, None, None, None, observer);
                all = Said { denies: all.denies.or(one.denies), allows: all.allows.and(one.allows.any()) };
            }
        }
        if self.assumptions.iam_eval_session_policies_union {
            return Said { denies: any.denies, allows: any.allows.any() };
        }
        all
    }

    /// What a resource's own policy says.
    pub(super) fn of_resource<O: Observer>(&self, policy: &ResourcePolicy, observer: &mut O) -> ResourceSaid {
        let mut said = ResourceSaid::NOTHING;
        let is_saved_by_id = policy.policy.kind() != PolicyKind::Key || self.assumptions.iam_principal_saved_id_key;
        let saved = is_saved_by_id.then_some(&policy.saved_ids);
        self.add(&mut said, &policy.policy, saved, None, None, observer);
        said
    }

    fn add<O: Observer>(
        &self,
        said: &mut ResourceSaid,
        policy: &Arc<Policy>,
        saved: Option<&SavedIds>,
        origin: Option<&PolicyOrigin>,
        level: Option<&str>,
        observer: &mut O,
    ) {
        if O::EXAMINES {
            observer.policy(policy, origin, level);
        }
        for (index, statement) in policy.statements().iter().enumerate() {
            match statement.effect.value {
                Effect::Deny if O::EXAMINES || !said.denies.is_true() => {
                    if let Some(matches) = self.statement(policy, index, statement, saved, observer) {
                        said.denies = mem::replace(&mut said.denies, Formula::False).or(matches.any());
                    }
                }
                Effect::Allow if O::EXAMINES || !said.allows.direct.is_true() => {
                    if let Some(matches) = self.statement(policy, index, statement, saved, observer) {
                        said.allows = mem::replace(&mut said.allows, Named::NOT).or(matches);
                    }
                }
                Effect::Deny | Effect::Allow => {}
            }
        }
    }

    /// Whether a statement matches, by whom it names; `None` if it surely does not. Stops at the first element that
    /// does not, unless everything is examined.
    fn statement<O: Observer>(
        &self,
        policy: &Arc<Policy>,
        index: usize,
        statement: &Statement,
        saved: Option<&SavedIds>,
        observer: &mut O,
    ) -> Option<Named> {
        let action = Formula::from(statement.actions.covers(self.request.action.lower()));
        if !O::EXAMINES && action.is_false() {
            return None;
        }
        let named = self.named(statement, saved);
        if !O::EXAMINES && named.is_nobody() {
            return None;
        }
        let resource = statement
            .resources
            .as_ref()
            .map_or(Formula::True, |resources| resources.covers(&self.request.resource.arn, self, policy));
        let mut conditions = Vec::new();
        let mut holds = action.clone().and(resource.clone());
        for condition in &statement.conditions {
            if !O::EXAMINES && holds.is_false() {
                break;
            }
            let one = condition.holds(self, policy);
            if O::EXAMINES {
                conditions.push(one.clone());
            }
            holds = holds.and(one);
        }
        if !O::EXAMINES {
            return (!holds.is_false()).then(|| named.and(&holds));
        }
        let matches = named.clone().and(&holds);
        let report = StatementReport {
            index,
            principal: named.any(),
            action,
            resource,
            conditions,
            matches: matches.clone().any(),
        };
        let saved = saved.unwrap_or(NOTHING_SAVED);
        self.tell_of_statement(&Examined { policy, statement, saved, report: &report }, observer);
        observer.statement(report);
        Some(matches)
    }

    /// Whom a statement means. Policies that are attached to whom they are about name nobody.
    fn named(&self, statement: &Statement, saved: Option<&SavedIds>) -> Named {
        let Some(principals) = &statement.principals else { return Named::direct(Formula::True) };
        let saved = saved.unwrap_or(NOTHING_SAVED);
        match statement.effect.value {
            Effect::Allow => naming::allowed(principals, saved, &self.caller, &self.everybody(statement)),
            Effect::Deny => Named::direct(naming::denied(principals, saved, &self.caller, self.assumptions)),
        }
    }

    /// How closely `*` means the caller. That boundary and session policies do not cap it is told only where a
    /// condition names the principal; of other statements for everybody it is an assumption.
    fn everybody(&self, statement: &Statement) -> Named {
        let names_principal =
            || statement.conditions.iter().any(|condition| condition.key.value.as_str() == "aws:principalarn");
        let has_policies = self.caller.identity().is_some();
        if self.assumptions.iam_eval_names_everybody || !has_policies || names_principal() {
            Named::direct(Formula::True)
        } else {
            Named::behind(Formula::True)
        }
    }
}
