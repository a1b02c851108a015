//! What people call things.

use std::fmt::{self, Display, Formatter};

use aws_model::AccountId;

use crate::{
    decision::{Gate, GrantMiss},
    phrase::Caller,
    policy::{Effect, Policy, PolicyKind, Statement},
    principal::Principal,
    text::Span,
    world::{PolicyOrigin, World},
};

/// The policies of a gate.
pub(super) const fn gate(gate: Gate) -> &'static str {
    match gate {
        Gate::ResourceControl => "resource control policies",
        Gate::ServiceControl => "service control policies",
        Gate::Resource(PolicyKind::Key) => "key policy",
        Gate::Resource(PolicyKind::Trust) => "trust policy",
        Gate::Resource(_) => "resource policy",
        Gate::Grants => "grants",
        Gate::Identity => "identity policies",
        Gate::Boundary => "permissions boundary",
        Gate::Session => "session policies",
    }
}

/// An account, with its name if it has one.
pub(super) fn account(id: AccountId, world: &World) -> String {
    match world.account(id).and_then(|account| account.name.as_deref()) {
        Some(name) => format!("{id} ({name})"),
        None => id.to_string(),
    }
}

/// Who calls. A role that stands for every session of it is told as the role.
pub(super) fn who(principal: &Principal) -> String {
    match principal {
        Principal::Session(session) if session.name.is_none() => session.role.as_str().to_owned(),
        other => Caller(other).to_string(),
    }
}

/// A place in a policy: `kp.json:22`, then the statement's id or number.
pub(super) struct StatementAt<'a> {
    pub(super) policy: &'a Policy,
    pub(super) index: usize,
}

impl StatementAt<'_> {
    pub(super) fn statement(&self) -> Option<&Statement> {
        self.policy.statements().get(self.index)
    }
}

impl Display for StatementAt<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Some(statement) = self.statement() else { return f.write_str(self.policy.source().name()) };
        write!(f, "{} ", Place { policy: self.policy, span: statement.span })?;
        match &statement.sid {
            Some(sid) if !sid.value.is_empty() => write!(f, "Sid={}", sid.value),
            _ => write!(f, "statement {}", self.index + 1),
        }
    }
}

/// `kp.json:22`.
pub(super) struct Place<'a> {
    pub(super) policy: &'a Policy,
    pub(super) span: Span,
}

impl Display for Place<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let source = self.policy.source();
        write!(f, "{}:{}", source.name(), source.place(self.span).line)
    }
}

/// How a policy got to whom it is attached to.
pub(super) fn origin(origin: &PolicyOrigin) -> String {
    match origin {
        PolicyOrigin::Inline(name) => format!("inline policy `{name}`"),
        PolicyOrigin::Managed(arn) => format!("managed policy {arn}"),
        PolicyOrigin::GroupInline { group, name } => format!("inline policy `{name}` of group `{group}`"),
        PolicyOrigin::GroupManaged { group, arn } => format!("managed policy {arn} of group `{group}`"),
    }
}

pub(super) const fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Allow => "Allow",
        Effect::Deny => "Deny",
    }
}

/// What is in the way of a grant, of one or of several.
pub(super) const fn grant_miss(miss: GrantMiss, is_one: bool) -> &'static str {
    match (miss, is_one) {
        (GrantMiss::OtherGrantee, true) => "is another grantee's",
        (GrantMiss::OtherGrantee, false) => "are other grantees'",
        (GrantMiss::GranteeRecreated, true) => "is for a grantee of this name that has been deleted since",
        (GrantMiss::GranteeRecreated, false) => "are for a grantee of this name that has been deleted since",
        (GrantMiss::Operation, true) => "does not permit the operation",
        (GrantMiss::Operation, false) => "do not permit the operation",
        (GrantMiss::EncryptionContext, true) => "wants another encryption context",
        (GrantMiss::EncryptionContext, false) => "want another encryption context",
        (GrantMiss::SourceArn, true) => "wants another source",
        (GrantMiss::SourceArn, false) => "want another source",
        (GrantMiss::ChildOperations, true) => "permits less than the grant to be made",
        (GrantMiss::ChildOperations, false) => "permit less than the grant to be made",
        (GrantMiss::ChildConstraints, true) => "is more constrained than the grant to be made",
        (GrantMiss::ChildConstraints, false) => "are more constrained than the grant to be made",
        (GrantMiss::Propagation, true) => "has not spread through KMS yet, so it counts with its token only",
        (GrantMiss::Propagation, false) => "have not spread through KMS yet, so they count with their tokens only",
    }
}

/// The word for it in JSON.
pub(super) const fn grant_miss_word(miss: GrantMiss) -> &'static str {
    match miss {
        GrantMiss::OtherGrantee => "otherGrantee",
        GrantMiss::GranteeRecreated => "granteeRecreated",
        GrantMiss::Operation => "operation",
        GrantMiss::EncryptionContext => "encryptionContext",
        GrantMiss::SourceArn => "sourceArn",
        GrantMiss::ChildOperations => "childOperations",
        GrantMiss::ChildConstraints => "childConstraints",
        GrantMiss::Propagation => "propagation",
    }
}

/// `1 statement`, `7 statements`.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {many}"),
    }
}
