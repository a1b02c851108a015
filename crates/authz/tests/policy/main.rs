//! Reading policies: what reads, what does not, where and why, in our words and in AWS's.
#![expect(clippy::panic, clippy::expect_used, clippy::string_slice, reason = "a failing test says which document")]

mod aws;
mod documents;
mod invariants;
mod json;
mod limits;
mod malformed;
mod principals;
mod properties;
mod replay;

use authz::{
    policy::{MalformedPolicy, Policy, PolicyKind},
    text::SourceText,
};

fn parse(text: &str, kind: PolicyKind) -> Result<Policy, MalformedPolicy> {
    Policy::parse(SourceText::new("policy.json", text), kind)
}

fn read(text: &str, kind: PolicyKind) -> Policy {
    parse(text, kind).unwrap_or_else(|error| panic!("{error}\n\n{text}"))
}

fn refuse(text: &str, kind: PolicyKind) -> MalformedPolicy {
    match parse(text, kind) {
        Ok(policy) => panic!("{policy:?} reads\n\n{text}"),
        Err(error) => error,
    }
}

/// A document of one statement.
fn document(statement: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{{{statement}}}]}}"#)
}
