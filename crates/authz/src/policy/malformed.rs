//! What is wrong with a policy: where, why, what to do about it, and what AWS would have said.

mod aws;
mod flaw;
mod rule;

use std::{borrow::Cow, fmt};

pub use flaw::Flaw;
pub(super) use flaw::in_short;

use super::PolicyKind;
use crate::{
    rules::Rule,
    text::{Place, SourceText, Span},
};

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
    pub fn policy_text(&self) -> &SourceText {
        &self.0.source
    }

    /// The part that is wrong. Where something is missing, what it is missing in.
    #[must_use]
    pub fn span(&self) -> Span {
        self.0.span
    }

    /// Where that part begins.
    #[must_use]
    pub fn place(&self) -> Place {
        self.0.source.place(self.0.span)
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<Cow<'static, str>> {
        self.0.flaw.help(self.0.kind)
    }

    /// The rule of the ledger by which AWS does not take it, if there is one.
    #[must_use]
    pub fn rule(&self) -> Option<&'static Rule> {
        self.0.flaw.rule(self.0.kind)
    }

    /// The code of the error that AWS answers with.
    #[must_use]
    pub fn aws_code(&self) -> &'static str {
        aws::code(&self.0.flaw, self.0.kind)
    }

    /// AWS's own words, where they are known; otherwise those that it has for errors of that kind.
    #[must_use]
    pub fn aws_message(&self) -> Cow<'static, str> {
        aws::message(&self.0.flaw, self.0.kind)
    }
}

/// As a compiler would: the place, what is wrong, the line with the part underlined, the help.
impl fmt::Display for MalformedPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { source, span, flaw, .. } = &*self.0;
        write!(f, "{}:{}: {flaw}\n{}", source.name(), self.place(), source.excerpt(*span))?;
        match self.help() {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for MalformedPolicy {}
