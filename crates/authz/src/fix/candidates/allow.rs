//! A new statement that allows exactly what is asked.

use std::sync::Arc;

use crate::{
    decision::Gate,
    policy::{Policy, PolicyKind, Version},
    text::SourceText,
};

use super::{
    super::{
        How,
        statement::{NewPolicy, NewPrincipal, NewStatement, Values, literal, sid},
        text::{Draft, written},
    },
    Candidates,
    place::{Draw, Where},
};

/// Where a statement goes, and whom it names.
pub(super) struct Added<'p> {
    pub(super) gate: Gate,
    pub(super) place: Where,
    /// The policy that it is added to; `None` for one that is to be made.
    pub(super) before: Option<&'p Arc<Policy>>,
    /// What people call the policy.
    pub(super) name: String,
    pub(super) kind: PolicyKind,
    pub(super) principal: Option<NewPrincipal>,
    pub(super) loosens_limit: bool,
    /// How much wider it is than a statement for the caller alone.
    pub(super) width: usize,
}

impl Candidates<'_> {
    /// Offers a statement, under the conditions that the nearest one carries.
    pub(super) fn add(&mut self, added: &Added<'_>) {
        let near = self.near_statements(added.gate);
        let condition = self.carried(added.gate, near.first());
        let version = added.before.map_or(Version::V2012, |policy| policy.version());
        let resource = match added.kind {
            PolicyKind::Trust => None,
            // In a key policy this is the key.
            PolicyKind::Key => Some("*".to_owned()),
            _ if &*self.facts.request.resource.arn == "*" => Some("*".to_owned()),
            _ => match literal(&self.facts.request.resource.arn, version) {
                Some(arn) => Some(arn),
                None => return,
            },
        };
        let action = &self.facts.request.action;
        let statement = NewStatement {
            sid: sid(action.name(), added.before.map(|policy| &**policy)),
            effect: "Allow",
            principal: added.principal.clone(),
            action: Values::One(action.to_string()),
            resource,
            condition,
        };
        let (how, text, index) = match added.before {
            Some(policy) => {
                let mut draft = Draft::of(policy);
                draft.add_statement(&statement);
                (How::StatementAdded, draft.finish(), policy.statements().len())
            }
            None => {
                let text = written(&NewPolicy::of(statement), Some(""));
                (How::PolicyMade, SourceText::new(added.name.as_str(), text), 0)
            }
        };
        let drawn = Draw { how, before: added.before, text, kind: added.kind, statement: Some(index) };
        if let Some(edit) = self.draw(added.place.clone(), drawn) {
            self.offer(edit, added.loosens_limit, 1 + added.width);
        }
    }
}
