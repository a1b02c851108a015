//! Rules about matching resources.

use std::sync::Arc;

use crate::{
    matching::{ContextView, Lookup},
    policy::{Element, Policy, PolicyKind, ResourcePattern, Version},
    rules::{self, Assumptions},
    text::Spanned,
};

use super::super::{derive::Facts, observer::Observer};

/// The colons of an ARN before its last part.
const COLONS: usize = 5;

/// The same request under other assumptions.
struct Under<'a, 'f> {
    facts: &'f Facts<'a>,
    assumptions: Assumptions,
}

impl ContextView for Under<'_, '_> {
    fn look_up(&self, lower_case_key: &str) -> Lookup<'_> {
        self.facts.look_up(lower_case_key)
    }

    fn assumptions(&self) -> &Assumptions {
        &self.assumptions
    }
}

impl Facts<'_> {
    pub(super) fn tell_of_resources<O: Observer>(
        &self,
        policy: &Arc<Policy>,
        element: &Element<ResourcePattern>,
        observer: &mut O,
    ) {
        if element.negated {
            observer.rule(&rules::IAM_MATCH_NOT_RESOURCE);
        }
        for pattern in &element.patterns {
            self.tell_of_resource(policy, pattern, observer);
        }
    }

    fn tell_of_resource<O: Observer>(
        &self,
        policy: &Arc<Policy>,
        pattern: &Spanned<ResourcePattern>,
        observer: &mut O,
    ) {
        let (text, arn) = (pattern.value.as_str(), &*self.request.resource.arn);
        if text.contains("${") {
            if policy.version() == Version::V2012 {
                observer.rule(&rules::IAM_VARIABLE_RESOURCE);
                self.tell_of_variables(text, observer);
            } else {
                self.tell_of_version(policy, observer);
            }
        }
        let at = || policy.at(pattern.span);
        let under = |across_parts| {
            let assumptions = Assumptions { iam_match_resource_parts: across_parts, ..self.assumptions.clone() };
            !pattern.value.matches(arn, &Under { facts: self, assumptions }, at).is_false()
        };
        if under(true) && !under(false) {
            observer.rule(&rules::IAM_MATCH_RESOURCE_PARTS);
        }
        if pattern.value.matches(arn, self, at).is_false() {
            if arn == "*" {
                observer.rule(&rules::IAM_MATCH_RESOURCE_STAR);
            }
            let lower = ResourcePattern::new(&text.to_ascii_lowercase(), policy.version());
            if !lower.matches(&arn.to_ascii_lowercase(), self, at).is_false() {
                observer.rule(&rules::IAM_MATCH_RESOURCE_CASE);
            }
            if let Some(there) = self.arn_in_region_of(text)
                && !pattern.value.matches(&there, self, at).is_false()
            {
                observer.rule(&rules::KMS_REGIONAL);
            }
            return;
        }
        if text == "*" {
            observer.rule(if policy.kind() == PolicyKind::Key {
                &rules::IAM_MATCH_KEY_POLICY_RESOURCE
            } else {
                &rules::IAM_MATCH_RESOURCE_STAR
            });
            return;
        }
        let colons = text.matches(':').count();
        if text.starts_with("arn:") && colons < COLONS {
            observer.rule(&rules::IAM_MATCH_RESOURCE_INCOMPLETE);
        } else if text.contains(['*', '?']) {
            observer.rule(&rules::IAM_MATCH_RESOURCE_WILDCARD);
            if under(false) && colons < arn.matches(':').count() {
                observer.rule(&rules::IAM_MATCH_RESOURCE_COLONS);
            }
        }
    }
}
