//! What a case has that shows its kind. The case is as small as it can be: what it has, the disagreement needs. Which of
//! the two finds that the statement matches is part of the kind: the other way round it would be a mistake of ours.

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

/// Whom the resource's policy denies, where that stops the request for us.
fn denied_to_us_by_resource(least: &Decided) -> Vec<String> {
    let policy = least.case.setting.policy_of(least.case.ask.target).filter(|_| least.ours == Answer::DeniedExplicitly);
    let denies = policy.into_iter().flat_map(|policy| &policy.statements).filter(|it| it["Effect"] == "Deny");
    denies.flat_map(|statement| texts(&statement["Principal"])).collect()
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
    let names_parent = |principals: Vec<String>| principals.iter().any(|principal| principal.ends_with(":user/ann"));
    least.case.ask.caller == Caller::FederatedUser
        && (names_parent(allowed_by_resource(least)) || names_parent(denied_to_us_by_resource(least)))
}

fn documents(least: &Decided) -> impl Iterator<Item = &Document> {
    least.case.setting.documents().into_iter()
}

fn statements(least: &Decided) -> impl Iterator<Item = &Value> {
    documents(least).flat_map(|document| &document.statements)
}

/// Who of us and them finds that a statement matches, if they disagree in that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Matches {
    Ours,
    Theirs,
}

impl Matches {
    fn of(statement: &Value, least: &Decided) -> Option<Self> {
        let made_so = if statement["Effect"] == "Deny" { Answer::DeniedExplicitly } else { Answer::Allowed };
        match (least.ours == made_so, least.theirs == made_so) {
            (true, false) => Some(Self::Ours),
            (false, true) => Some(Self::Theirs),
            _ => None,
        }
    }

    /// Where a value matches for us and not for them, a negated operator does for them and not for us.
    fn value_for_us_under(operator: &str) -> Self {
        if operator.contains("Not") { Self::Theirs } else { Self::Ours }
    }
}

/// They expand it and we do not, so that a value matches for them, and a negated one for us.
pub(super) fn has_variables_under_2008(least: &Decided) -> bool {
    let of_2008 = documents(least).filter(|document| document.version == "2008-10-17");
    of_2008.flat_map(|document| &document.statements).any(|statement| {
        let text = statement.to_string();
        let is_negated = text.contains("\"NotResource\"") || text.contains("NotEquals") || text.contains("NotLike");
        let expected = if is_negated { Matches::Ours } else { Matches::Theirs };
        text.contains("${") && Matches::of(statement, least) == Some(expected)
    })
}

pub(super) fn has_unresolved_not_resource(least: &Decided) -> bool {
    statements(least).any(|statement| {
        let is_unresolved = texts(&statement["NotResource"]).iter().any(|text| text.contains("${aws:"));
        is_unresolved && Matches::of(statement, least) == Some(Matches::Ours)
    })
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
    matches: Option<Matches>,
}

impl Entry<'_> {
    /// Whether they take the value as matching nothing.
    fn value_matches_for_us(&self) -> bool {
        self.matches == Some(Matches::value_for_us_under(self.operator))
    }
}

fn any_entry(least: &Decided, is_such: impl Fn(&Entry<'_>) -> bool) -> bool {
    let context = &least.case.ask.context;
    statements(least).any(|statement| {
        let matches = Matches::of(statement, least);
        statement.get("Condition").and_then(Value::as_object).into_iter().flatten().any(|(operator, keys)| {
            keys.as_object().into_iter().flatten().any(|(key, values)| {
                let (given, values) = (context.get(key.as_str()), texts(values));
                let (is_there, given) = (given.is_some(), given.map_or(&[][..], Vec::as_slice));
                is_such(&Entry { operator, values, given, is_there, matches })
            })
        })
    })
}

fn is_epoch(text: &str) -> bool {
    text.len() > 4 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Seconds since 1970, which they take as milliseconds, lie before whatever date stands on the other side.
pub(super) fn takes_seconds_as_milliseconds(least: &Decided) -> bool {
    any_entry(least, |entry| {
        let mixed = |seconds: &dyn Fn(&str, &str) -> bool| {
            entry.values.iter().any(|value| entry.given.iter().any(|given| seconds(value, given)))
        };
        let in_policy = mixed(&|value, given| is_epoch(value) && !is_epoch(given));
        let in_request = mixed(&|value, given| is_epoch(given) && !is_epoch(value));
        let they_find_so = match entry.operator {
            operator if operator.contains("DateLessThan") => in_request,
            operator if operator.contains("DateGreaterThan") => in_policy,
            operator => operator.contains("DateNotEquals"),
        };
        let expected = if they_find_so { Matches::Theirs } else { Matches::Ours };
        entry.operator.contains("Date") && (in_policy || in_request) && entry.matches == Some(expected)
    })
}

pub(super) fn negates_range_of_other_family(least: &Decided) -> bool {
    any_entry(least, |entry| {
        let differ = |value: &String| entry.given.iter().any(|given| given.contains("::") != value.contains("::"));
        entry.operator.contains("NotIpAddress")
            && entry.values.iter().any(differ)
            && entry.matches == Some(Matches::Ours)
    })
}

pub(super) fn has_range_of_all(least: &Decided) -> bool {
    any_entry(least, |entry| {
        entry.operator.contains("IpAddress")
            && entry.values.iter().any(|value| value == "0.0.0.0/0")
            && entry.value_matches_for_us()
    })
}

pub(super) fn has_bare_star_as_arn(least: &Decided) -> bool {
    any_entry(least, |entry| {
        entry.operator.contains("Arn") && entry.values.iter().any(|value| value == "*") && entry.value_matches_for_us()
    })
}

pub(super) fn asks_null_of_empty_set(least: &Decided) -> bool {
    any_entry(least, |entry| {
        let asks_for_none = entry.values.iter().any(|value| value == "true");
        let expected = if asks_for_none { Matches::Ours } else { Matches::Theirs };
        entry.operator == "Null" && entry.is_there && entry.given.is_empty() && entry.matches == Some(expected)
    })
}

pub(super) fn has_variable_within_arn(least: &Decided) -> bool {
    any_entry(least, |entry| {
        entry.operator.contains("Arn")
            && entry.values.iter().any(|value| value.contains("::${"))
            && entry.value_matches_for_us()
    })
}

/// Only a variable that has no value is left in a case that cannot be smaller: a known one would be compared alike.
pub(super) fn negates_unresolved(least: &Decided) -> bool {
    any_entry(least, |entry| {
        entry.operator.contains("StringNot")
            && entry.values.iter().any(|value| value.contains("${aws:"))
            && entry.matches == Some(Matches::Ours)
    })
}
