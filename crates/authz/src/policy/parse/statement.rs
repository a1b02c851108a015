//! Statements.

use std::collections::HashSet;

use jsonc_parser::ast::Value;

use super::{
    Flaw, Reader, Refusal, in_short,
    json::{describe, span_of},
    members::{Either, Members},
};
use crate::{
    policy::{
        ActionPattern, Effect, Element, PolicyKind, ResourcePattern, Statement, Version, limits,
        principal_pattern::PARTITIONS,
    },
    text::{Span, Spanned},
};

/// Source: IAM User Guide, "Grammar of the IAM JSON policy language".
const ELEMENTS: [&str; 9] =
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

/// The ids of the statements so far.
#[derive(Default)]
pub(super) struct Sids(HashSet<String>);

impl Sids {
    /// Source: IAM User Guide, "IAM JSON policy elements: Sid". An empty one is taken as none, as IAM takes it.
    fn take(&mut self, sid: &Spanned<String>, allows: impl Fn(char) -> bool) -> Result<(), Refusal> {
        if !sid.value.chars().all(allows) {
            return Err((sid.span, Flaw::SidCharacters(in_short(&sid.value))));
        }
        if !sid.value.is_empty() && !self.0.insert(sid.value.clone()) {
            return Err((sid.span, Flaw::SidTwice(in_short(&sid.value))));
        }
        Ok(())
    }
}

impl Reader<'_> {
    pub(super) fn statement(self, value: &Value<'_>, version: Version, sids: &mut Sids) -> Result<Statement, Refusal> {
        let Value::Object(object) = value else {
            return Err((span_of(value), Flaw::WrongType { what: "a statement", wants: "an object" }));
        };
        let members = Members::read(object, "a statement", &ELEMENTS)?;
        let sid = members.string("Sid")?;
        if let Some(sid) = &sid {
            sids.take(sid, |character| limits::may_be_in_sid(self.kind, character))?;
        }
        let effect = effect(&members)?;
        let statement = Statement {
            span: span_of(object),
            sid,
            principals: self.principals(&members, effect.value)?,
            effect,
            actions: self.actions(&members)?,
            resources: self.resources(&members, version)?,
            conditions: self.conditions(&members, version)?,
        };
        self.check_for_organizations(&statement)?;
        Ok(statement)
    }

    fn actions(self, members: &Members<'_, '_>) -> Result<Element<ActionPattern>, Refusal> {
        let found = members.either("Action", "NotAction")?.ok_or((members.span(), Flaw::Missing("Action")))?;
        element(found, |written, span| {
            let action = action(written).ok_or((span, Flaw::Action(in_short(written))))?;
            // Source: `CreateRole` refuses others, wildcards for the service included.
            if self.kind == PolicyKind::Trust && !action.as_str().starts_with("sts:") {
                return Err((span, Flaw::ActionOfTrust(in_short(written))));
            }
            Ok(action)
        })
    }

    fn resources(
        self,
        members: &Members<'_, '_>,
        version: Version,
    ) -> Result<Option<Element<ResourcePattern>>, Refusal> {
        match members.either("Resource", "NotResource")? {
            Some(found) if !self.kind.has_resources() && self.assumptions.iam_policy_trust_no_resource => {
                Err((span_of(found.member), Flaw::Prohibited(found.name)))
            }
            None if self.kind.has_resources() => Err((members.span(), Flaw::Missing("Resource"))),
            None => Ok(None),
            Some(found) => element(found, |written, span| {
                // What `PutKeyPolicy` says of others is not known.
                if self.kind != PolicyKind::Key {
                    check_resource(written).map_err(|flaw| (span, flaw))?;
                }
                Ok(ResourcePattern::new(written, version))
            })
            .map(Some),
        }
    }
}

/// Source: IAM User Guide, "IAM JSON policy elements: Effect" (the values are case-sensitive).
fn effect(members: &Members<'_, '_>) -> Result<Spanned<Effect>, Refusal> {
    let value = members.get("Effect").ok_or_else(|| (members.span(), Flaw::Missing("Effect")))?;
    let effect = match value {
        Value::StringLit(written) if written.value == "Allow" => Effect::Allow,
        Value::StringLit(written) if written.value == "Deny" => Effect::Deny,
        other => return Err((span_of(other), Flaw::Effect(describe(other)))),
    };
    Ok(Spanned { value: effect, span: span_of(value) })
}

/// The service is `*` or has letters, digits, dots and hyphens, and there is one colon.
///
/// Source: the errors that `CreatePolicy` has for others, see [`Flaw::Action`].
fn action(written: &str) -> Option<ActionPattern> {
    let is_sound = written == "*"
        || written.split_once(':').is_some_and(|(service, name)| {
            let is_word = service.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
            (service == "*" || is_word) && !name.contains(':')
        });
    written.parse().ok().filter(|_| is_sound)
}

/// `*`, or an ARN whose partition is known or has a wildcard.
///
/// Source: the errors that `CreatePolicy` has for others, see [`Flaw::Resource`] and [`Flaw::Partition`].
fn check_resource(written: &str) -> Result<(), Flaw> {
    let partition = match written.strip_prefix("arn:") {
        Some(rest) => rest.split(':').next().unwrap_or_default(),
        None if written == "*" => return Ok(()),
        None => return Err(Flaw::Resource(in_short(written))),
    };
    if PARTITIONS.contains(&partition) || partition.contains(['*', '?']) {
        Ok(())
    } else {
        Err(Flaw::Partition(in_short(written)))
    }
}

/// An element that is a string or a list of them, each read by `parse`.
fn element<T>(
    Either { member, name, negated }: Either<'_, '_>,
    parse: impl Fn(&str, Span) -> Result<T, Refusal>,
) -> Result<Element<T>, Refusal> {
    let parse = |value: &Value<'_>| match value {
        Value::StringLit(written) => {
            let span = span_of(written);
            Ok(Spanned { value: parse(&written.value, span)?, span })
        }
        other => Err((span_of(other), Flaw::WrongType { what: name, wants: "a string or a list of strings" })),
    };
    let patterns: Box<[Spanned<T>]> = match &member.value {
        Value::Array(many) => many.elements.iter().map(parse).collect::<Result<_, _>>()?,
        one => Box::new([parse(one)?]),
    };
    if patterns.is_empty() {
        return Err((span_of(&member.value), Flaw::Empty(name)));
    }
    Ok(Element { negated, patterns, span: span_of(member) })
}
