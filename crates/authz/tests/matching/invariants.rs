//! What holds of every pattern, value and condition, however it was written. Shared with the fuzz target.

use std::sync::Arc;

use authz::{
    context::{Context, Others, Told},
    formula::Formula,
    policy::{ActionPattern, Comparison, Condition, Policy, PolicyKind, ResourcePattern, Version},
    text::SourceText,
};

/// Takes a text of lines: an operator, a value of a policy, a value of a request, and what the variable `${v}` stands
/// for. Whether the four made a condition.
pub(crate) fn take(text: &str) -> bool {
    let mut lines = text.splitn(4, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let (operator, wanted, given, variable) = (line(), line(), line(), line());
    // Longer texts tell nothing new, and take the square of their length.
    if text.len() > 4096 {
        return false;
    }
    action(wanted, given);
    let version = if given.len().is_multiple_of(2) { "2012-10-17" } else { "2008-10-17" };
    let Some(policy) = read(version, operator, wanted) else { return false };
    resource(&policy, wanted, given, variable);
    condition(&policy, given, variable);
    complement(&policy, version, wanted, given, variable);
    true
}

fn action(pattern: &str, action: &str) {
    if let Ok(pattern) = pattern.parse::<ActionPattern>() {
        let lower = action.to_ascii_lowercase();
        let again: ActionPattern = pattern.as_str().parse().expect("a pattern in lower case is one");
        assert_eq!(pattern.matches(&lower), again.matches(&lower));
        assert!(pattern.matches(pattern.as_str()));
    }
}

/// A policy of one condition, which asks `x`.
fn read(version: &str, operator: &str, wanted: &str) -> Option<Arc<Policy>> {
    let text = serde_json::json!({
        "Version": version,
        "Statement": [{
            "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": { operator: { "x": [wanted] } }
        }]
    });
    Policy::parse(SourceText::new("fuzz", text.to_string()), PolicyKind::Identity).ok().map(Arc::new)
}

fn told(x: Told, v: Told) -> Context {
    Context::new(Others::Absent).with("x", x).with("v", v)
}

fn one(value: &str) -> Told {
    Told::Values(vec![value.to_owned()])
}

fn only_condition(policy: &Policy) -> &Condition {
    policy.statements().first().and_then(|statement| statement.conditions.first()).expect("the one that was written")
}

/// What is sure stays, and what is open is answered as if all had been known from the beginning.
fn condition(policy: &Arc<Policy>, given: &str, variable: &str) {
    let condition = only_condition(policy);
    for x in [one(given), Told::Absent, Told::Values(vec![given.to_owned(), variable.to_owned()])] {
        for v in [one(variable), Told::Absent] {
            let known = told(x.clone(), v.clone());
            let sure = condition.holds(&known, policy);
            assert!(matches!(sure, Formula::True | Formula::False));
            for open in
                [told(Told::Unknown, v.clone()), told(x.clone(), Told::Unknown), told(Told::Unknown, Told::Unknown)]
            {
                assert_eq!(condition.holds(&open, policy).resolve(&known), sure);
            }
        }
    }
}

/// An operator and its negation: one of them holds for a value, and not both.
fn complement(policy: &Arc<Policy>, version: &str, wanted: &str, given: &str, variable: &str) {
    let operator = only_condition(policy).operator.value;
    let negation = Comparison::ALL.into_iter().find(|other| other.negates() == Some(operator.comparison));
    if let (None, Some(negation)) = (operator.set, negation) {
        let negated = read(version, &format!("{negation:?}"), wanted).expect("as the other was read");
        let context = told(one(given), one(variable));
        let holds = |policy: &Arc<Policy>| only_condition(policy).holds(&context, policy);
        assert_eq!(holds(policy), holds(&negated).not());
    }
}

fn resource(policy: &Arc<Policy>, pattern: &str, arn: &str, variable: &str) {
    let at = || policy.at(only_condition(policy).span);
    let pattern = ResourcePattern::new(pattern, policy.version());
    for v in [one(variable), Told::Absent] {
        let known = told(Told::Absent, v);
        let sure = pattern.matches(arn, &known, at);
        assert!(matches!(sure, Formula::True | Formula::False));
        assert_eq!(pattern.matches(arn, &told(Told::Absent, Told::Unknown), at).resolve(&known), sure);
        assert!(
            policy.version() == Version::V2012 || sure == pattern.matches(arn, &told(Told::Absent, Told::Absent), at)
        );
    }
}
