//! What holds of any text, whatever it is. Used by the tests and by the fuzz target `policy`.

use std::fmt::{Debug, Write};

use authz::{
    policy::{Element, MalformedPolicy, Policy, PolicyKind, Statement, limits},
    text::{SourceText, Span},
};
use serde_json::Value;

const KINDS: [PolicyKind; 7] = [
    PolicyKind::Identity,
    PolicyKind::Session,
    PolicyKind::Trust,
    PolicyKind::Key,
    PolicyKind::Resource,
    PolicyKind::ServiceControl,
    PolicyKind::ResourceControl,
];

/// Takes a text as each kind of policy. Returns as how many of them it reads.
pub(crate) fn take(text: &str) -> usize {
    let reads = KINDS.iter().filter(|kind| match parse(text, **kind) {
        Ok(policy) => {
            spans_are_of_their_elements(&policy);
            white_space_does_not_matter(&policy);
            true
        }
        Err(error) => {
            errors_can_be_shown(&error, text);
            false
        }
    });
    reads.count()
}

fn parse(text: &str, kind: PolicyKind) -> Result<Policy, MalformedPolicy> {
    Policy::parse(SourceText::new("policy.json", text), kind)
}

fn errors_can_be_shown(error: &MalformedPolicy, text: &str) {
    let Span { start, end } = error.span();
    assert!(text.get(start as usize..end as usize).is_some(), "{start}..{end} is no part of the text");
    let shown = error.to_string();
    assert!(shown.lines().all(|line| line.chars().count() < 400), "{shown}");
    assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{shown:?}");
    assert!(!error.aws_code().is_empty() && !error.aws_message().is_empty());
}

/// Each span holds what was read from it.
fn spans_are_of_their_elements(policy: &Policy) {
    let slice = |span| policy.source().slice(span);
    let string = |span| serde_json::from_str::<String>(slice(span)).expect("a string");
    for statement in policy.statements() {
        let Statement { span, sid, effect, principals, actions, resources, conditions } = statement;
        assert!(slice(*span).starts_with('{') && slice(*span).ends_with('}'));
        if let Some(sid) = sid {
            assert_eq!(string(sid.span), sid.value);
        }
        assert_eq!(string(effect.span), format!("{:?}", effect.value));
        is_member(slice(actions.span), "Action", actions);
        for action in &actions.patterns {
            assert_eq!(string(action.span).to_ascii_lowercase(), action.value.as_str());
        }
        if let Some(resources) = resources {
            is_member(slice(resources.span), "Resource", resources);
            for resource in &resources.patterns {
                assert_eq!(string(resource.span), resource.value.as_str());
            }
        }
        if let Some(principals) = principals {
            is_member(slice(principals.span), "Principal", principals);
            for principal in &principals.patterns {
                assert!(!string(principal.span).is_empty());
            }
        }
        for condition in conditions {
            assert_eq!(
                string(condition.operator.span).to_lowercase(),
                condition.operator.value.to_string().to_lowercase()
            );
            assert_eq!(string(condition.key.span).to_ascii_lowercase(), condition.key.value.as_str());
            assert!(slice(condition.span).starts_with(slice(condition.key.span)));
            for value in &condition.values {
                let written = slice(value.span);
                let written = if written.starts_with('"') { string(value.span) } else { written.to_owned() };
                assert_eq!(written, value.value.as_str());
            }
        }
    }
}

fn is_member<T>(slice: &str, name: &str, element: &Element<T>) {
    let not = if element.negated { "Not" } else { "" };
    // A name may be written with escapes.
    let (written, _) = slice.split_once(':').expect("a member");
    assert_eq!(serde_json::from_str::<String>(written.trim_end()).expect("a name"), format!("{not}{name}"));
    assert!(!element.patterns.is_empty());
}

/// Written with and without white space, the policy says the same.
fn white_space_does_not_matter(policy: &Policy) {
    let value: Value = match serde_json::from_str(policy.source().text()) {
        Ok(value) => value,
        // Whatever reads is JSON; only of numbers JSON has more than serde_json.
        Err(error) => return assert!(error.to_string().starts_with("number out of range"), "{error}"),
    };
    let (compact, pretty) = (value.to_string(), serde_json::to_string_pretty(&value).expect("JSON"));
    // Escapes are gone, and with them what could be written only so.
    if pretty.chars().count() > limits::CHARACTERS_OF_ANY || compact.contains(|c| c > '\u{ff}') {
        return;
    }
    let read = |text: &str| parse(text, policy.kind()).unwrap_or_else(|error| panic!("{error}")).statements().len();
    assert_eq!(read(&compact), policy.statements().len());
    let said = |text: &str| said(&parse(text, policy.kind()).unwrap_or_else(|error| panic!("{error}")));
    assert_eq!(said(&compact), said(&pretty));
}

/// All that a policy says, without places.
fn said(policy: &Policy) -> String {
    fn patterns<T: Debug>(element: &Element<T>) -> Vec<&T> {
        element.patterns.iter().map(|pattern| &pattern.value).collect()
    }
    let mut said = format!("{:?} {:?}", policy.version(), policy.id());
    for statement in policy.statements() {
        let Statement { span: _, sid, effect, principals, actions, resources, conditions } = statement;
        let sid = sid.as_ref().map(|sid| &sid.value);
        let principals = principals.as_ref().map(|element| (element.negated, patterns(element)));
        let resources = resources.as_ref().map(|element| (element.negated, patterns(element)));
        let actions = (actions.negated, patterns(actions));
        let _ = write!(said, "\n{sid:?} {:?} {principals:?} {actions:?} {resources:?}", effect.value);
        for condition in conditions {
            let values = condition.values.iter().map(|value| &value.value).collect::<Vec<_>>();
            let _ = write!(said, " {} {} {values:?}", condition.operator.value, condition.key.value);
        }
    }
    said
}
