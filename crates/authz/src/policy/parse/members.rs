//! Objects whose members are known by name.

use jsonc_parser::ast::{Object, ObjectProp, Value};

use super::{Flaw, Refusal, in_short, json::span_of};
use crate::text::{Span, Spanned};

/// The members of an object: each is known, and none is there twice.
///
/// AWS refuses an element that is there twice: IAM User Guide, "Troubleshoot IAM policies" > "More than one Effect,
/// Action, or Resource element in a Statement element".
pub(super) struct Members<'o, 'a> {
    object: &'o Object<'a>,
    known: &'static [&'static str],
}

impl<'o, 'a> Members<'o, 'a> {
    /// Refuses what is not known, and what is there twice. `of` names the object for people: "a statement".
    pub(super) fn read(
        object: &'o Object<'a>,
        of: &'static str,
        known: &'static [&'static str],
    ) -> Result<Self, Refusal> {
        let mut seen = 0_u32;
        for member in &object.properties {
            let name = member.name.as_str();
            let Some(at) = known.iter().position(|known| *known == name) else {
                return Err((name_span(member), Flaw::UnknownElement { name: in_short(name), of, known }));
            };
            // INVARIANT: no object has 32 members that are known.
            let bit = 1 << (at % 32);
            if seen & bit != 0 {
                return Err((name_span(member), Flaw::Duplicate(name.to_owned())));
            }
            seen |= bit;
        }
        Ok(Self { object, known })
    }

    /// The whole object.
    pub(super) fn span(&self) -> Span {
        span_of(self.object)
    }

    /// A member's value.
    pub(super) fn get(&self, name: &str) -> Option<&'o Value<'a>> {
        self.member(name).map(|member| &member.value)
    }

    /// A member with its name.
    pub(super) fn member(&self, name: &str) -> Option<&'o ObjectProp<'a>> {
        debug_assert!(self.known.contains(&name), "{name} would have been refused");
        self.object.properties.iter().find(|member| member.name.as_str() == name)
    }

    /// A member that has to be a string.
    pub(super) fn string(&self, name: &'static str) -> Result<Option<Spanned<String>>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::StringLit(string)) => {
                Ok(Some(Spanned { value: string.value.to_string(), span: span_of(string) }))
            }
            Some(other) => Err((span_of(other), Flaw::WrongType { what: name, wants: "a string" })),
        }
    }

    /// The one of two members that exclude each other.
    pub(super) fn either(&self, name: &'static str, negation: &'static str) -> Result<Option<Either<'o, 'a>>, Refusal> {
        match (self.member(name), self.member(negation)) {
            (Some(_), Some(other)) => Err((name_span(other), Flaw::Both(name, negation))),
            (Some(member), None) => Ok(Some(Either { member, name, negated: false })),
            (None, Some(member)) => Ok(Some(Either { member, name: negation, negated: true })),
            (None, None) => Ok(None),
        }
    }
}

/// An element that has a `Not` form, in one of the two.
#[derive(Clone, Copy)]
pub(super) struct Either<'o, 'a> {
    pub(super) member: &'o ObjectProp<'a>,
    pub(super) name: &'static str,
    pub(super) negated: bool,
}

/// Where a member's name stands, quotes included.
pub(super) fn name_span(member: &ObjectProp<'_>) -> Span {
    match &member.name {
        jsonc_parser::ast::ObjectPropName::String(name) => span_of(name),
        jsonc_parser::ast::ObjectPropName::Word(name) => span_of(name),
    }
}
