//! Values as text: in a path, in a query string, in a header.

use serde_json::{Number, Value};

use crate::model::{Kind, Location, Member, ServiceModel, ShapeRef, TimestampFormat};
use crate::protocol::{DecodeError, EncodeError, error, timestamp};

/// The value of a member, as its text tells it.
pub(super) fn read(model: &ServiceModel, member: &Member, text: &str) -> Result<Value, DecodeError> {
    of_shape(model, member.shape, member.location, text)
}

/// A member's value as text.
pub(super) fn write(model: &ServiceModel, member: &Member, value: &Value) -> Result<String, EncodeError> {
    to_shape(model, member.shape, member.location, value)
}

pub(super) fn of_shape(
    model: &ServiceModel,
    shape: ShapeRef,
    location: Location,
    text: &str,
) -> Result<Value, DecodeError> {
    let kind = &model.shape(shape).kind;
    let value = match kind {
        Kind::String(_) => Some(text.into()),
        Kind::Boolean => text.parse::<bool>().ok().map(Value::Bool),
        Kind::Integer(_) => text.parse::<i32>().ok().map(Value::from),
        Kind::Long(_) => text.parse::<i64>().ok().map(Value::from),
        Kind::Double => text.parse().ok().and_then(Number::from_f64).map(Value::Number),
        Kind::Timestamp(format) => {
            let time =
                if in_http_form(*format, location) { timestamp::parse_http(text) } else { timestamp::parse(text) };
            time.map(|time| Value::Number(timestamp::to_epoch(time)))
        }
        Kind::Blob(_) | Kind::Structure(_) | Kind::List(_) | Kind::Map(_) => None,
    };
    value.ok_or_else(|| {
        let wanted = match kind {
            Kind::Boolean => "a Boolean",
            Kind::Integer(_) => "an Integer",
            Kind::Long(_) => "a Long",
            Kind::Double => "a Double",
            Kind::Timestamp(_) => "a Timestamp",
            _ => "what a path, a query string or a header can hold",
        };
        DecodeError::Type(format!("STRING_VALUE can not be converted to {wanted}").into())
    })
}

pub(super) fn to_shape(
    model: &ServiceModel,
    shape: ShapeRef,
    location: Location,
    value: &Value,
) -> Result<String, EncodeError> {
    let shape = model.shape(shape);
    let text = match (&shape.kind, value) {
        (Kind::String(_), Value::String(text)) => Some(text.clone()),
        (Kind::Boolean, Value::Bool(truth)) => Some(truth.to_string()),
        (Kind::Integer(_) | Kind::Long(_), Value::Number(number)) if number.is_i64() => Some(number.to_string()),
        (Kind::Double, Value::Number(number)) => Some(number.to_string()),
        (Kind::Timestamp(format), Value::Number(_)) => timestamp::from_value(value).map(|time| match *format {
            TimestampFormat::UnixTimestamp => timestamp::to_epoch(time).to_string(),
            format if in_http_form(format, location) => timestamp::to_http(time),
            _ => timestamp::to_iso8601(time),
        }),
        _ => None,
    };
    text.ok_or_else(|| EncodeError(error::wrong_type(shape, value)))
}

fn in_http_form(format: TimestampFormat, location: Location) -> bool {
    format == TimestampFormat::Protocol && location == Location::Header
}
