//! YAML, and with it JSON, into a [`Node`]. Bounded: a text cannot nest or repeat itself without end.

use std::collections::{HashMap, HashSet};

use granit_parser::{Event, Options, Parser, ScalarStyle};

use super::{
    FileError, Problem,
    node::{Entry, Node, Value},
};
use crate::text::{SourceText, Span};

/// No world is larger: the largest account's `get-account-authorization-details` is some ten megabytes.
pub(super) const MAX_BYTES: usize = 128 << 20;
/// What recurses over a tree needs stack for this.
pub(super) const MAX_DEPTH: usize = 64;
/// How many values a text may hold: what each takes in memory is many times what it takes in the text.
pub(super) const MAX_VALUES: usize = 4_000_000;
/// How many values aliases (`*name`) may repeat altogether.
const MAX_REPEATED: usize = 100_000;

/// Reads a text that holds one document.
pub(super) fn parse(source: &SourceText) -> Result<Node, FileError> {
    if source.text().len() > MAX_BYTES {
        let problem = Problem::TooMuch("this text is longer than 128 MiB; divide it");
        return Err(FileError::new(source.clone(), Span::default(), "", problem));
    }
    let mut reader =
        Reader { source, open: Vec::new(), anchors: HashMap::new(), values: 0, repeated: 0, document: None };
    let mut options = Options::default();
    options.flow_nesting_limit = MAX_DEPTH;
    options.block_nesting_limit = MAX_DEPTH;
    for event in Parser::new_from_str_with_options(source.text(), options) {
        match event {
            Ok((event, at)) => reader.take(event, at.byte_range().map_or_else(Span::default, span), at.start.line())?,
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or_default();
                return Err(reader.refuse(span(at..at), Problem::Syntax(error.info().to_owned())));
            }
        }
    }
    Ok(reader.document.unwrap_or_else(|| Node::nothing(source)))
}

struct Reader<'a> {
    source: &'a SourceText,
    /// From the outermost to the innermost that is not closed yet.
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    values: usize,
    repeated: usize,
    document: Option<Node>,
}

/// A list or mapping of which not everything is read yet.
struct Open {
    anchor: usize,
    start: Span,
    line: usize,
    value: Value,
    /// The key whose value comes next.
    key: Option<(String, Span)>,
    /// The keys that were there already.
    seen: HashSet<String>,
}

impl Reader<'_> {
    fn take(&mut self, event: Event<'_>, at: Span, line: usize) -> Result<(), FileError> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let plain = style == ScalarStyle::Plain;
                self.put(Value::Scalar { text: text.into_owned(), plain }, at, line, anchor)
            }
            Event::SequenceStart(_, anchor, _) => self.begin(Value::List(Vec::new()), at, line, anchor),
            Event::MappingStart(_, anchor, _) => self.begin(Value::Map(Vec::new()), at, line, anchor),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open { anchor, start, line, value, .. }) => {
                    self.put(value, Span { start: start.start, end: at.end.max(start.end) }, line, anchor)
                }
                None => Ok(()),
            },
            Event::Alias(anchor) => {
                // An alias inside of what it stands for has no anchor yet.
                let problem = Problem::Syntax("this stands for something that contains it".to_owned());
                let node = self.anchors.get(&anchor).cloned().ok_or_else(|| self.refuse(at, problem))?;
                self.repeated += node.count();
                if self.repeated > MAX_REPEATED {
                    return Err(self.refuse(at, Problem::TooMuch("aliases repeat more than is read")));
                }
                self.add(node, at)
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, value: Value, start: Span, line: usize, anchor: usize) -> Result<(), FileError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(self.refuse(start, Problem::TooMuch("this nests deeper than is read")));
        }
        self.open.push(Open { anchor, start, line, value, key: None, seen: HashSet::new() });
        Ok(())
    }

    fn put(&mut self, value: Value, span: Span, line: usize, anchor: usize) -> Result<(), FileError> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(self.refuse(span, Problem::TooMuch("this text holds more than 4,000,000 values; divide it")));
        }
        let node = Node { source: self.source.clone(), span, line, value };
        if anchor != 0 {
            if node.depth() > MAX_DEPTH / 4 {
                return Err(self.refuse(span, Problem::TooMuch("what is repeated nests deeper than is read")));
            }
            self.anchors.insert(anchor, node.clone());
        }
        self.add(node, span)
    }

    /// Adds a value to the innermost list or mapping, where it is a key, or its value, by turns.
    fn add(&mut self, node: Node, at: Span) -> Result<(), FileError> {
        let Some(open) = self.open.last_mut() else {
            if self.document.is_some() {
                return Err(self.refuse(at, Problem::Syntax("a second document begins here".to_owned())));
            }
            self.document = Some(node);
            return Ok(());
        };
        match (&mut open.value, open.key.take(), node.value) {
            (Value::List(items), _, value) => items.push(Node { value, ..node }),
            (Value::Map(entries), Some((key, key_span)), value) => {
                entries.push(Entry { key, key_span, value: Node { value, ..node } });
            }
            (Value::Map(_), None, Value::Scalar { text, .. }) => {
                if !open.seen.insert(text.clone()) {
                    return Err(self.refuse(at, Problem::Twice(text)));
                }
                open.key = Some((text, at));
            }
            _ => return Err(self.refuse(at, Problem::Syntax("a key has to be a text".to_owned()))),
        }
        Ok(())
    }

    fn refuse(&self, at: Span, problem: Problem) -> FileError {
        FileError::new(self.source.clone(), at, "", problem)
    }
}

/// The place of a part of a text that is shorter than `MAX_BYTES`.
fn span(range: std::ops::Range<usize>) -> Span {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span { start: offset(range.start), end: offset(range.end) }
}
