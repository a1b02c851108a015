//! The nearest statements, widened by what differs.

use crate::{
    decision::Gate,
    nearest::{Differing, NearMiss, NearStatement},
    policy::{Comparison, Condition, Policy, PrincipalPattern, Statement, Version},
    text::{SourceText, Spanned},
};

use super::{
    super::{
        How,
        statement::{NewPrincipal, literal},
        text::Draft,
    },
    Candidates,
    place::Draw,
};

/// So many of the nearest statements are tried.
const TRIED: usize = 3;

/// What differs in more elements is another statement.
const DIFFERENCES: usize = 2;

/// A wide statement that is widened opens more than a new one.
const WIDENED: usize = 2;

impl Candidates<'_> {
    /// Offers the nearest statements of a gate, widened by the action, resource, principal or condition's value that
    /// differs.
    pub(super) fn widen(&mut self, gate: Gate, principal: Option<&NewPrincipal>, loosens_limit: bool) {
        for (miss, near) in self.near_statements(gate).into_iter().take(TRIED) {
            let place = match self.place(gate, &near.policy, near.origin.as_ref()) {
                Ok(place) => place,
                Err(obstacle) => {
                    self.note(obstacle);
                    continue;
                }
            };
            let Some((text, width)) = self.widened(&miss, &near, principal) else { continue };
            let drawn = Draw {
                how: How::StatementWidened,
                before: Some(&near.policy),
                text,
                kind: near.policy.kind(),
                statement: Some(near.index),
            };
            if let Some(edit) = self.draw(place, drawn) {
                self.offer(edit, loosens_limit, width);
            }
        }
    }

    fn widened(
        &self,
        miss: &NearMiss,
        near: &NearStatement,
        principal: Option<&NewPrincipal>,
    ) -> Option<(SourceText, usize)> {
        let statement = near.statement()?;
        if miss.differs.len() > DIFFERENCES || miss.differs.iter().any(|difference| difference.is_open) {
            return None;
        }
        let request = self.facts.request;
        let version = near.policy.version();
        let mut draft = Draft::of(&near.policy);
        for difference in &miss.differs {
            match &difference.element {
                Differing::Action if !statement.actions.negated => {
                    draft.push(&statement.actions.patterns, request.action.as_str());
                }
                Differing::Resource(_) => {
                    let resources = statement.resources.as_ref().filter(|resources| !resources.negated)?;
                    if &*request.resource.arn == "*" {
                        return None;
                    }
                    draft.push(&resources.patterns, &literal(&request.resource.arn, version)?);
                }
                Differing::Principal(_) => push_principal(&mut draft, statement, principal?)?,
                Differing::Condition(index) => {
                    self.push_value(&mut draft, statement.conditions.get(*index)?, version)?;
                }
                Differing::Action | Differing::PrincipalRecreated | Differing::Grant(_) => return None,
            }
        }
        let elsewhere_wide = is_wide(&near.policy, statement);
        Some((draft.finish(), WIDENED + miss.differs.len() - 1 + if elsewhere_wide { WIDENED } else { 0 }))
    }

    /// Adds the value that the request has.
    pub(super) fn push_value(&self, draft: &mut Draft<'_>, condition: &Condition, version: Version) -> Option<()> {
        if condition.operator.value.set.is_some() || !takes_texts(condition.operator.value.comparison) {
            return None;
        }
        let value = self.facts.value_of(condition.key.value.as_str())?;
        draft.push(&condition.values, &literal(&value, version)?);
        Some(())
    }
}

/// Whether a list of texts is compared, to which another can be added.
const fn takes_texts(comparison: Comparison) -> bool {
    matches!(
        comparison,
        Comparison::StringEquals
            | Comparison::StringNotEquals
            | Comparison::StringEqualsIgnoreCase
            | Comparison::StringNotEqualsIgnoreCase
            | Comparison::StringLike
            | Comparison::StringNotLike
            | Comparison::ArnEquals
            | Comparison::ArnNotEquals
            | Comparison::ArnLike
            | Comparison::ArnNotLike
    )
}

/// Names one principal more, beside those of its type.
fn push_principal(draft: &mut Draft<'_>, statement: &Statement, principal: &NewPrincipal) -> Option<()> {
    let principals = statement.principals.as_ref().filter(|principals| !principals.negated)?;
    let of_type: Vec<Spanned<()>> = principals
        .patterns
        .iter()
        .filter(|pattern| kind_of(&pattern.value) == principal.kind())
        .map(|pattern| Spanned { value: (), span: pattern.span })
        .collect();
    if of_type.is_empty() {
        let (kind, name) = (principal.kind(), serde_json::Value::from(principal.name()));
        draft.put_member(principals.span, &format!("\"{kind}\": {name}"));
    } else {
        draft.push(&of_type, principal.name());
    }
    Some(())
}

const fn kind_of(pattern: &PrincipalPattern) -> &'static str {
    match pattern {
        PrincipalPattern::Service(_) => "Service",
        PrincipalPattern::Federated(_) => "Federated",
        PrincipalPattern::CanonicalUser(_) => "CanonicalUser",
        PrincipalPattern::Anyone
        | PrincipalPattern::Account(_)
        | PrincipalPattern::User(_)
        | PrincipalPattern::Role(_)
        | PrincipalPattern::RoleSession(_)
        | PrincipalPattern::FederatedUser(_)
        | PrincipalPattern::UniqueId(_) => "AWS",
    }
}

/// Whether a statement has wildcards among its actions, resources or principals.
fn is_wide(policy: &Policy, statement: &Statement) -> bool {
    let resources = statement.resources.as_ref().map(|resources| resources.span);
    let principals = statement.principals.as_ref().map(|principals| principals.span);
    [Some(statement.actions.span), resources, principals]
        .into_iter()
        .flatten()
        .any(|span| policy.source().slice(span).contains(['*', '?']))
}
