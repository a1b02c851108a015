//! Inputs and answers as events show them: names begin with a small letter, times are text, secrets are left out.

use aws_wire::model::{self, Kind, Member, Operation, ServiceId, ServiceModel, ShapeRef};
use jiff::Timestamp;
use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::Value;

use super::operation::{self, Told};

/// What is longer is left out as a whole.
///
/// Source: AWS CloudTrail User Guide, "CloudTrail record contents", `requestParameters` and `responseElements`.
const LONGEST: usize = 100 << 10;

/// A value of a shape.
struct Shown<'a> {
    model: &'a ServiceModel,
    shape: ShapeRef,
    value: &'a Value,
}

/// An input or an answer, and what is told beside its members.
struct Document<'a> {
    shown: Shown<'a>,
    defaults: &'a [(&'a str, &'a str, Told)],
    key: Option<&'a str>,
}

/// The input of a call; `None` where nothing is told of it.
pub(super) fn parameters(service: ServiceId, operation: &Operation, input: &Value) -> Option<Box<str>> {
    if operation::hides_input(service, operation.name()) {
        return None;
    }
    let shown = Shown { model: model::service(service), shape: operation.input()?, value: input };
    text(&Document { shown, defaults: operation::defaults(service, operation.name()), key: None })
}

/// The answer of a call, with the ARN of the key that it changed if AWS tells that.
pub(super) fn answer(service: ServiceId, operation: &Operation, output: &Value, key: Option<&str>) -> Option<Box<str>> {
    let model = model::service(service);
    match operation.output() {
        Some(shape) => text(&Document { shown: Shown { model, shape, value: output }, defaults: &[], key }),
        None => key.and_then(|key| text(&serde_json::json!({ "keyId": key }))),
    }
}

fn text(document: &impl Serialize) -> Option<Box<str>> {
    let text = serde_json::to_string(document).ok()?;
    (text != "{}" && text.len() <= LONGEST).then(|| text.into())
}

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (member, name, default) in self.defaults {
            if self.shown.value.get(member).is_none_or(Value::is_null) {
                match default {
                    Told::Text(text) => map.serialize_entry(name, text)?,
                    Told::False => map.serialize_entry(name, &false)?,
                }
            }
        }
        if let Some(key) = self.key {
            map.serialize_entry("keyId", key)?;
        }
        for (member, shown) in self.shown.members() {
            if self.key.is_none() || member.name != "KeyId" {
                map.serialize_entry(&member.path_name, &shown)?;
            }
        }
        map.end()
    }
}

impl<'a> Shown<'a> {
    /// The members that are given and told.
    fn members(&self) -> impl Iterator<Item = (&'a Member, Shown<'a>)> + use<'a> {
        let (model, value) = (self.model, self.value);
        let members = match &model.shape(self.shape).kind {
            Kind::Structure(structure) => structure.members.as_slice(),
            _ => &[],
        };
        members.iter().filter_map(move |member| {
            let value = value.get(&member.name).filter(|value| !value.is_null())?;
            let shape = model.shape(member.shape);
            let is_hidden =
                shape.sensitive || matches!(shape.kind, Kind::Blob(_)) || operation::hides_member(&member.name);
            (!is_hidden).then_some((member, Shown { model, shape: member.shape, value }))
        })
    }

    fn inner(&self, shape: ShapeRef, value: &'a Value) -> Self {
        Self { model: self.model, shape, value }
    }
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shape = self.model.shape(self.shape);
        match (&shape.kind, self.value) {
            // A list or map of such values.
            _ if shape.sensitive => serializer.serialize_none(),
            (Kind::Blob(_), _) => serializer.serialize_none(),
            (Kind::Structure(_), _) => {
                serializer.collect_map(self.members().map(|(member, shown)| (&member.path_name, shown)))
            }
            (Kind::List(list), Value::Array(elements)) => {
                serializer.collect_seq(elements.iter().map(|element| self.inner(list.element, element)))
            }
            (Kind::Map(map), Value::Object(entries)) => {
                serializer.collect_map(entries.iter().map(|(key, value)| (key, self.inner(map.value, value))))
            }
            (Kind::Timestamp(_), Value::Number(seconds)) => match seconds.as_f64().and_then(spelled) {
                Some(time) => serializer.serialize_str(&time),
                None => seconds.serialize(serializer),
            },
            (_, value) => value.serialize(serializer),
        }
    }
}

/// `Nov 18, 2020, 1:29:18 AM`, as KMS's and STS's events spell times within parameters.
fn spelled(seconds: f64) -> Option<String> {
    #[expect(clippy::cast_possible_truncation, reason = "what is out of range is no time")]
    let at = Timestamp::from_second(seconds as i64).ok()?;
    Some(at.strftime("%b %-d, %Y, %-I:%M:%S %p").to_string())
}
