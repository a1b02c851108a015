//! JSON into values, by shape.
//!
//! The shape drives the parser: what it does not know is skipped without being kept, so that memory is bounded by
//! the body, and depth by the parser's own limit of 128.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::model::{Kind, Location, Member, ServiceModel, ShapeRef, Structure};
use crate::protocol::{DecodeError, base64_text};

/// Reads a document that is a structure.
pub(in crate::protocol) fn document(model: &ServiceModel, shape: ShapeRef, body: &[u8]) -> Result<Value, DecodeError> {
    if !matches!(body.trim_ascii_start().first(), Some(b'{' | b'[')) {
        return Err(DecodeError::Malformed("it is not a JSON object".into()));
    }
    let reader = Reader { model, refusal: RefCell::new(None) };
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = reader.typed(shape).deserialize(&mut json).and_then(|value| json.end().map(|()| value));
    value.map(Option::unwrap_or_default).map_err(|error| {
        let place = || format!("JSON, line {} column {}", error.line(), error.column());
        reader.refusal.take().unwrap_or_else(|| DecodeError::Malformed(place().into()))
    })
}

/// One reading of one document.
struct Reader<'m> {
    model: &'m ServiceModel,
    /// Why it ended, where the reason is not the parser's: its own errors would quote the value.
    refusal: RefCell<Option<DecodeError>>,
}

impl<'m> Reader<'m> {
    fn typed<'r>(&'r self, shape: ShapeRef) -> Typed<'r, 'm> {
        Typed { reader: self, kind: &self.model.shape(shape).kind }
    }

    fn refuse<E: de::Error>(&self, reason: DecodeError) -> E {
        *self.refusal.borrow_mut() = Some(reason);
        E::custom("refused")
    }
}

/// Reads a value of a shape; `None` is `null`.
#[derive(Clone, Copy)]
struct Typed<'r, 'm> {
    reader: &'r Reader<'m>,
    kind: &'m Kind,
}

impl<'de> DeserializeSeed<'de> for Typed<'_, '_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Typed<'_, '_> {
    type Value = Option<Value>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value of the shape")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Self::Value, E> {
        match self.kind {
            Kind::Boolean => Ok(Some(truth.into())),
            _ => Err(self.unconvertible(if truth { "TRUE_VALUE" } else { "FALSE_VALUE" })),
        }
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        match self.kind {
            Kind::Integer(_) | Kind::Long(_) | Kind::Double | Kind::Timestamp(_) => Ok(Some(number.into())),
            _ => Err(self.unconvertible("NUMBER_VALUE")),
        }
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        self.visit_i64(i64::try_from(number).unwrap_or(i64::MAX))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
        match self.kind {
            #[expect(clippy::cast_possible_truncation, reason = "AWS drops the fraction; beyond i64 it saturates")]
            Kind::Integer(_) | Kind::Long(_) => Ok(Some((number as i64).into())),
            Kind::Double | Kind::Timestamp(_) => Ok(Number::from_f64(number).map(Value::Number)),
            _ => Err(self.unconvertible("NUMBER_VALUE")),
        }
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        match self.kind {
            Kind::String(_) => Ok(Some(text.into())),
            // AWS's message would quote the value, which may be a secret: none is given.
            Kind::Blob(_) if base64_text::decoded_length(text).is_none() => {
                Err(self.reader.refuse(DecodeError::Malformed("a blob is not base64".into())))
            }
            Kind::Blob(_) => Ok(Some(text.into())),
            _ => Err(self.unconvertible("STRING_VALUE")),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let Kind::List(list) = self.kind else {
            return Err(self.refuse("Start of list found where not expected"));
        };
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(self.reader.typed(list.element))? {
            // `null` stays, for the validation to refuse.
            array.push(element.unwrap_or_default());
        }
        Ok(Some(Value::Array(array)))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
        match self.kind {
            Kind::Structure(structure) => self.structure(structure, entries),
            Kind::Map(map) => self.map(map.value, entries),
            _ => Err(self.refuse("Start of structure or map found where not expected.")),
        }
    }
}

impl Typed<'_, '_> {
    fn structure<'de, A: MapAccess<'de>>(
        self,
        structure: &Structure,
        mut entries: A,
    ) -> Result<Option<Value>, A::Error> {
        let mut object = Map::new();
        while let Some(member) = entries.next_key_seed(MemberName(structure))? {
            let Some(member) = member else {
                entries.next_value::<IgnoredAny>()?;
                continue;
            };
            let Some(value) = entries.next_value_seed(self.reader.typed(member.shape))? else { continue };
            if object.insert(member.name.clone(), value).is_some() {
                return Err(self.given_twice());
            }
        }
        Ok(Some(Value::Object(object)))
    }

    fn map<'de, A: MapAccess<'de>>(self, value: ShapeRef, mut entries: A) -> Result<Option<Value>, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(self.reader.typed(value))?.unwrap_or_default();
            if object.insert(key, value).is_some() {
                return Err(self.given_twice());
            }
        }
        Ok(Some(Value::Object(object)))
    }

    fn given_twice<E: de::Error>(self) -> E {
        self.reader.refuse(DecodeError::Malformed("a member is given twice".into()))
    }

    /// AWS's words for a JSON token that is not of the shape's type (measured on Athena, which has the same
    /// framework in front of it: athena-local's notes, 2026-09).
    fn unconvertible<E: de::Error>(self, token: &'static str) -> E {
        let target = match self.kind {
            Kind::Structure(_) => return self.refuse("Expected null"),
            Kind::List(_) => return self.refuse("Expected list or null"),
            Kind::Map(_) => return self.refuse("Expected map or null"),
            Kind::String(_) => "a String",
            Kind::Blob(_) => "a Blob",
            Kind::Boolean => "a Boolean",
            Kind::Integer(_) => "an Integer",
            Kind::Long(_) => "a Long",
            Kind::Double => "a Double",
            Kind::Timestamp(_) => "milliseconds since epoch",
        };
        self.refuse(format!("{token} can not be converted to {target}"))
    }

    fn refuse<E: de::Error>(self, words: impl Into<Cow<'static, str>>) -> E {
        self.reader.refuse(DecodeError::Type(words.into()))
    }
}

/// Reads a key as the member that it names; `None`: one that the model does not know.
struct MemberName<'m>(&'m Structure);

impl<'de, 'm> DeserializeSeed<'de> for MemberName<'m> {
    type Value = Option<&'m Member>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<'m> Visitor<'_> for MemberName<'m> {
    type Value = Option<&'m Member>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a member's name")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.members.iter().find(|member| member.wire_name == name && member.location == Location::Body))
    }
}
