//! The constraints of one shape on one value, and AWS's words for each.

use std::fmt;

use serde_json::Value;

use super::ConstraintKind;
use crate::model::{Bounds, Kind, Pattern};
use crate::protocol::base64_text;

/// A constraint that a shape puts on a value by itself.
#[derive(Clone, Copy)]
pub(super) enum Constraint<'m> {
    MinLength(i64),
    MaxLength(i64),
    Min(i64),
    Max(i64),
    Pattern(&'m Pattern),
    Values(&'m [String]),
    NotNull,
}

impl fmt::Display for Constraint<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MinLength(min) => write!(formatter, "Member must have length greater than or equal to {min}"),
            Self::MaxLength(max) => write!(formatter, "Member must have length less than or equal to {max}"),
            Self::Min(min) => write!(formatter, "Member must have value greater than or equal to {min}"),
            Self::Max(max) => write!(formatter, "Member must have value less than or equal to {max}"),
            Self::Pattern(pattern) => {
                write!(formatter, "Member must satisfy regular expression pattern: {}", pattern.source())
            }
            Self::Values(values) => {
                write!(formatter, "Member must satisfy enum value set: [{}]", values.join(", "))
            }
            Self::NotNull => formatter.write_str("Member must not be null"),
        }
    }
}

/// The constraints of a shape, in the order in which AWS tells of each by itself.
pub(super) fn of(kind: &Kind) -> impl Iterator<Item = Constraint<'_>> {
    let (length, range) = match kind {
        Kind::String(text) => (text.length, Bounds::default()),
        Kind::Blob(length) => (*length, Bounds::default()),
        Kind::List(list) => (list.length, Bounds::default()),
        Kind::Map(map) => (map.length, Bounds::default()),
        Kind::Integer(range) | Kind::Long(range) => (Bounds::default(), *range),
        Kind::Structure(_) | Kind::Boolean | Kind::Double | Kind::Timestamp(_) => Default::default(),
    };
    let text = match kind {
        Kind::String(text) => Some(text),
        _ => None,
    };
    let values = text.map(|text| text.values.as_slice()).filter(|values| !values.is_empty());
    [
        length.min.map(Constraint::MinLength),
        length.max.map(Constraint::MaxLength),
        range.min.map(Constraint::Min),
        range.max.map(Constraint::Max),
        text.and_then(|text| text.pattern.as_ref()).map(Constraint::Pattern),
        values.map(Constraint::Values),
    ]
    .into_iter()
    .flatten()
}

/// All that an element, a key or a map's value must satisfy, as AWS tells of it: together, the greatest length
/// before the least, and last that it must be there.
pub(super) fn together(kind: &Kind) -> String {
    let mut all: Vec<Constraint<'_>> = of(kind).collect();
    // Stable, and only bounds come in pairs: greatest before least, the rest as it was.
    all.sort_by_key(|constraint| match constraint {
        Constraint::MaxLength(_) | Constraint::Max(_) => 0,
        Constraint::MinLength(_) | Constraint::Min(_) => 1,
        _ => 2,
    });
    all.push(Constraint::NotNull);
    let words: Vec<String> = all.iter().map(Constraint::to_string).collect();
    format!("[{}]", words.join(", "))
}

impl Constraint<'_> {
    pub(super) const fn kind(self) -> ConstraintKind {
        match self {
            Self::MinLength(_) => ConstraintKind::MinLength,
            Self::MaxLength(_) => ConstraintKind::MaxLength,
            Self::Min(_) => ConstraintKind::Min,
            Self::Max(_) => ConstraintKind::Max,
            Self::Pattern(_) => ConstraintKind::Pattern,
            Self::Values(_) => ConstraintKind::Values,
            Self::NotNull => ConstraintKind::NotNull,
        }
    }

    /// Whether a value of that kind satisfies it.
    pub(super) fn holds(self, kind: &Kind, value: &Value) -> bool {
        match (self, value) {
            (Self::MinLength(min), value) => length(kind, value).is_none_or(|length| length >= min),
            (Self::MaxLength(max), value) => length(kind, value).is_none_or(|length| length <= max),
            (Self::Min(min), Value::Number(number)) => number.as_i64().is_none_or(|number| number >= min),
            (Self::Max(max), Value::Number(number)) => number.as_i64().is_none_or(|number| number <= max),
            (Self::Pattern(pattern), Value::String(text)) => pattern.matches(text),
            (Self::Values(values), Value::String(text)) => values.iter().any(|value| value == text),
            (Self::NotNull, value) => !value.is_null(),
            // The decoder saw to the types.
            (Self::Min(_) | Self::Max(_) | Self::Pattern(_) | Self::Values(_), _) => true,
        }
    }
}

/// The length that bounds speak of: characters of a string, bytes of a blob, elements, entries.
fn length(kind: &Kind, value: &Value) -> Option<i64> {
    let length = match value {
        Value::String(text) if matches!(kind, Kind::Blob(_)) => base64_text::decoded_length(text)?,
        Value::String(text) => text.chars().count(),
        Value::Array(elements) => elements.len(),
        Value::Object(entries) => entries.len(),
        Value::Null | Value::Bool(_) | Value::Number(_) => return None,
    };
    i64::try_from(length).ok()
}
