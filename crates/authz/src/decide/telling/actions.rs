//! Rules about matching actions.

use crate::{
    policy::{ActionPattern, Element, Policy},
    rules,
};

use super::super::{derive::Facts, observer::Observer};

impl Facts<'_> {
    pub(super) fn tell_of_actions<O: Observer>(
        &self,
        policy: &Policy,
        element: &Element<ActionPattern>,
        observer: &mut O,
    ) {
        let action = &self.request.action;
        if element.negated {
            observer.rule(&rules::IAM_MATCH_NOT_ACTION);
        }
        for pattern in element.patterns.iter().filter(|pattern| pattern.value.matches(action.lower())) {
            let text = pattern.value.as_str();
            if text == "*" {
                observer.rule(&rules::IAM_MATCH_ACTION_STAR);
                continue;
            }
            let literal = text.find(['*', '?']).unwrap_or(text.len());
            if literal < text.len() {
                observer.rule(&rules::IAM_MATCH_ACTION_WILDCARD);
            }
            // The pattern is kept in lower case; its text tells how it was written.
            let written = policy.source().slice(pattern.span).trim_matches('"');
            if written.get(..literal) != action.as_str().get(..literal) {
                observer.rule(&rules::IAM_MATCH_ACTION_CASE);
            }
        }
    }
}
