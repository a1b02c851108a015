//! The `Condition` element.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Condition", and the grammar for the types that values may have.

use std::collections::HashSet;

use jsonc_parser::ast::{Object, ObjectProp, Value};

use super::{
    Flaw, Reader, Refusal, in_short,
    json::{scalar, span_of},
    members::{Members, name_span},
};
use crate::{
    context::ContextKey,
    policy::{Condition, ConditionValue, InvalidConditionValue, Operator, PolicyKind, SetOperator, Version},
    text::Spanned,
};

impl Reader<'_> {
    pub(super) fn conditions(self, members: &Members<'_, '_>, version: Version) -> Result<Box<[Condition]>, Refusal> {
        let Some(value) = members.get("Condition") else { return Ok(Box::default()) };
        let mut conditions = Vec::new();
        for member in each_once(object(value, "`Condition`")?)? {
            let keys = each_once(object(&member.value, "a condition operator")?)?;
            // IAM takes any operator that asks nothing.
            if keys.is_empty() {
                continue;
            }
            let operator = operator(member)?;
            for key in keys {
                conditions.push(self.condition(key, operator.clone(), version)?);
            }
        }
        Ok(conditions.into())
    }

    fn condition(
        self,
        member: &ObjectProp<'_>,
        operator: Spanned<Operator>,
        version: Version,
    ) -> Result<Condition, Refusal> {
        let (written, span) = (member.name.as_str(), name_span(member));
        let key = ContextKey::new(written);
        if self.kind == PolicyKind::Key && is_overly_permissive(operator.value, &key) {
            return Err((span, Flaw::OverlyPermissive(in_short(key.as_str()))));
        }
        let value = |value: &Value<'_>| {
            let wants = "a string, a number, a boolean or a list of them";
            let written =
                scalar(value).ok_or((span_of(value), Flaw::WrongType { what: "a condition's value", wants }))?;
            let span = span_of(value);
            match ConditionValue::new(written, operator.value, version) {
                Ok(value) => Ok(Spanned { value, span }),
                Err(_) if !self.assumptions.iam_policy_condition_date => {
                    Ok(Spanned { value: ConditionValue::never(written), span })
                }
                Err(InvalidConditionValue { written, operator }) => {
                    Err((span, Flaw::ConditionValue(InvalidConditionValue { written: in_short(&written), operator })))
                }
            }
        };
        let values: Box<[_]> = match &member.value {
            Value::Array(many) => many.elements.iter().map(value).collect::<Result<_, _>>()?,
            one => Box::new([value(one)?]),
        };
        Ok(Condition { span: span_of(member), key: Spanned { value: key, span }, operator, values })
    }
}

/// Source: AWS KMS Developer Guide, "AWS KMS condition keys" > "Using set operators with condition keys".
fn is_overly_permissive(operator: Operator, key: &ContextKey) -> bool {
    let has_one_value =
        ["kms:encryptioncontext:", "aws:requesttag/"].iter().any(|prefix| key.as_str().starts_with(prefix));
    operator.set == Some(SetOperator::ForAllValues) && has_one_value
}

fn object<'o, 'a>(value: &'o Value<'a>, what: &'static str) -> Result<&'o Object<'a>, Refusal> {
    match value {
        Value::Object(object) => Ok(object),
        other => Err((span_of(other), Flaw::WrongType { what, wants: "an object" })),
    }
}

/// The members, none of which may be there twice, in whatever case: neither operators nor keys tell cases apart.
///
/// Source: IAM User Guide, "Access Analyzer policy check reference" > "Duplicate keys with different case".
fn each_once<'o, 'a>(object: &'o Object<'a>) -> Result<&'o [ObjectProp<'a>], Refusal> {
    // As nearly every operator and key stands.
    if let [_] = object.properties.as_slice() {
        return Ok(&object.properties);
    }
    let mut seen = HashSet::new();
    for member in &object.properties {
        let name = member.name.as_str();
        if !seen.insert(name.to_ascii_lowercase()) {
            return Err((name_span(member), Flaw::Duplicate(in_short(name))));
        }
    }
    Ok(&object.properties)
}

fn operator(member: &ObjectProp<'_>) -> Result<Spanned<Operator>, Refusal> {
    let (written, span) = (member.name.as_str(), name_span(member));
    let value = written.parse().map_err(|_| (span, Flaw::Operator(in_short(written))))?;
    Ok(Spanned { value, span })
}
