//! XML being read: a small tree first, then values by shape.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;
use serde_json::{Map, Value};

use super::decode::scalar;
use crate::model::{self, Kind, List, ServiceModel, Shape, Structure};
use crate::protocol::DecodeError;

/// Elements inside each other, at most.
const DEEPEST: usize = 64;

/// An element: its name without prefix, its text, the elements in it.
pub(super) struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

impl Element {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn children(&self) -> &[Element] {
        &self.children
    }

    pub(super) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }
}

/// Reads a document. Document types are refused: no answer of AWS has one, and they are how XML grows.
pub(super) fn parse(body: &[u8]) -> Result<Element, DecodeError> {
    let malformed = |what: &'static str| DecodeError::Malformed(what.into());
    let text = std::str::from_utf8(body).map_err(|_| malformed("the answer is not UTF-8"))?;
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<Element> = Vec::new();
    loop {
        match reader.read_event().map_err(|_| malformed("the answer is not XML"))? {
            Event::Start(start) => {
                if open.len() >= DEEPEST {
                    return Err(malformed("the answer is nested too deeply"));
                }
                let name = start.local_name().into_inner().to_owned();
                open.push(Element { name, text: String::new(), children: Vec::new() });
            }
            Event::End(_) => {
                let closed = open.pop().ok_or_else(|| malformed("the answer closes what it did not open"))?;
                match open.last_mut() {
                    Some(parent) => parent.children.push(closed),
                    None => return Ok(closed),
                }
            }
            Event::Text(text) => append(&mut open, &text.xml10_content()),
            Event::CData(text) => append(&mut open, &text.xml10_content()),
            Event::GeneralRef(reference) => match reference.resolve_char_ref() {
                Ok(Some(character)) => append(&mut open, character.encode_utf8(&mut [0; 4])),
                _ => {
                    let text = resolve_predefined_entity(&reference);
                    append(&mut open, text.ok_or_else(|| malformed("the answer has an unknown entity"))?);
                }
            },
            Event::DocType(_) => return Err(malformed("the answer has a document type")),
            Event::Eof => return Err(malformed("the answer ends early")),
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
}

fn append(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

/// Reads the value of a shape from its element.
pub(super) fn value(model: &ServiceModel, shape: &Shape, element: &Element) -> Result<Value, DecodeError> {
    match &shape.kind {
        Kind::Structure(structure) => members(model, structure, element),
        Kind::List(list) => elements(model, list, &element.children),
        Kind::Map(map) => entries(model, map, &element.children),
        kind => scalar(kind, &element.text),
    }
}

fn members(model: &ServiceModel, structure: &Structure, element: &Element) -> Result<Value, DecodeError> {
    let mut object = Map::new();
    for member in &structure.members {
        let shape = model.shape(member.shape);
        // What is flattened has no element of its own: its elements stand among the members.
        let name = match &shape.kind {
            Kind::List(list) if list.flattened => list.element_name.as_ref().unwrap_or(&member.wire_name),
            _ => &member.wire_name,
        };
        let mut found = element.children.iter().filter(|child| child.name == *name).peekable();
        let Some(first) = found.peek() else { continue };
        let value = match &shape.kind {
            Kind::List(list) if list.flattened => elements(model, list, found)?,
            Kind::Map(map) if map.flattened => entries(model, map, found)?,
            _ => value(model, shape, first)?,
        };
        object.insert(member.name.clone(), value);
    }
    Ok(Value::Object(object))
}

fn elements<'e>(
    model: &ServiceModel,
    list: &List,
    elements: impl IntoIterator<Item = &'e Element>,
) -> Result<Value, DecodeError> {
    let shape = model.shape(list.element);
    elements.into_iter().map(|element| value(model, shape, element)).collect()
}

fn entries<'e>(
    model: &ServiceModel,
    map: &model::Map,
    entries: impl IntoIterator<Item = &'e Element>,
) -> Result<Value, DecodeError> {
    let shape = model.shape(map.value);
    let mut object = Map::new();
    for entry in entries {
        let (Some(key), Some(at)) = (entry.child(&map.key_name), entry.child(&map.value_name)) else {
            return Err(DecodeError::Malformed("an entry of a map has no key or no value".into()));
        };
        object.insert(key.text.clone(), value(model, shape, at)?);
    }
    Ok(Value::Object(object))
}
