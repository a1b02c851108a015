//! Values into XML and into form parameters, by shape.

use std::borrow::Cow;

use serde_json::Value;

use super::decode::{list_prefix, map_prefix};
use super::form::FormWriter;
use super::xml::XmlWriter;
use crate::model::{Kind, Member, Protocol, ServiceModel, Shape, ShapeRef, TimestampFormat};
use crate::protocol::{EncodeError, error, timestamp};

/// Writes the members of a structure as elements.
pub(super) fn xml(
    model: &ServiceModel,
    shape: ShapeRef,
    value: &Value,
    out: &mut XmlWriter,
) -> Result<(), EncodeError> {
    for (member, shape, value) in members(model, model.shape(shape), value)? {
        element(model, shape, &member.wire_name, value, out)?;
    }
    Ok(())
}

fn element(
    model: &ServiceModel,
    shape: &Shape,
    name: &str,
    value: &Value,
    out: &mut XmlWriter,
) -> Result<(), EncodeError> {
    match (&shape.kind, value) {
        (Kind::Structure(_), Value::Object(_)) => out.nested(Some(name), |out| {
            for (member, shape, value) in members(model, shape, value)? {
                element(model, shape, &member.wire_name, value, out)?;
            }
            Ok(())
        }),
        (Kind::List(list), Value::Array(elements)) => {
            let member = model.shape(list.element);
            let each = list.element_name.as_deref().unwrap_or(if list.flattened { name } else { "member" });
            out.nested((!list.flattened).then_some(name), |out| {
                elements.iter().try_for_each(|value| element(model, member, each, value, out))
            })
        }
        (Kind::Map(map), Value::Object(entries)) => {
            let entry = if map.flattened { name } else { "entry" };
            let member = model.shape(map.value);
            out.nested((!map.flattened).then_some(name), |out| {
                entries.iter().try_for_each(|(key, value)| {
                    out.nested(Some(entry), |out| {
                        out.element(&map.key_name, key);
                        element(model, member, &map.value_name, value, out)
                    })
                })
            })
        }
        _ => {
            out.element(name, &scalar(shape, value)?);
            Ok(())
        }
    }
}

/// Writes the members of a structure as parameters.
pub(super) fn form(
    model: &ServiceModel,
    shape: ShapeRef,
    value: &Value,
    out: &mut FormWriter,
) -> Result<(), EncodeError> {
    for (member, shape, value) in members(model, model.shape(shape), value)? {
        parameter(model, shape, &member.form_name, value, out)?;
    }
    Ok(())
}

fn parameter(
    model: &ServiceModel,
    shape: &Shape,
    path: &str,
    value: &Value,
    out: &mut FormWriter,
) -> Result<(), EncodeError> {
    match (&shape.kind, value) {
        (Kind::Structure(_), Value::Object(_)) => {
            for (member, shape, value) in members(model, shape, value)? {
                parameter(model, shape, &format!("{path}.{}", member.form_name), value, out)?;
            }
        }
        // An empty parameter tells an empty list from one that is not given; of EC2's nothing does.
        (Kind::List(_), Value::Array(elements)) if elements.is_empty() => {
            if model.metadata().protocol != Protocol::Ec2Query {
                out.push(path, "");
            }
        }
        (Kind::List(list), Value::Array(elements)) => {
            let prefix = list_prefix(model, list, path);
            let member = model.shape(list.element);
            for (value, index) in elements.iter().zip(1..) {
                parameter(model, member, &format!("{prefix}{index}"), value, out)?;
            }
        }
        (Kind::Map(map), Value::Object(entries)) => {
            let prefix = map_prefix(map, path);
            let member = model.shape(map.value);
            for ((key, value), index) in entries.iter().zip(1..) {
                out.push(&format!("{prefix}{index}.{}", map.key_name), key);
                parameter(model, member, &format!("{prefix}{index}.{}", map.value_name), value, out)?;
            }
        }
        _ => out.push(path, &scalar(shape, value)?),
    }
    Ok(())
}

/// The members that are given, in the model's order.
fn members<'a>(
    model: &'a ServiceModel,
    shape: &'a Shape,
    value: &'a Value,
) -> Result<Vec<(&'a Member, &'a Shape, &'a Value)>, EncodeError> {
    let (Kind::Structure(structure), Value::Object(object)) = (&shape.kind, value) else {
        return Err(EncodeError(error::wrong_type(shape, value)));
    };
    let known = structure.members.iter().filter_map(|member| Some((member, object.get(&member.name)?)));
    let known: Vec<_> = known.collect();
    if known.len() < object.len() {
        return Err(EncodeError(error::unknown_member(shape, structure, object)));
    }
    let given = known.into_iter().filter(|(_, value)| !value.is_null());
    Ok(given.map(|(member, value)| (member, model.shape(member.shape), value)).collect())
}

fn scalar<'a>(shape: &Shape, value: &'a Value) -> Result<Cow<'a, str>, EncodeError> {
    Ok(match (&shape.kind, value) {
        (Kind::String(_) | Kind::Blob(_), Value::String(text)) => Cow::Borrowed(text.as_str()),
        (Kind::Boolean, Value::Bool(truth)) => Cow::Borrowed(if *truth { "true" } else { "false" }),
        (Kind::Integer(_) | Kind::Long(_), Value::Number(number)) if number.is_i64() => number.to_string().into(),
        (Kind::Double, Value::Number(number)) => number.to_string().into(),
        (Kind::Timestamp(format), Value::Number(_)) => {
            let time = timestamp::from_value(value).ok_or_else(|| EncodeError(error::wrong_type(shape, value)))?;
            match format {
                TimestampFormat::UnixTimestamp => timestamp::to_epoch(time).to_string().into(),
                TimestampFormat::Protocol | TimestampFormat::Iso8601 => timestamp::to_iso8601(time).into(),
            }
        }
        _ => return Err(EncodeError(error::wrong_type(shape, value))),
    })
}
