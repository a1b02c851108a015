//! Rules about policy variables.

use crate::{
    context::ContextKey,
    matching::{ContextView, Lookup, Values},
    policy::Policy,
    rules,
};

use super::super::{derive::Facts, observer::Observer};

impl Facts<'_> {
    /// Tells of a policy in whose version what looks like a variable is none.
    pub(super) fn tell_of_version<O: Observer>(&self, policy: &Policy, observer: &mut O) {
        observer.rule(&rules::IAM_VARIABLE_VERSION);
        if !policy.tells_version() {
            observer.rule(&rules::IAM_POLICY_VERSION_MISSING);
        }
    }

    /// Tells of the variables in a text of a policy that has them. Answers whether one of them resolves to nothing.
    pub(super) fn tell_of_variables<O: Observer>(&self, text: &str, observer: &mut O) -> bool {
        let mut is_unresolved = false;
        for inner in text.split("${").skip(1).filter_map(|rest| rest.split('}').next()) {
            if matches!(inner, "*" | "?" | "$") {
                observer.rule(&rules::IAM_VARIABLE_ESCAPE);
                continue;
            }
            let (key, default) = inner.split_once(',').map_or((inner, None), |(key, default)| (key, Some(default)));
            let named = ContextKey::new(key.trim());
            let lower = named.as_str();
            if key.trim() != lower && key.trim() != super::keys::canonical(lower).unwrap_or(lower) {
                observer.rule(&rules::IAM_VARIABLE_CASE);
            }
            let is_resolved = match self.look_up(lower) {
                _ if named.is_multivalued() => {
                    observer.rule(&rules::IAM_VARIABLE_SINGLE_VALUED);
                    false
                }
                Lookup::Unknown => continue,
                Lookup::Values(values @ (Values::One(_) | Values::Told([_]))) => {
                    if values.iter().any(|value| value.contains(['*', '?'])) {
                        observer.rule(&rules::IAM_VARIABLE_VALUE_LITERAL);
                    }
                    true
                }
                Lookup::Values(_) => {
                    observer.rule(&rules::IAM_VARIABLE_SINGLE_VALUED);
                    false
                }
                Lookup::Absent => false,
            };
            match (is_resolved, default) {
                (true, _) => {}
                (false, Some(_)) => observer.rule(&rules::IAM_VARIABLE_DEFAULT),
                (false, None) => {
                    observer.rule(&rules::IAM_VARIABLE_UNRESOLVED);
                    is_unresolved = true;
                }
            }
        }
        is_unresolved
    }
}
