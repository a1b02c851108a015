//! What is wrong with a policy: where, why, what to do, and what AWS would have said.

use std::fmt;

use super::{InvalidConditionValue, InvalidPrincipal, PolicyKind};
use crate::text::{Place, SourceText, Span};

/// A policy that AWS would not take.
#[derive(Clone, Debug, PartialEq)]
pub struct MalformedPolicy(Box<Report>);

#[derive(Clone, Debug, PartialEq)]
struct Report {
    source: SourceText,
    kind: PolicyKind,
    span: Span,
    flaw: Flaw,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Flaw {
    /// No JSON.
    #[error("this is no JSON: {0}")]
    Json(&'static str),
    /// More characters than any policy may have.
    #[error("this policy is longer than any policy may be")]
    TooLong,
    /// Nested deeper than any policy is.
    #[error("this nests deeper than any policy does")]
    TooDeep,
    /// A character that policies of this kind do not have.
    #[error("a policy of this kind cannot hold the character U+{:04X}", u32::from(*.0))]
    Character(char),
    /// Of another JSON type.
    #[error("{what} has to be {wants}")]
    WrongType {
        /// What was read.
        what: &'static str,
        /// The types that it may have.
        wants: &'static str,
    },
    /// An element that the language does not have.
    #[error("{of} has no element `{name}`")]
    UnknownElement {
        /// What was written.
        name: String,
        /// In what: "a statement".
        of: &'static str,
        /// What could have been written.
        known: &'static [&'static str],
    },
    /// The same name twice in one object.
    #[error("`{0}` is there twice")]
    Duplicate(String),
    /// An element that has to be there.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// An element that is there and holds nothing.
    #[error("`{0}` names nothing")]
    Empty(&'static str),
    /// Two elements of which only one may be there.
    #[error("`{0}` and `{1}` exclude each other")]
    Both(&'static str, &'static str),
    /// An element that policies of this kind do not have.
    #[error("a policy of this kind has no `{element}`")]
    Prohibited {
        /// The element.
        element: &'static str,
    },
    /// No version of the language.
    #[error("`{0}` is no version of the policy language")]
    Version(String),
    /// Neither `Allow` nor `Deny`.
    #[error("`{0}` is no effect")]
    Effect(String),
    /// A statement's id that holds what it may not.
    #[error("the statement's id `{0}` holds more than letters and digits")]
    SidCharacters(String),
    /// Two statements of one id.
    #[error("another statement has the id `{0}` too")]
    SidTwice(String),
    /// No pattern of actions.
    #[error("`{0}` names no action")]
    Action(String),
    /// Neither `"*"` nor an object.
    #[error("`{0}` is no principal")]
    PrincipalShape(String),
    /// No principal.
    #[error(transparent)]
    Principal(InvalidPrincipal),
    /// A resource control policy that is about somebody.
    #[error("a resource control policy is about everybody")]
    PrincipalNotAnyone,
    /// No condition operator.
    #[error("there is no condition operator `{0}`")]
    Operator(String),
    /// No value of its operator.
    #[error(transparent)]
    ConditionValue(InvalidConditionValue),
}

impl MalformedPolicy {
    pub(super) fn new(source: SourceText, kind: PolicyKind, span: Span, flaw: Flaw) -> Self {
        Self(Box::new(Report { source, kind, span, flaw }))
    }

    /// What is wrong.
    #[must_use]
    pub fn flaw(&self) -> &Flaw {
        &self.0.flaw
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
}

impl fmt::Display for MalformedPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.0.source.name(), self.place(), self.0.flaw)
    }
}

impl std::error::Error for MalformedPolicy {}
