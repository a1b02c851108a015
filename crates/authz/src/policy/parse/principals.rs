//! The `Principal` and `NotPrincipal` elements.
//!
//! Source: IAM User Guide, "AWS JSON policy elements: Principal" and "AWS JSON policy elements: NotPrincipal".

use jsonc_parser::ast::{ObjectProp, Value};

use super::{
    Flaw, Reader, Refusal,
    json::{describe, span_of},
    members::{Members, name_span},
};
use crate::{
    policy::{Element, PolicyKind, PrincipalPattern, PrincipalType},
    text::Spanned,
};

impl Reader<'_> {
    pub(super) fn principals(self, members: &Members<'_, '_>) -> Result<Option<Element<PrincipalPattern>>, Refusal> {
        match members.either("Principal", "NotPrincipal")? {
            Some((member, _)) if !self.kind.has_principals() => {
                Err((span_of(member), Flaw::Prohibited { element: "Principal" }))
            }
            None if self.kind.has_principals() => Err((members.span(), Flaw::Missing("Principal"))),
            None => Ok(None),
            Some((member, negated)) => {
                let patterns = self.patterns(&member.value)?;
                Ok(Some(Element { negated, patterns, span: span_of(member) }))
            }
        }
    }

    fn patterns(self, value: &Value<'_>) -> Result<Box<[Spanned<PrincipalPattern>]>, Refusal> {
        let types = match value {
            Value::StringLit(anyone) if anyone.value == "*" => {
                return Ok(Box::new([Spanned { value: PrincipalPattern::Anyone, span: span_of(anyone) }]));
            }
            Value::Object(types) => types,
            other => return Err((span_of(other), Flaw::PrincipalShape(describe(other)))),
        };
        Members::read(types, "a principal", &PrincipalType::NAMES)?;
        let mut patterns = Vec::new();
        for member in &types.properties {
            self.names(member, &mut patterns)?;
        }
        if patterns.is_empty() {
            return Err((span_of(value), Flaw::Empty("Principal")));
        }
        Ok(patterns.into())
    }

    /// The principals of one type.
    fn names(self, member: &ObjectProp<'_>, patterns: &mut Vec<Spanned<PrincipalPattern>>) -> Result<(), Refusal> {
        let name = member.name.as_str();
        let Some(kind) = PrincipalType::named(name) else {
            let known = &PrincipalType::NAMES;
            return Err((name_span(member), Flaw::UnknownElement { name: name.to_owned(), of: "a principal", known }));
        };
        if kind == PrincipalType::CanonicalUser && self.kind != PolicyKind::Resource {
            return Err((name_span(member), Flaw::Prohibited { element: "CanonicalUser" }));
        }
        let values = match &member.value {
            Value::Array(many) => many.elements.as_slice(),
            one => std::slice::from_ref(one),
        };
        if values.is_empty() {
            return Err((span_of(&member.value), Flaw::Empty(kind.name())));
        }
        for value in values {
            let Value::StringLit(written) = value else {
                let wants = "a string or a list of strings";
                return Err((span_of(value), Flaw::WrongType { what: kind.name(), wants }));
            };
            let span = span_of(written);
            let value = PrincipalPattern::parse(kind, &written.value).map_err(|why| (span, Flaw::Principal(why)))?;
            patterns.push(Spanned { value, span });
        }
        Ok(())
    }
}
