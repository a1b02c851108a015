//! The walk over an input beside its shapes.

use std::fmt;

use serde_json::{Map, Value};

use super::constraint::{self, Constraint};
use super::{ConstraintKind, Violation};
use crate::model::{Kind, ServiceModel, Shape, ShapeRef, Structure};

/// How many violations are told.
const TOLD: usize = 10;

/// What is wrong with a structure.
pub(super) fn structure(model: &ServiceModel, structure: &Structure, hidden: bool, value: &Value) -> Vec<Violation> {
    let mut walk = Walk { model, violations: Vec::new() };
    walk.members(structure, value, Place { path: &Path::Root, hidden });
    walk.violations
}

struct Walk<'m> {
    model: &'m ServiceModel,
    violations: Vec<Violation>,
}

/// Where the walk is, and whether what is there may be shown.
#[derive(Clone, Copy)]
struct Place<'p> {
    path: &'p Path<'p>,
    hidden: bool,
}

impl Walk<'_> {
    fn members(&mut self, structure: &Structure, value: &Value, place: Place<'_>) {
        let Value::Object(object) = value else { return };
        for member in &structure.members {
            let path = Path::Member(place.path, &member.path_name);
            let place = Place { path: &path, hidden: place.hidden };
            match object.get(&member.name) {
                Some(value) if !value.is_null() => self.value(member.shape, value, place),
                _ if member.required => self.missing(member.shape, place),
                _ => {}
            }
        }
    }

    fn missing(&mut self, shape: ShapeRef, place: Place<'_>) {
        let hidden = place.hidden || self.model.shape(shape).sensitive;
        self.push(place.path, (!hidden).then(|| "null".to_owned()), ConstraintKind::NotNull, Constraint::NotNull);
    }

    fn value(&mut self, shape: ShapeRef, value: &Value, place: Place<'_>) {
        let shape = self.model.shape(shape);
        let place = Place { hidden: place.hidden || shape.sensitive, ..place };
        for constraint in constraint::of(&shape.kind).filter(|constraint| !constraint.holds(&shape.kind, value)) {
            self.push(place.path, self.shown(shape, value, place.hidden), constraint.kind(), constraint);
        }
        match (&shape.kind, value) {
            (Kind::Structure(structure), value) => self.members(structure, value, place),
            (Kind::List(list), Value::Array(elements)) => {
                let inner = self.model.shape(list.element);
                // Elements that are not structures are told of all together, under the list's own name.
                if elements.iter().any(|value| self.breaks(inner, value)) {
                    let words = format!("Member must satisfy constraint: {}", constraint::together(&inner.kind));
                    self.push(place.path, self.shown(shape, value, place.hidden), ConstraintKind::Elements, words);
                }
                self.inside_elements(list.element, elements, place);
            }
            (Kind::Map(map), Value::Object(entries)) => {
                let (key, inner) = (self.model.shape(map.key), self.model.shape(map.value));
                let breaks =
                    |text: &String| constraint::of(&key.kind).any(|c| !c.holds(&key.kind, &text.as_str().into()));
                if constrained(key) && entries.keys().any(breaks) {
                    let words = format!("Map keys must satisfy constraint: {}", constraint::together(&key.kind));
                    self.push(place.path, self.shown(shape, value, place.hidden), ConstraintKind::Elements, words);
                }
                if entries.values().any(|value| self.breaks(inner, value)) {
                    let words = format!("Map value must satisfy constraint: {}", constraint::together(&inner.kind));
                    self.push(place.path, self.shown(shape, value, place.hidden), ConstraintKind::Elements, words);
                }
                self.inside_entries(map.value, entries, place);
            }
            _ => {}
        }
    }

    fn inside_elements(&mut self, shape: ShapeRef, elements: &[Value], place: Place<'_>) {
        if is_scalar(self.model.shape(shape)) {
            return;
        }
        for (value, number) in elements.iter().zip(1..) {
            let path = Path::Element(place.path, number);
            self.value(shape, value, Place { path: &path, ..place });
        }
    }

    fn inside_entries(&mut self, shape: ShapeRef, entries: &Map<String, Value>, place: Place<'_>) {
        if is_scalar(self.model.shape(shape)) {
            return;
        }
        for (key, value) in entries {
            let path = Path::Entry(place.path, key);
            self.value(shape, value, Place { path: &path, ..place });
        }
    }

    fn breaks(&self, shape: &Shape, value: &Value) -> bool {
        value.is_null() || (is_scalar(shape) && constraint::of(&shape.kind).any(|c| !c.holds(&shape.kind, value)))
    }

    /// The value as AWS shows it: `'text'`, `'[a, b]'`, `'{a=b}'`; nothing for bytes, for what is sensitive, and
    /// for lists of structures, whose form AWS's messages have from its own programs.
    fn shown(&self, shape: &Shape, value: &Value, hidden: bool) -> Option<String> {
        if hidden || shape.sensitive {
            return None;
        }
        self.bare(shape, value).map(|text| format!("'{text}'"))
    }

    fn bare(&self, shape: &Shape, value: &Value) -> Option<String> {
        match (&shape.kind, value) {
            (_, Value::Null) => Some("null".to_owned()),
            (Kind::String(_), Value::String(text)) if !shape.sensitive => Some(text.clone()),
            (Kind::Integer(_) | Kind::Long(_) | Kind::Double | Kind::Boolean, value) if !shape.sensitive => {
                Some(value.to_string())
            }
            (Kind::List(list), Value::Array(elements)) if !shape.sensitive => {
                let inner = self.model.shape(list.element);
                let texts: Option<Vec<String>> = elements.iter().map(|value| self.bare(inner, value)).collect();
                Some(format!("[{}]", texts?.join(", ")))
            }
            (Kind::Map(map), Value::Object(entries)) if !shape.sensitive => {
                let inner = self.model.shape(map.value);
                let texts: Option<Vec<String>> =
                    entries.iter().map(|(key, value)| Some(format!("{key}={}", self.bare(inner, value)?))).collect();
                Some(format!("{{{}}}", texts?.join(", ")))
            }
            _ => None,
        }
    }

    fn push(&mut self, path: &Path<'_>, shown: Option<String>, kind: ConstraintKind, constraint: impl fmt::Display) {
        if self.violations.len() < TOLD {
            let (path, constraint) = (path.to_string(), constraint.to_string());
            self.violations.push(Violation { path, shown, constraint, kind });
        }
    }
}

fn is_scalar(shape: &Shape) -> bool {
    !matches!(shape.kind, Kind::Structure(_) | Kind::List(_) | Kind::Map(_))
}

fn constrained(shape: &Shape) -> bool {
    constraint::of(&shape.kind).next().is_some()
}

/// The names from an input down to one value; written out only for a message.
enum Path<'p> {
    Root,
    Member(&'p Path<'p>, &'p str),
    Element(&'p Path<'p>, usize),
    Entry(&'p Path<'p>, &'p str),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Member(Self::Root, name) => formatter.write_str(name),
            Self::Member(parent, name) => write!(formatter, "{parent}.{name}"),
            Self::Element(parent, number) => write!(formatter, "{parent}.{number}.member"),
            Self::Entry(parent, key) => write!(formatter, "{parent}.{key}.member"),
        }
    }
}
