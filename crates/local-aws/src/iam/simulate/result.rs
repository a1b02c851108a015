//! A simulation's results as answers have them.
//!
//! One result for each action: its decision is the narrowest of those on each resource, which stand behind it.
//!
//! Source: IAM API Reference, "EvaluationResult", "ResourceSpecificResult", "Statement".

use authz::{
    text::{Place, Span},
    world::PolicyOrigin,
};
use serde_json::{Map, Value, json};

use super::asked::{ActionResult, Decision, Matched, Outcome};

pub(super) fn told(result: &ActionResult) -> Value {
    let decision = result.on.iter().map(|outcome| outcome.decision).max().unwrap_or(Decision::ImplicitDeny);
    let resource = match result.on.as_slice() {
        [one] => one.resource.as_str(),
        _ => "*",
    };
    let mut told = Map::new();
    let mut tell = |member: &str, value: Value| told.insert(member.to_owned(), value);
    tell("EvalActionName", result.action.as_str().into());
    tell("EvalResourceName", resource.into());
    tell("EvalDecision", word(decision).into());
    // Of several resources those statements and keys that led to the narrowest decision.
    let narrowest: Vec<&Outcome> = result.on.iter().filter(|outcome| outcome.decision == decision).collect();
    let first = narrowest.first();
    tell("MatchedStatements", first.map_or_else(|| json!([]), |outcome| matched(outcome)));
    let missing: std::collections::BTreeSet<&String> = narrowest.iter().flat_map(|outcome| &outcome.missing).collect();
    tell("MissingContextValues", missing.into_iter().map(String::as_str).collect());
    if let Some(allowed) = first.and_then(|outcome| outcome.by_organization) {
        tell("OrganizationsDecisionDetail", json!({ "AllowedByOrganizations": allowed }));
    }
    if let Some(allowed) = first.and_then(|outcome| outcome.by_boundary) {
        tell("PermissionsBoundaryDecisionDetail", json!({ "AllowedByPermissionsBoundary": allowed }));
    }
    let specific: Vec<Value> = result.on.iter().filter(|outcome| outcome.resource != "*").map(of_resource).collect();
    if !specific.is_empty() {
        tell("ResourceSpecificResults", specific.into());
    }
    Value::Object(told)
}

fn of_resource(outcome: &Outcome) -> Value {
    let mut told = json!({
        "EvalResourceName": outcome.resource,
        "EvalResourceDecision": word(outcome.decision),
        "MatchedStatements": matched(outcome),
        "MissingContextValues": outcome.missing,
    });
    if let (Some(allowed), Some(fields)) = (outcome.by_boundary, told.as_object_mut()) {
        fields.insert("PermissionsBoundaryDecisionDetail".into(), json!({ "AllowedByPermissionsBoundary": allowed }));
    }
    told
}

const fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Allowed => "allowed",
        Decision::ImplicitDeny => "implicitDeny",
        Decision::ExplicitDeny => "explicitDeny",
    }
}

fn matched(outcome: &Outcome) -> Value {
    outcome.matched.iter().map(statement).collect()
}

fn statement(matched: &Matched) -> Value {
    let (id, kind) = match &matched.origin {
        Some(PolicyOrigin::Inline(name)) => (name.to_string(), "none"),
        Some(PolicyOrigin::GroupInline { group, name }) => (format!("group_{group}_{name}"), "group"),
        Some(PolicyOrigin::Managed(arn) | PolicyOrigin::GroupManaged { arn, .. }) => {
            let kind = if arn.contains("::aws:") { "aws-managed" } else { "user-managed" };
            (arn.rsplit('/').next().unwrap_or_default().to_owned(), kind)
        }
        None if matched.of_resource => ("ResourcePolicy".to_owned(), "resource"),
        None => ("organization".to_owned(), "none"),
    };
    let Matched { policy, span, .. } = matched;
    json!({
        "SourcePolicyId": id,
        "SourcePolicyType": kind,
        "StartPosition": place(policy.source().place(*span)),
        "EndPosition": place(policy.source().place(Span { start: span.end, end: span.end })),
    })
}

fn place(place: Place) -> Value {
    json!({ "Line": place.line, "Column": place.column })
}
