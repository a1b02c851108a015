//! What keeps a statement from matching.

use crate::{
    decide::Facts,
    decision::StatementReport,
    policy::{Condition, Element, Policy, PrincipalPattern, Statement},
    principal::Principal,
    text::{Span, Spanned},
};

use super::{
    Difference, Differing, NameDifference,
    distance::{between_arns, unlikeness},
};

/// A difference and how much it weighs.
type Weighed = (u32, Difference);

/// What only hangs on something that nobody told weighs little.
const OPEN: u32 = 1;

/// A `Not` form that names what it should not.
const EXCLUDED: u32 = 6;

/// Another kind of principal altogether.
const OTHER_KIND: u32 = 10;

impl Facts<'_> {
    /// Whether a statement says anything of the service at all.
    pub(super) fn is_about_the_service(&self, statement: &Statement) -> bool {
        let service = self.request.action.service();
        statement.actions.negated
            || statement.actions.patterns.iter().any(|pattern| {
                let written = pattern.value.as_str();
                written.split_once(':').is_none_or(|(prefix, _)| prefix == service || prefix.contains(['*', '?']))
            })
    }

    /// Every element that keeps a statement from matching.
    pub(super) fn differences(&self, policy: &Policy, statement: &Statement, said: &StatementReport) -> Vec<Weighed> {
        let mut differs = Vec::new();
        if let Some(principals) = statement.principals.as_ref().filter(|_| !said.principal.is_true()) {
            let (weight, mut difference) = self.principal_difference(policy, principals);
            difference.is_open = !said.principal.is_false();
            differs.push((if difference.is_open { OPEN } else { weight }, difference));
        }
        if said.action.is_false() {
            differs.push(self.action_difference(policy, statement));
        }
        if let Some(resources) = statement.resources.as_ref().filter(|_| !said.resource.is_true()) {
            let arn = &*self.request.resource.arn;
            let patterns =
                resources.patterns.iter().map(|pattern| (between_arns(pattern.value.as_str(), arn), pattern));
            let nearest = patterns.min_by_key(|((weight, _), _)| *weight);
            let (weight, difference, span) = match nearest {
                Some(((weight, difference), pattern)) if !resources.negated => (weight, difference, pattern.span),
                _ => (EXCLUDED, NameDifference::default(), resources.span),
            };
            let is_open = !said.resource.is_false();
            differs.push((
                if is_open { OPEN } else { weight },
                Difference {
                    element: Differing::Resource(difference),
                    says: written(policy, span),
                    request_has: Some(arn.to_owned()),
                    span: Some(span),
                    is_open,
                },
            ));
        }
        for (index, (condition, holds)) in statement.conditions.iter().zip(&said.conditions).enumerate() {
            if !holds.is_true() {
                differs.push(self.condition_difference(policy, index, condition, !holds.is_false()));
            }
        }
        differs
    }

    fn action_difference(&self, policy: &Policy, statement: &Statement) -> Weighed {
        let action = &self.request.action;
        let patterns = statement.actions.patterns.iter();
        let nearest = patterns.map(|pattern| (self.action_distance(pattern.value.as_str()), pattern));
        let (weight, span) = match nearest.min_by_key(|(weight, _)| *weight) {
            Some((weight, pattern)) if !statement.actions.negated => (weight, pattern.span),
            _ => (EXCLUDED, statement.actions.span),
        };
        let request_has = Some(action.to_string());
        (
            weight,
            Difference {
                element: Differing::Action,
                says: written(policy, span),
                request_has,
                span: Some(span),
                is_open: false,
            },
        )
    }

    fn action_distance(&self, lower_case_pattern: &str) -> u32 {
        let action = &self.request.action;
        match lower_case_pattern.split_once(':') {
            Some((service, name)) if service == action.service() => {
                let asked = action.lower().split_once(':').map_or("", |(_, name)| name);
                2 + unlikeness(name, asked, 4)
            }
            _ => 2 * OTHER_KIND,
        }
    }

    fn principal_difference(&self, policy: &Policy, principals: &Element<PrincipalPattern>) -> Weighed {
        let patterns = principals.patterns.iter().map(|pattern| (self.principal_distance(pattern), pattern));
        let nearest = patterns.min_by_key(|((weight, _), _)| *weight);
        let (weight, element, span) = match nearest {
            Some(((weight, element), pattern)) if !principals.negated => (weight, element, pattern.span),
            _ => (EXCLUDED, Differing::Principal(NameDifference::default()), principals.span),
        };
        let request_has = Some(match self.caller.principal {
            Principal::Session(session) if !written(policy, span).contains(":assumed-role/") => {
                session.role.to_string()
            }
            other => other.to_string(),
        });
        (weight, Difference { element, says: written(policy, span), request_has, span: Some(span), is_open: false })
    }

    fn principal_distance(&self, pattern: &Spanned<PrincipalPattern>) -> (u32, Differing) {
        let other_kind = (OTHER_KIND, Differing::Principal(NameDifference::default()));
        let between = |pattern: &str, name: &str| {
            let (weight, difference) = between_arns(pattern, name);
            if difference.parts.is_empty() {
                // The name is right, so it is the saved id that is not.
                return (1, Differing::PrincipalRecreated);
            }
            (weight.min(OTHER_KIND), Differing::Principal(difference))
        };
        let alike = |one: &str, other: &str| (unlikeness(one, other, OTHER_KIND).max(1), other_kind.1.clone());
        match (&pattern.value, self.caller.principal) {
            (PrincipalPattern::Account(account), _) => match self.caller.account {
                Some(own) => {
                    let digits = unlikeness(account.as_str(), own.as_str(), 4);
                    let parts = vec![super::ArnPart::Account];
                    (2 + digits, Differing::Principal(NameDifference { parts }))
                }
                None => other_kind,
            },
            (PrincipalPattern::Role(named), Principal::Session(session)) => {
                between(named.as_str(), session.role.as_str())
            }
            (PrincipalPattern::User(named), Principal::User(user)) => between(named.as_str(), user.as_str()),
            (PrincipalPattern::RoleSession(named) | PrincipalPattern::FederatedUser(named), caller) => {
                let (weight, difference) = between_arns(named.as_str(), &caller.to_string());
                (weight.min(OTHER_KIND), Differing::Principal(difference))
            }
            (PrincipalPattern::Service(named), Principal::Service(service)) => alike(named, service),
            (PrincipalPattern::Federated(named), Principal::Federated { provider }) => alike(named, provider),
            // The id of somebody who is gone, or was made again since.
            (PrincipalPattern::UniqueId(_), Principal::Session(_) | Principal::User(_)) => {
                (OTHER_KIND / 2, Differing::Principal(NameDifference::default()))
            }
            _ => other_kind,
        }
    }

    fn condition_difference(&self, policy: &Policy, index: usize, condition: &Condition, is_open: bool) -> Weighed {
        let request_has = self.value_of(condition.key.value.as_str());
        let far = |value: &str| unlikeness(value, request_has.as_deref().unwrap_or_default(), 3);
        let values = condition.values.iter().map(|value| (far(value.value.as_str()), value));
        let nearest = values.min_by_key(|(weight, _)| *weight);
        let (weight, says) =
            nearest.map_or((3, String::new()), |(weight, value)| (weight, value.value.as_str().to_owned()));
        let weight = if is_open { OPEN } else { 2 + weight };
        let span = Some(condition.span);
        (
            weight,
            Difference {
                element: Differing::Condition(index),
                says: says_of(&says, policy, condition),
                request_has,
                span,
                is_open,
            },
        )
    }
}

/// The value, or where there is none the condition as it is written.
fn says_of(value: &str, policy: &Policy, condition: &Condition) -> String {
    if value.is_empty() { policy.source().slice(condition.span).to_owned() } else { value.to_owned() }
}

/// A part of a policy as it is written, without the quotes of a string.
fn written(policy: &Policy, span: Span) -> String {
    let text = policy.source().slice(span);
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text).to_owned()
}
