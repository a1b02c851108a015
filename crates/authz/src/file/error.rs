//! What is wrong with a text: where, in which field, and what would be right.

use std::fmt;

use crate::{
    policy::{MalformedPolicy, limits::TooLarge},
    text::{Place, SourceText, Span},
    world::ChangeError,
};

/// A text that is not taken.
#[derive(Clone, Debug, PartialEq)]
pub struct FileError(Box<Report>);

#[derive(Clone, Debug, PartialEq)]
struct Report {
    source: SourceText,
    span: Span,
    field: String,
    problem: Problem,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Problem {
    /// Neither YAML nor JSON.
    #[error("this is neither YAML nor JSON: {0}")]
    Syntax(String),
    /// More than is read.
    #[error("{0}")]
    TooMuch(&'static str),
    /// The same key twice in one mapping.
    #[error("`{0}` is there twice; keep one")]
    Twice(String),
    /// A field that does not exist.
    #[error("there is no field `{name}` here; {}", instead(.nearest.as_deref(), .known))]
    UnknownField {
        /// What was written.
        name: String,
        /// What was probably meant.
        nearest: Option<String>,
        /// What could have been written.
        known: Vec<String>,
    },
    /// A word of a fixed choice that does not exist.
    #[error("`{name}` is none of the words that can stand here; {}", instead(.nearest.as_deref(), .known))]
    UnknownWord {
        /// What was written.
        name: String,
        /// What was probably meant.
        nearest: Option<String>,
        /// What could have been written.
        known: Vec<String>,
    },
    /// A field that has to be there.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A value of another type.
    #[error("this has to be {wanted}, and is {found}")]
    WrongType {
        /// What it has to be.
        wanted: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A value that does not read.
    #[error("{0}")]
    Value(String),
    /// A policy that AWS would not take.
    #[error("{}", .0.flaw())]
    Policy(MalformedPolicy),
    /// A policy that AWS has no room for where it is attached.
    #[error("{0}; {help}", help = .0.help())]
    Oversized(TooLarge),
    /// Something that it refers to is not there.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// A file that cannot be read.
    #[error("`{path}` cannot be read: {reason}")]
    Unreadable {
        /// Its path as written.
        path: String,
        /// Why.
        reason: String,
    },
}

impl FileError {
    pub(super) fn new(source: SourceText, span: Span, field: &str, problem: impl Into<Problem>) -> Self {
        Self(Box::new(Report { source, span, field: field.to_owned(), problem: problem.into() }))
    }

    /// What is wrong.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.0.problem
    }

    /// The text that it is wrong in, and its name.
    #[must_use]
    pub fn source_text(&self) -> &SourceText {
        &self.0.source
    }

    /// The part that is wrong.
    #[must_use]
    pub fn span(&self) -> Span {
        self.0.span
    }

    /// Where it begins.
    #[must_use]
    pub fn place(&self) -> Place {
        self.0.source.place(self.0.span)
    }

    /// The path of the field, `keys.ARN.grants[0].grantee`; empty for the whole text.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.0.field
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.0.source.name(), self.place())?;
        if !self.0.field.is_empty() {
            write!(f, "{}: ", self.0.field)?;
        }
        write!(f, "{}", self.0.problem)
    }
}

impl std::error::Error for FileError {}

fn instead(nearest: Option<&str>, known: &[String]) -> String {
    match nearest {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("write one of `{}`", known.join("`, `")),
    }
}
