//! A text as a tree of values, each with its place.

use crate::text::{SourceText, Span};

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// The text that it stands in: merged trees are of several.
    pub(super) source: SourceText,
    pub(super) span: Span,
    /// The line on which it begins, counted from 1.
    pub(super) line: usize,
    pub(super) value: Value,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// A text, number, truth or nothing, as written. What it is, depends on who asks: an account's id may stand without
    /// quotes and keeps its zeros.
    Scalar {
        text: String,
        /// Whether it stands without quotes, so that it may be a number, a truth or nothing.
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// An entry of a mapping.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_span: Span,
    pub(super) value: Node,
}

impl Node {
    /// An empty mapping that stands nowhere.
    pub(super) fn nothing(source: &SourceText) -> Self {
        Self { source: source.clone(), span: Span::default(), line: 1, value: Value::Map(Vec::new()) }
    }

    /// Whether it is nothing at all (`null`).
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null"))
    }

    /// What it is, for a refusal.
    pub(super) fn what(&self) -> &'static str {
        match &self.value {
            Value::Scalar { .. } if self.is_null() => "nothing",
            Value::Scalar { .. } => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }

    /// It and everything in it.
    pub(super) fn count(&self) -> usize {
        match &self.value {
            Value::Scalar { .. } => 1,
            Value::List(items) => 1 + items.iter().map(Self::count).sum::<usize>(),
            Value::Map(entries) => 1 + entries.iter().map(|entry| entry.value.count()).sum::<usize>(),
        }
    }

    /// How deep it nests: 1 for a scalar.
    pub(super) fn depth(&self) -> usize {
        match &self.value {
            Value::Scalar { .. } => 1,
            Value::List(items) => 1 + items.iter().map(Self::depth).max().unwrap_or_default(),
            Value::Map(entries) => 1 + entries.iter().map(|entry| entry.value.depth()).max().unwrap_or_default(),
        }
    }
}
