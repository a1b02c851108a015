//! Values into JSON, by shape: members in the model's order, times to the millisecond, nothing that the model
//! does not know.

use serde::ser::{Error as _, SerializeMap as _, SerializeSeq as _};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::model::{Kind, Location, ServiceModel, Shape, ShapeRef, Structure};
use crate::protocol::{EncodeError, error, timestamp};

/// Writes a document of that shape.
pub(in crate::protocol) fn document(
    model: &ServiceModel,
    shape: ShapeRef,
    value: &Value,
) -> Result<Vec<u8>, EncodeError> {
    let shape = model.shape(shape);
    serde_json::to_vec(&Typed { model, shape, value }).map_err(|error| EncodeError(error.to_string()))
}

/// A value of a shape.
struct Typed<'a> {
    model: &'a ServiceModel,
    shape: &'a Shape,
    value: &'a Value,
}

impl Serialize for Typed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (&self.shape.kind, self.value) {
            (Kind::Structure(structure), Value::Object(object)) => self.structure(structure, object, serializer),
            (Kind::List(list), Value::Array(elements)) => {
                let mut sequence = serializer.serialize_seq(Some(elements.len()))?;
                for element in elements {
                    sequence.serialize_element(&self.inner(list.element, element))?;
                }
                sequence.end()
            }
            (Kind::Map(map), Value::Object(entries)) => {
                serializer.collect_map(entries.iter().map(|(key, value)| (key, self.inner(map.value, value))))
            }
            (Kind::String(_) | Kind::Blob(_), Value::String(text)) => serializer.serialize_str(text),
            (Kind::Boolean, Value::Bool(truth)) => serializer.serialize_bool(*truth),
            (Kind::Integer(_) | Kind::Long(_), Value::Number(number)) if number.is_i64() => {
                number.serialize(serializer)
            }
            (Kind::Double, Value::Number(number)) => number.serialize(serializer),
            (Kind::Timestamp(_), Value::Number(_)) => match timestamp::from_value(self.value) {
                Some(time) => timestamp::to_epoch(time).serialize(serializer),
                None => Err(S::Error::custom(error::wrong_type(self.shape, self.value))),
            },
            _ => Err(S::Error::custom(error::wrong_type(self.shape, self.value))),
        }
    }
}

impl<'a> Typed<'a> {
    fn inner(&self, shape: ShapeRef, value: &'a Value) -> Self {
        Self { model: self.model, shape: self.model.shape(shape), value }
    }

    fn structure<S: Serializer>(
        &self,
        structure: &Structure,
        object: &'a Map<String, Value>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut known = 0;
        let mut map = serializer.serialize_map(None)?;
        for member in &structure.members {
            let Some(value) = object.get(&member.name) else { continue };
            known += 1;
            if !value.is_null() && member.location == Location::Body {
                map.serialize_entry(&member.wire_name, &self.inner(member.shape, value))?;
            }
        }
        if known < object.len() {
            return Err(S::Error::custom(error::unknown_member(self.shape, structure, object)));
        }
        map.end()
    }
}
