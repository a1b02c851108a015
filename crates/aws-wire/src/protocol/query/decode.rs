//! Form parameters into values, by shape.

use serde_json::{Map, Number, Value};

use super::form::{Form, Parameters};
use crate::model::{self, Kind, List, Protocol, ServiceModel, ShapeRef, Structure};
use crate::protocol::{DecodeError, base64_text, timestamp};

/// A parameter's name longer than this leads nowhere in any model of AWS. Shapes may refer to themselves, and
/// each round needs a longer name: this bounds the depth.
const LONGEST_NAME: usize = 1024;

/// Reads an operation's input.
pub(super) fn input(model: &ServiceModel, shape: ShapeRef, form: &Form<'_>) -> Result<Value, DecodeError> {
    match &model.shape(shape).kind {
        Kind::Structure(structure) => Reader { model }.members(structure, form.parameters(), ""),
        _ => Ok(Value::Object(Map::new())),
    }
}

struct Reader<'m> {
    model: &'m ServiceModel,
}

impl Reader<'_> {
    fn members(&self, structure: &Structure, given: Parameters<'_>, prefix: &str) -> Result<Value, DecodeError> {
        let mut object = Map::new();
        for member in &structure.members {
            let path = format!("{prefix}{}", member.form_name);
            if let Some(value) = self.value(member.shape, given, &path)? {
                object.insert(member.name.clone(), value);
            }
        }
        Ok(Value::Object(object))
    }

    /// What stands at `path`; `None`: nothing does.
    fn value(&self, shape: ShapeRef, given: Parameters<'_>, path: &str) -> Result<Option<Value>, DecodeError> {
        match &self.model.shape(shape).kind {
            Kind::Structure(structure) => {
                let prefix = format!("{path}.");
                let under = given.under(&prefix);
                if under.is_empty() {
                    return Ok(None);
                }
                if prefix.len() > LONGEST_NAME {
                    return Err(DecodeError::Malformed("a parameter's name is too long".into()));
                }
                self.members(structure, under, &prefix).map(Some)
            }
            Kind::List(list) => self.list(list, given, path),
            Kind::Map(map) => self.map(map, given, path),
            kind => given.get(path).map(|text| scalar(kind, text)).transpose(),
        }
    }

    fn list(&self, list: &List, given: Parameters<'_>, path: &str) -> Result<Option<Value>, DecodeError> {
        let prefix = list_prefix(self.model, list, path);
        let under = given.under(&prefix);
        if under.is_empty() {
            // SDKs write an empty list as an empty parameter.
            return Ok(given.get(path).filter(|text| text.is_empty()).map(|_| Value::Array(Vec::new())));
        }
        let mut array = Vec::new();
        for index in under.indices(&prefix) {
            let element = self.value(list.element, under, &format!("{prefix}{index}"))?;
            array.push(element.unwrap_or_default());
        }
        Ok(Some(Value::Array(array)))
    }

    fn map(&self, map: &model::Map, given: Parameters<'_>, path: &str) -> Result<Option<Value>, DecodeError> {
        let prefix = map_prefix(map, path);
        let under = given.under(&prefix);
        if under.is_empty() {
            return Ok(None);
        }
        let mut object = Map::new();
        for index in under.indices(&prefix) {
            let key = under.get(&format!("{prefix}{index}.{}", map.key_name));
            let key = key.ok_or_else(|| DecodeError::Malformed("an entry of a map has no key".into()))?;
            let value = self.value(map.value, under, &format!("{prefix}{index}.{}", map.value_name))?;
            if object.insert(key.to_owned(), value.unwrap_or_default()).is_some() {
                return Err(DecodeError::Malformed("a key of a map is given twice".into()));
            }
        }
        Ok(Some(Value::Object(object)))
    }
}

/// What stands before the index of each element: `Tags.member.`, or for a flattened list, as all of EC2's are, `Tags.`,
/// or the elements' own name in place of the list's.
pub(super) fn list_prefix(model: &ServiceModel, list: &List, path: &str) -> String {
    if model.metadata().protocol == Protocol::Ec2Query {
        return format!("{path}.");
    }
    match (list.element_name.as_deref(), list.flattened) {
        (name, false) => format!("{path}.{}.", name.unwrap_or("member")),
        (None, true) => format!("{path}."),
        (Some(name), true) => match path.rsplit_once('.') {
            Some((parent, _)) => format!("{parent}.{name}."),
            None => format!("{name}."),
        },
    }
}

/// What stands before the index of each entry: `Map.entry.`, or for a flattened map `Map.`.
pub(super) fn map_prefix(map: &model::Map, path: &str) -> String {
    if map.flattened { format!("{path}.") } else { format!("{path}.entry.") }
}

/// The value of a scalar's text. Where AWS's words are known they are used (SES, for booleans); the text, which
/// may be a secret, is not shown.
pub(super) fn scalar(kind: &Kind, text: &str) -> Result<Value, DecodeError> {
    let refused = |words: &'static str| DecodeError::Type(words.into());
    match kind {
        Kind::Boolean => match text {
            "true" | "1" => Ok(true.into()),
            "false" | "0" => Ok(false.into()),
            _ => Err(refused("boolean must follow xsd1.1 definition")),
        },
        Kind::Integer(_) | Kind::Long(_) => match text.parse::<i64>() {
            Ok(number) => Ok(number.into()),
            Err(_) => Err(refused("integer must follow xsd1.1 definition")),
        },
        Kind::Double => match text.parse().ok().and_then(Number::from_f64) {
            Some(number) => Ok(Value::Number(number)),
            None => Err(refused("double must follow xsd1.1 definition")),
        },
        Kind::Timestamp(_) => match timestamp::parse(text) {
            Some(time) => Ok(Value::Number(timestamp::to_epoch(time))),
            None => Err(refused("timestamp must follow ISO8601")),
        },
        Kind::Blob(_) if base64_text::decoded_length(text).is_none() => {
            Err(DecodeError::Malformed("a blob is not base64".into()))
        }
        _ => Ok(text.into()),
    }
}
