//! What a case has that shows its kind. The case is as small as it can be: what it has, the disagreement needs.

use serde_json::Value;

use crate::{
    Answer, Case, Decided,
    support::setting::{Ask, Caller, Document, Target},
};

pub(super) fn retires_grant(ask: &Ask) -> bool {
    ask.action == "kms:RetireGrant"
}

pub(super) fn administers_foreign_key(ask: &Ask) -> bool {
    ask.is_foreign && ask.action == "kms:ScheduleKeyDeletion"
}

pub(super) fn root_user_assumes_role(ask: &Ask) -> bool {
    ask.caller == Caller::Root && ask.action == "sts:AssumeRole"
}

pub(super) fn federated_user_calls_iam_or_sts(ask: &Ask) -> bool {
    ask.caller == Caller::FederatedUser && matches!(ask.target, Target::Trust | Target::Role)
}

pub(super) fn free_service_linked_role(case: &mut Case) {
    if case.ask.caller == Caller::ServiceLinkedRole {
        case.setting.service_control.clear();
        case.setting.resource_control.clear();
    }
}

/// The principals that the resource's policy allows to callers with a session policy, which would cap them.
fn allowed_by_resource(least: &Decided) -> Vec<String> {
    let ask = &least.case.ask;
    let capped = ask.caller.has_session_policy() && least.ours == Answer::Allowed;
    let policy = least.case.setting.policy_of(ask.target).filter(|_| capped);
    let allows = policy.into_iter().flat_map(|policy| &policy.statements).filter(|it| it["Effect"] == "Allow");
    allows.flat_map(|statement| texts(&statement["Principal"])).collect()
}

/// Every text in a value.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(many) => many.iter().flat_map(texts).collect(),
        Value::Object(entries) => entries.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

pub(super) fn session_is_named(least: &Decided) -> bool {
    !least.case.ask.is_foreign && allowed_by_resource(least).contains(&least.case.ask.caller.name())
}

pub(super) fn everybody_is_named(least: &Decided) -> bool {
    !least.case.ask.is_foreign && allowed_by_resource(least).iter().any(|principal| principal == "*")
}

pub(super) fn parent_is_named(least: &Decided) -> bool {
    least.case.ask.caller == Caller::FederatedUser
        && allowed_by_resource(least).iter().any(|principal| principal.ends_with(":user/ann"))
}

fn documents(least: &Decided) -> impl Iterator<Item = &Document> {
    least.case.setting.documents().into_iter()
}

fn statements(least: &Decided) -> impl Iterator<Item = &Value> {
    documents(least).flat_map(|document| &document.statements)
}

pub(super) fn has_variables_under_2008(least: &Decided) -> bool {
    documents(least).any(|document| document.version == "2008-10-17" && document.json().to_string().contains("${"))
}

pub(super) fn has_unresolved_not_resource(least: &Decided) -> bool {
    statements(least).any(|statement| texts(&statement["NotResource"]).iter().any(|text| text.contains("${aws:")))
}

pub(super) fn excepts_principals(least: &Decided) -> bool {
    least.ours == Answer::DeniedExplicitly && statements(least).any(|it| it.get("NotPrincipal").is_some())
}

/// An entry of a condition: operator, values, and those of the request.
struct Entry<'a> {
    operator: &'a str,
    values: Vec<String>,
    given: &'a [&'static str],
    is_there: bool,
}

fn any_entry(least: &Decided, is_such: impl Fn(&Entry<'_>) -> bool) -> bool {
    let context = &least.case.ask.context;
    statements(least).filter_map(|statement| statement.get("Condition")?.as_object()).flatten().any(
        |(operator, keys)| {
            keys.as_object().into_iter().flatten().any(|(key, values)| {
                let given = context.get(key.as_str());
                let values = texts(values);
                is_such(&Entry { operator, values, given: given.map_or(&[], Vec::as_slice), is_there: given.is_some() })
            })
        },
    )
}

fn is_epoch(text: &str) -> bool {
    text.len() > 4 && text.bytes().all(|byte| byte.is_ascii_digit())
}

pub(super) fn has_epoch_date(least: &Decided) -> bool {
    any_entry(least, |entry| {
        let is_epoch =
            entry.values.iter().any(|value| is_epoch(value)) || entry.given.iter().any(|value| is_epoch(value));
        entry.operator.contains("Date") && entry.is_there && is_epoch
    })
}

pub(super) fn negates_range_of_other_family(least: &Decided) -> bool {
    any_entry(least, |entry| {
        let differ = |value: &String| entry.given.iter().any(|given| given.contains("::") != value.contains("::"));
        entry.operator.contains("NotIpAddress") && entry.values.iter().any(differ)
    })
}

pub(super) fn has_range_of_all(least: &Decided) -> bool {
    any_entry(least, |entry| {
        entry.operator.contains("IpAddress") && entry.values.iter().any(|value| value == "0.0.0.0/0")
    })
}

pub(super) fn has_bare_star_as_arn(least: &Decided) -> bool {
    any_entry(least, |entry| entry.operator.contains("Arn") && entry.values.iter().any(|value| value == "*"))
}

pub(super) fn asks_null_of_empty_set(least: &Decided) -> bool {
    any_entry(least, |entry| entry.operator == "Null" && entry.is_there && entry.given.is_empty())
}

pub(super) fn has_variable_within_arn(least: &Decided) -> bool {
    any_entry(least, |entry| entry.operator.contains("Arn") && entry.values.iter().any(|value| value.contains("::${")))
}

/// Only a variable that has no value is left in a case that cannot be smaller: a known one would be compared alike.
pub(super) fn negates_unresolved(least: &Decided) -> bool {
    any_entry(least, |entry| {
        entry.operator.contains("StringNot") && entry.values.iter().any(|value| value.contains("${aws:"))
    })
}
