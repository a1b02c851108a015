//! Statements.

use std::collections::HashSet;

use jsonc_parser::ast::{ObjectProp, StringLit, Value};

use super::{
    Flaw, Reader, Refusal,
    json::{describe, span_of},
    members::Members,
};
use crate::{
    policy::{ActionPattern, Effect, Element, ResourcePattern, Statement, Version, limits},
    text::Spanned,
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
            return Err((sid.span, Flaw::SidCharacters(sid.value.clone())));
        }
        if !sid.value.is_empty() && !self.0.insert(sid.value.clone()) {
            return Err((sid.span, Flaw::SidTwice(sid.value.clone())));
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
        let statement = Statement {
            span: span_of(object),
            sid,
            effect: effect(&members)?,
            principals: self.principals(&members)?,
            actions: actions(&members)?,
            resources: self.resources(&members, version)?,
            conditions: self.conditions(&members, version)?,
        };
        self.check_for_organizations(&statement)?;
        Ok(statement)
    }

    fn resources(
        self,
        members: &Members<'_, '_>,
        version: Version,
    ) -> Result<Option<Element<ResourcePattern>>, Refusal> {
        let found = members.either("Resource", "NotResource")?;
        match found {
            Some((member, _)) if !self.kind.has_resources() => {
                Err((span_of(member), Flaw::Prohibited { element: "Resource" }))
            }
            None if self.kind.has_resources() => Err((members.span(), Flaw::Missing("Resource"))),
            None => Ok(None),
            Some((member, negated)) => {
                let name = if negated { "NotResource" } else { "Resource" };
                element(member, name, negated, |written| Ok(ResourcePattern::new(&written.value, version))).map(Some)
            }
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

fn actions(members: &Members<'_, '_>) -> Result<Element<ActionPattern>, Refusal> {
    let found = members.either("Action", "NotAction")?;
    let (member, negated) = found.ok_or_else(|| (members.span(), Flaw::Missing("Action")))?;
    let name = if negated { "NotAction" } else { "Action" };
    element(member, name, negated, |written| written.value.parse().map_err(|_| Flaw::Action(written.value.to_string())))
}

/// An element that is a string or a list of them, each read by `parse`.
fn element<T>(
    member: &ObjectProp<'_>,
    name: &'static str,
    negated: bool,
    parse: impl Fn(&StringLit<'_>) -> Result<T, Flaw>,
) -> Result<Element<T>, Refusal> {
    let parse = |value: &Value<'_>| match value {
        Value::StringLit(written) => {
            let span = span_of(written);
            let value = parse(written).map_err(|flaw| (span, flaw))?;
            Ok(Spanned { value, span })
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
