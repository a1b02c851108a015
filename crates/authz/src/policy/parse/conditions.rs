//! The `Condition` element.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Condition", and the grammar for the types that values may have.

use std::collections::HashSet;

use jsonc_parser::ast::{Object, ObjectProp, Value};

use super::{
    Flaw, Reader, Refusal,
    json::{describe, span_of},
    members::{Members, name_span},
};
use crate::{
    context::ContextKey,
    policy::{Condition, ConditionValue, Operator, Version},
    text::Spanned,
};

impl Reader<'_> {
    pub(super) fn conditions(self, members: &Members<'_, '_>, version: Version) -> Result<Box<[Condition]>, Refusal> {
        let Some(value) = members.get("Condition") else { return Ok(Box::default()) };
        let mut conditions = Vec::new();
        for member in each_once(object(value, "Condition")?)? {
            let operator = operator(member)?;
            for member in each_once(object(&member.value, "a condition operator")?)? {
                conditions.push(condition(member, operator.clone(), version)?);
            }
        }
        Ok(conditions.into())
    }
}

fn object<'o, 'a>(value: &'o Value<'a>, what: &'static str) -> Result<&'o Object<'a>, Refusal> {
    match value {
        Value::Object(object) => Ok(object),
        other => Err((span_of(other), Flaw::WrongType { what, wants: "an object" })),
    }
}

/// The members, none of which may be there twice.
fn each_once<'o, 'a>(object: &'o Object<'a>) -> Result<&'o [ObjectProp<'a>], Refusal> {
    let mut seen = HashSet::new();
    for member in &object.properties {
        if !seen.insert(member.name.as_str()) {
            return Err((name_span(member), Flaw::Duplicate(member.name.as_str().to_owned())));
        }
    }
    Ok(&object.properties)
}

fn operator(member: &ObjectProp<'_>) -> Result<Spanned<Operator>, Refusal> {
    let (written, span) = (member.name.as_str(), name_span(member));
    let value = written.parse().map_err(|_| (span, Flaw::Operator(written.to_owned())))?;
    Ok(Spanned { value, span })
}

fn condition(member: &ObjectProp<'_>, operator: Spanned<Operator>, version: Version) -> Result<Condition, Refusal> {
    let (written, span) = (member.name.as_str(), name_span(member));
    let value = |value: &Value<'_>| match value {
        Value::StringLit(_) | Value::NumberLit(_) | Value::BooleanLit(_) => {
            let span = span_of(value);
            match ConditionValue::new(&describe(value), operator.value, version) {
                Ok(value) => Ok(Spanned { value, span }),
                Err(invalid) => Err((span, Flaw::ConditionValue(invalid))),
            }
        }
        other => {
            let wants = "a string, a number, a boolean or a list of them";
            Err((span_of(other), Flaw::WrongType { what: "a condition value", wants }))
        }
    };
    let values: Box<[_]> = match &member.value {
        Value::Array(many) => many.elements.iter().map(value).collect::<Result<_, _>>()?,
        one => Box::new([value(one)?]),
    };
    Ok(Condition { span: span_of(member), key: Spanned { value: ContextKey::new(written), span }, operator, values })
}
