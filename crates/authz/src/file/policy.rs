//! Policies inside of other texts: written as YAML, as JSON text, or in a file of their own.

use std::sync::Arc;

use super::{
    FileError, Files, Problem,
    field::Field,
    node::{Node, Value},
};
use crate::{
    policy::{
        Policy, PolicyKind,
        limits::{Room, WhiteSpace},
    },
    text::SourceText,
};

/// A policy, and how it was told.
pub(super) struct ToldPolicy<'a> {
    pub(super) policy: Arc<Policy>,
    path: &'a str,
    /// Where it was a mapping: what stands where in the text that was made of that.
    places: Option<Vec<(usize, &'a Node)>>,
}

impl ToldPolicy<'_> {
    /// Asks whether AWS has room for it.
    pub(super) fn fits(&self, room: &mut Room) -> Result<(), FileError> {
        let source = self.policy.source();
        let white_space = if self.places.is_some() { WhiteSpace::Ours } else { WhiteSpace::Written };
        room.take(source, white_space).map_err(|oversized| {
            let node = self.places.as_ref().and_then(|places| node_at(places, oversized.span().start));
            let (source, span) = node.map_or((source, oversized.span()), |node| (&node.source, node.span));
            FileError::new(source.clone(), span, self.path, Problem::Oversized(oversized.too_large()))
        })
    }
}

impl<'a> Field<'a> {
    /// Reads the policy that stands here, if AWS has room for it.
    pub(super) fn policy(
        &'a self,
        kind: PolicyKind,
        room: &mut Room,
        files: &dyn Files,
    ) -> Result<Arc<Policy>, FileError> {
        let told = self.policy_of_any_size(kind, files)?;
        told.fits(room).map(|()| told.policy)
    }

    /// Reads the policy that stands here.
    ///
    /// A mapping becomes JSON, which the policy then calls its text: explanations show that, while refusals point at
    /// the mapping.
    pub(super) fn policy_of_any_size(
        &'a self,
        kind: PolicyKind,
        files: &dyn Files,
    ) -> Result<ToldPolicy<'a>, FileError> {
        let of_text = |policy| ToldPolicy { policy, path: &self.path, places: None };
        match &self.node.value {
            Value::Map(_) => {
                let mut json = Json::default();
                json.value(self.node, 0);
                let parsed = Policy::parse(SourceText::new(format!("{}, as JSON", self.name()), json.text), kind);
                let policy = parsed.map(Arc::new).map_err(|malformed| {
                    let node = node_at(&json.places, malformed.span().start).unwrap_or(self.node);
                    let (source, span) = (node.source.clone(), node.span);
                    FileError::new(source, span, &self.path, Problem::Policy(malformed))
                })?;
                Ok(ToldPolicy { policy, path: &self.path, places: Some(json.places) })
            }
            Value::List(_) => Err(self.refuse(Problem::WrongType {
                wanted: "a policy: a mapping, JSON text or `file:PATH`",
                found: self.node.what(),
            })),
            Value::Scalar { .. } => match self.text()?.strip_prefix("file:") {
                Some(path) => {
                    let text = files.read(path).map_err(|error| {
                        self.refuse(Problem::Unreadable { path: path.to_owned(), reason: error.to_string() })
                    })?;
                    self.json_policy(path, &text, kind).map(of_text)
                }
                None => self.json_policy(&self.name(), self.text()?, kind).map(of_text),
            },
        }
    }

    /// The same of a text that was taken from here.
    pub(super) fn told_policy(&'a self, name: &str, text: &str, kind: PolicyKind) -> Result<ToldPolicy<'a>, FileError> {
        let policy = self.json_policy(name, text, kind)?;
        Ok(ToldPolicy { policy, path: &self.path, places: None })
    }

    /// Reads a policy that is a text of its own. Its refusals tell places in that text.
    pub(super) fn json_policy(&self, name: &str, text: &str, kind: PolicyKind) -> Result<Arc<Policy>, FileError> {
        Policy::parse(SourceText::new(name, text), kind).map(Arc::new).map_err(|malformed| {
            let (source, span) = (malformed.policy_text().clone(), malformed.span());
            FileError::new(source, span, &self.path, Problem::Policy(malformed))
        })
    }

    /// What people call what stands here: `world.yaml:14: roles.ARN.policies.ebs`.
    pub(super) fn name(&self) -> String {
        format!("{}:{}: {}", self.node.source.name(), self.node.line, self.path)
    }
}

/// A tree as JSON, two blanks a level, with what stands where.
#[derive(Default)]
pub(super) struct Json<'a> {
    text: String,
    places: Vec<(usize, &'a Node)>,
}

impl<'a> Json<'a> {
    /// The text of a tree.
    pub(super) fn of(node: &'a Node) -> String {
        let mut json = Self::default();
        json.value(node, 0);
        json.text
    }

    fn value(&mut self, node: &'a Node, level: usize) {
        self.places.push((self.text.len(), node));
        match &node.value {
            Value::Scalar { text, plain } if *plain && (is_json_literal(text)) => self.text.push_str(text),
            Value::Scalar { .. } if node.is_null() => self.text.push_str("null"),
            Value::Scalar { text, .. } => self.string(text),
            Value::List(items) => self.block('[', ']', level, items, |json, item| json.value(item, level + 1)),
            Value::Map(entries) => self.block('{', '}', level, entries, |json, entry| {
                json.string(&entry.key);
                json.text.push_str(": ");
                json.value(&entry.value, level + 1);
            }),
        }
    }

    fn block<T>(&mut self, open: char, close: char, level: usize, of: &'a [T], mut one: impl FnMut(&mut Self, &'a T)) {
        self.text.push(open);
        for (at, item) in of.iter().enumerate() {
            self.text.push_str(if at == 0 { "\n" } else { ",\n" });
            self.indent(level + 1);
            one(self, item);
        }
        if !of.is_empty() {
            self.text.push('\n');
            self.indent(level);
        }
        self.text.push(close);
    }

    fn indent(&mut self, level: usize) {
        self.text.extend(std::iter::repeat_n("  ", level));
    }

    fn string(&mut self, text: &str) {
        // A string becomes JSON whatever it holds.
        self.text.push_str(&serde_json::Value::from(text).to_string());
    }
}

/// Whether an unquoted text is no text in JSON: a truth or a number.
fn is_json_literal(text: &str) -> bool {
    matches!(text, "true" | "false") || (serde_json::from_str::<serde_json::Number>(text).is_ok())
}

/// The innermost value that begins at or before a place.
fn node_at<'a>(places: &[(usize, &'a Node)], at: u32) -> Option<&'a Node> {
    let before = places.partition_point(|(start, _)| *start <= at as usize);
    places.get(before.checked_sub(1)?).map(|(_, node)| *node)
}
