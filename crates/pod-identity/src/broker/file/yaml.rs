//! YAML, and with it JSON, into values that know their places. Bounded in size and depth; aliases are not taken, which a list
//! of associations has no need of.

use granit_parser::{Event, Options, Parser, ScalarStyle, Span};

use super::Flaw;

/// Some twenty thousand associations.
const LONGEST: usize = 8 << 20;
const DEEPEST: usize = 16;

/// A value, and where it begins.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) at: Place,
    pub(super) value: Value,
}

/// Line and column, both from 1.
pub(super) type Place = (usize, usize);

#[derive(Clone, Debug)]
pub(super) enum Value {
    Scalar { text: String, plain: bool },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_at: Place,
    pub(super) value: Node,
}

/// A list or mapping of which not everything is read yet.
struct Open {
    at: Place,
    value: Value,
    key: Option<(String, Place)>,
}

/// Every document of a text; those without anything are left out.
pub(super) fn documents(text: &str) -> Result<Vec<Node>, Flaw> {
    if text.len() > LONGEST {
        return Err(flaw(None, "it is longer than 8 MiB"));
    }
    let mut options = Options::default();
    options.flow_nesting_limit = DEEPEST;
    options.block_nesting_limit = DEEPEST;
    let (mut open, mut documents) = (Vec::new(), Vec::new());
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((event, span)) => take(event, span, &mut open, &mut documents)?,
            Err(error) => {
                let mark = error.marker();
                return Err(flaw(Some((mark.line(), mark.col() + 1)), &format!("this is no YAML: {}", error.info())));
            }
        }
    }
    Ok(documents)
}

fn take(event: Event<'_>, span: Span, open: &mut Vec<Open>, documents: &mut Vec<Node>) -> Result<(), Flaw> {
    let at = (span.start.line(), span.start.col() + 1);
    match event {
        Event::Scalar(text, style, ..) => {
            let value = Value::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain };
            add(Node { at, value }, open, documents)
        }
        Event::SequenceStart(..) => begin(Value::List(Vec::new()), at, open),
        Event::MappingStart(..) => begin(Value::Map(Vec::new()), at, open),
        Event::SequenceEnd | Event::MappingEnd => match open.pop() {
            Some(Open { at, value, .. }) => add(Node { at, value }, open, documents),
            None => Ok(()),
        },
        Event::Alias(_) => Err(flaw(Some(at), "aliases (`*name`) are not taken: write it out")),
        _ => Ok(()),
    }
}

fn begin(value: Value, at: Place, open: &mut Vec<Open>) -> Result<(), Flaw> {
    if open.len() >= DEEPEST {
        return Err(flaw(Some(at), "this nests deeper than anything here"));
    }
    open.push(Open { at, value, key: None });
    Ok(())
}

/// Adds a value to the innermost list or mapping, where it is a key, or its value, by turns.
fn add(node: Node, open: &mut [Open], documents: &mut Vec<Node>) -> Result<(), Flaw> {
    let Some(innermost) = open.last_mut() else {
        documents.push(node);
        return Ok(());
    };
    match (&mut innermost.value, innermost.key.take(), node) {
        (Value::List(items), _, node) => items.push(node),
        (Value::Map(entries), Some((key, key_at)), value) => entries.push(Entry { key, key_at, value }),
        (Value::Map(entries), None, Node { at, value: Value::Scalar { text, .. } }) => {
            if entries.iter().any(|entry| entry.key == text) {
                return Err(flaw(Some(at), &format!("`{}` is there twice", shown(&text))));
            }
            innermost.key = Some((text, at));
        }
        (_, _, Node { at, .. }) => return Err(flaw(Some(at), "a key has to be a text")),
    }
    Ok(())
}

impl Node {
    /// What an empty value, `~` and `null` are in YAML.
    pub(super) fn is_nothing(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true } if matches!(&**text, "" | "~" | "null"))
    }
}

/// A text of the file's, no longer than it takes to find it.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}

fn flaw(at: Option<Place>, message: &str) -> Flaw {
    Flaw { at, field: None, message: message.to_owned() }
}
