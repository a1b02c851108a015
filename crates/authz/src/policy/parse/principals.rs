//! The `Principal` and `NotPrincipal` elements.
//!
//! Source: IAM User Guide, "AWS JSON policy elements: Principal" and "AWS JSON policy elements: NotPrincipal".

use jsonc_parser::ast::{ObjectProp, Value};

use super::{
    Flaw, Reader, Refusal, in_short,
    json::{describe, span_of},
    members::{Either, Members, name_span},
};
use crate::{
    policy::{Effect, Element, PolicyKind, PrincipalPattern, PrincipalType},
    text::Spanned,
};

impl Reader<'_> {
    pub(super) fn principals(
        self,
        members: &Members<'_, '_>,
        effect: Effect,
    ) -> Result<Option<Element<PrincipalPattern>>, Refusal> {
        let Some(found) = members.either("Principal", "NotPrincipal")? else {
            return if self.kind.has_principals() {
                Err((members.span(), Flaw::Missing("Principal")))
            } else {
                Ok(None)
            };
        };
        let Either { member, name, negated } = found;
        let is_prohibited = !self.kind.has_principals() || negated && !self.kind.has_principal_exceptions();
        if is_prohibited {
            return Err((span_of(member), Flaw::Prohibited(name)));
        }
        if negated && effect == Effect::Allow {
            return Err((span_of(member), Flaw::NotPrincipalAllows));
        }
        let patterns = self.patterns(name, &member.value)?;
        Ok(Some(Element { negated, patterns, span: span_of(member) }))
    }

    fn patterns(self, name: &'static str, value: &Value<'_>) -> Result<Box<[Spanned<PrincipalPattern>]>, Refusal> {
        let types = match value {
            Value::StringLit(anyone) if anyone.value == "*" => {
                if self.kind == PolicyKind::Trust {
                    return Err((span_of(anyone), Flaw::BarePrincipal));
                }
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
            return Err((span_of(value), Flaw::Empty(name)));
        }
        Ok(patterns.into())
    }

    /// The principals of one type.
    fn names(self, member: &ObjectProp<'_>, patterns: &mut Vec<Spanned<PrincipalPattern>>) -> Result<(), Refusal> {
        // INVARIANT: whatever has no type was refused as an unknown member.
        let Some(kind) = PrincipalType::named(member.name.as_str()) else { return Ok(()) };
        if kind == PrincipalType::CanonicalUser && self.kind != PolicyKind::Resource {
            return Err((name_span(member), Flaw::Prohibited(kind.name())));
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
            let value = PrincipalPattern::parse(kind, &written.value)
                .map_err(|why| (span, Flaw::Principal { principal: kind, name: in_short(&written.value), why }))?;
            patterns.push(Spanned { value, span });
        }
        Ok(())
    }
}
