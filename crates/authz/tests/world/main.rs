//! Worlds: changed entry by entry, read from files, written into them.
#![expect(clippy::expect_used, clippy::unreachable, clippy::unwrap_used, reason = "a failing test says which line")]

mod aws_cli;
mod cases;
mod changes;
mod documented;
mod facts;
mod files;
mod invariants;
mod organization;
mod published;
mod replay;
mod requests;
mod sizes;
mod touches;
mod written;

use std::sync::Arc;

use authz::{
    policy::{Policy, PolicyKind},
    text::SourceText,
};

fn policy(kind: PolicyKind, name: &str, text: &str) -> Arc<Policy> {
    Arc::new(Policy::parse(SourceText::new(name, text), kind).unwrap())
}

fn identity_policy(name: &str) -> Arc<Policy> {
    let text = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}"#;
    policy(PolicyKind::Identity, name, text)
}
