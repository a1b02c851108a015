//! Whether one statement is about one request.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failing test says which line"
)]

mod assumptions;
mod conditions;
mod invariants;
mod multivalued;
mod replay;
mod resources;
mod unknown;

use std::sync::Arc;

use authz::{
    context::{Context, Others, Told},
    formula::Formula,
    policy::{Policy, PolicyKind},
    text::SourceText,
};

/// A policy of one statement, of which only this part matters.
fn policy(version: &str, part: &str) -> Arc<Policy> {
    let action = if part.contains("Action\"") { "" } else { r#""Action": "*", "# };
    let resource = if part.contains("Resource\"") { "" } else { r#""Resource": "*", "# };
    let text = format!(r#"{{"Version": "{version}", "Statement": [{{"Effect": "Allow", {action}{resource}{part}}}]}}"#);
    Arc::new(Policy::parse(SourceText::new("test", text.clone()), PolicyKind::Identity).unwrap_or_else(|malformed| {
        panic!("{malformed} in {text}");
    }))
}

/// The context that tells these keys; `None` is a key that nobody told. No other key is in the request.
fn context(told: &[(&str, Option<&[&str]>)]) -> Context {
    told.iter().fold(Context::new(Others::Absent), |context, (key, values)| {
        let told =
            values.map_or(Told::Unknown, |values| Told::Values(values.iter().map(ToString::to_string).collect()));
        context.with(key, told)
    })
}

/// Whether the conditions of a policy's one statement hold.
fn conditions(policy: &Arc<Policy>, context: &Context) -> Formula {
    Formula::all(policy.statements()[0].conditions.iter().map(|condition| condition.holds(context, policy)))
}

/// `yes`, `no` or `open`.
fn word(formula: &Formula) -> &'static str {
    match formula {
        Formula::True => "yes",
        Formula::False => "no",
        _ => "open",
    }
}
