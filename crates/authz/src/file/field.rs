//! Takes a tree apart: each value asked for by its name and type, refused with its place and its path.

use std::{fmt::Display, str::FromStr};

use super::{
    FileError, Problem,
    node::{Entry, Node, Value},
};
use crate::{text::Span, world::nearest};

/// A value, and the path on which it was reached.
#[derive(Clone, Debug)]
pub struct Field<'a> {
    pub(super) node: &'a Node,
    pub(super) path: String,
    /// Where its name stands; for a refusal of the name.
    name_span: Span,
}

/// A mapping of which every field has a name that is known.
#[derive(Debug)]
pub struct Fields<'a> {
    of: Field<'a>,
    entries: &'a [Entry],
}

impl<'a> Field<'a> {
    /// The whole of a document.
    pub(super) fn root(node: &'a Node) -> Self {
        Self { node, path: String::new(), name_span: node.span }
    }

    /// The same place, holding another value.
    pub(super) fn holding<'b>(&self, node: &'b Node) -> Field<'b> {
        Field { node, path: self.path.clone(), name_span: self.name_span }
    }

    /// Refuses the value.
    pub fn refuse(&self, problem: impl Into<Problem>) -> FileError {
        FileError::new(self.node.source.clone(), self.node.span, &self.path, problem)
    }

    /// Refuses its name instead of its value.
    pub fn refuse_name(&self, problem: impl Into<Problem>) -> FileError {
        FileError::new(self.node.source.clone(), self.name_span, &self.path, problem)
    }

    fn wrong_type(&self, wanted: &'static str) -> FileError {
        self.refuse(Problem::WrongType { wanted, found: self.node.what() })
    }

    /// A text; also a number or a truth, as it is written.
    pub fn text(&self) -> Result<&'a str, FileError> {
        match &self.node.value {
            Value::Scalar { text, .. } if !self.node.is_null() => Ok(text),
            _ => Err(self.wrong_type("a text")),
        }
    }

    /// A text that reads as something.
    pub fn parse<T: FromStr<Err: Display>>(&self) -> Result<T, FileError> {
        self.text()?.parse().map_err(|error: T::Err| self.refuse(Problem::Value(error.to_string())))
    }

    /// One of these words.
    pub fn word<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, FileError> {
        let text = self.text()?;
        let found = words.iter().find(|(word, _)| *word == text);
        found.map(|(_, value)| *value).ok_or_else(|| {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.unknown_word(text, &known)
        })
    }

    /// Refuses a word that is none of those that are known.
    #[must_use]
    pub fn unknown_word(&self, word: &str, known: &[&str]) -> FileError {
        self.refuse(Problem::UnknownWord {
            name: word.to_owned(),
            nearest: nearest(word, known.iter().copied()).map(str::to_owned),
            known: known.iter().map(|known| (*known).to_owned()).collect(),
        })
    }

    pub(super) fn truth(&self) -> Result<bool, FileError> {
        match self.text()? {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(self.refuse(Problem::WrongType { wanted: "`true` or `false`", found: "a text" })),
        }
    }

    /// The items of a list; of nothing: none.
    pub fn items(&self) -> Result<Vec<Self>, FileError> {
        match &self.node.value {
            Value::List(items) => {
                let item = |(at, node): (usize, &'a Node)| Field {
                    node,
                    path: format!("{}[{at}]", self.path),
                    name_span: node.span,
                };
                Ok(items.iter().enumerate().map(item).collect())
            }
            _ if self.node.is_null() => Ok(Vec::new()),
            _ => Err(self.wrong_type("a list")),
        }
    }

    /// The items of a list, or the one that stands without one.
    pub fn items_or_one(&self) -> Result<Vec<Self>, FileError> {
        match &self.node.value {
            Value::Scalar { .. } if !self.node.is_null() => Ok(vec![self.clone()]),
            _ => self.items(),
        }
    }

    /// The entries of a mapping whose names are free; of nothing: none.
    pub fn entries(&self) -> Result<Vec<(&'a str, Self)>, FileError> {
        match &self.node.value {
            Value::Map(entries) => {
                Ok(entries.iter().map(|entry| (entry.key.as_str(), child(&self.path, entry))).collect())
            }
            _ if self.node.is_null() => Ok(Vec::new()),
            _ => Err(self.wrong_type("a mapping")),
        }
    }

    /// The entries of a mapping whose names read as something.
    pub(super) fn entries_by<T: FromStr<Err: Display>>(&self) -> Result<Vec<(T, Self)>, FileError> {
        let read = |(key, field): (&str, Self)| match key.parse() {
            Ok(key) => Ok((key, field)),
            Err(error) => Err(field.refuse_name(Problem::Value(T::Err::to_string(&error)))),
        };
        self.entries()?.into_iter().map(read).collect()
    }

    /// A mapping of texts.
    pub fn texts<C: FromIterator<(String, String)>>(&self) -> Result<C, FileError> {
        let entries = self.entries()?.into_iter();
        entries.map(|(key, value)| Ok((key.to_owned(), value.text()?.to_owned()))).collect()
    }

    /// A mapping of which every field must have one of these names; nothing is an empty one.
    pub fn fields(self, known: &[&str]) -> Result<Fields<'a>, FileError> {
        let fields = self.some_fields()?;
        for entry in fields.entries {
            if !known.contains(&entry.key.as_str()) {
                return Err(child(&fields.of.path, entry).refuse_name(Problem::UnknownField {
                    name: entry.key.clone(),
                    nearest: nearest(&entry.key, known.iter().copied()).map(str::to_owned),
                    known: known.iter().map(|known| (*known).to_owned()).collect(),
                }));
            }
        }
        Ok(fields)
    }

    /// A mapping of which only some fields are of interest.
    pub(super) fn some_fields(self) -> Result<Fields<'a>, FileError> {
        let entries: &[Entry] = match &self.node.value {
            Value::Map(entries) => entries,
            _ if self.node.is_null() => &[],
            _ => return Err(self.wrong_type("a mapping")),
        };
        Ok(Fields { of: self, entries })
    }
}

impl<'a> Fields<'a> {
    /// The mapping itself, for a refusal of the whole.
    pub const fn whole(&self) -> &Field<'a> {
        &self.of
    }

    /// A field, if it is there and holds something.
    pub fn get(&self, name: &str) -> Option<Field<'a>> {
        let entry = self.entries.iter().find(|entry| entry.key == name)?;
        (!entry.value.is_null()).then(|| child(&self.of.path, entry))
    }

    /// A field that has to be there.
    pub fn need(&self, name: &'static str) -> Result<Field<'a>, FileError> {
        self.get(name).ok_or_else(|| self.of.refuse(Problem::Missing(name)))
    }

    /// What a field reads as, if it is there.
    pub fn parse<T: FromStr<Err: Display>>(&self, name: &str) -> Result<Option<T>, FileError> {
        self.get(name).map(|field| field.parse()).transpose()
    }

    /// The text of a field, if it is there.
    pub fn text(&self, name: &str) -> Result<Option<&'a str>, FileError> {
        self.get(name).map(|field| field.text()).transpose()
    }

    /// The items of a field, none if it is not there.
    pub fn items(&self, name: &str) -> Result<Vec<Field<'a>>, FileError> {
        self.get(name).map_or_else(|| Ok(Vec::new()), |field| field.items())
    }

    /// The entries of a field, none if it is not there.
    pub fn entries(&self, name: &str) -> Result<Vec<(&'a str, Field<'a>)>, FileError> {
        self.get(name).map_or_else(|| Ok(Vec::new()), |field| field.entries())
    }

    /// The texts of a field, none if it is not there.
    pub fn texts<C: FromIterator<(String, String)> + Default>(&self, name: &str) -> Result<C, FileError> {
        self.get(name).map_or_else(|| Ok(C::default()), |field| field.texts())
    }
}

fn child<'a>(path: &str, entry: &'a Entry) -> Field<'a> {
    let path = if path.is_empty() { entry.key.clone() } else { format!("{path}.{}", entry.key) };
    Field { node: &entry.value, path, name_span: entry.key_span }
}
