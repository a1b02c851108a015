//! The IAM policy language: documents, parsed once, every element with its place in the text.
//!
//! Source: IAM User Guide, "IAM JSON policy element reference" and "Grammar of the IAM JSON policy language".

mod action;
mod condition;
pub mod limits;
mod malformed;
mod parse;
mod principal_pattern;
mod resource;

use std::sync::Arc;

pub use action::{ActionPattern, InvalidActionPattern};
pub use condition::{
    Comparison, Condition, ConditionValue, InvalidConditionValue, InvalidOperator, Operator, SetOperator,
};
pub use malformed::{Flaw, MalformedPolicy};
pub use principal_pattern::{InvalidPrincipal, PrincipalPattern, PrincipalType};
pub use resource::ResourcePattern;

use crate::{
    formula::PolicySpan,
    text::{SourceText, Span, Spanned},
};

/// A policy that reads, with the text it was read from.
#[derive(Debug, PartialEq)]
pub struct Policy {
    pub(crate) source: SourceText,
    pub(crate) kind: PolicyKind,
    /// Where there is none in the text, the place is the whole document.
    pub(crate) version: Spanned<Version>,
    pub(crate) id: Option<Spanned<String>>,
    pub(crate) statements: Box<[Statement]>,
}

/// What a policy is attached to, which decides its grammar (a principal must or must not be there) and its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PolicyKind {
    /// Attached to a user, group or role, inline or managed. Also what a boundary is.
    Identity,
    /// Passed when a session begins.
    Session,
    /// A role's trust policy (`AssumeRolePolicyDocument`).
    Trust,
    /// A KMS key policy.
    Key,
    /// The policy of any other resource.
    Resource,
    /// A service control policy of AWS Organizations.
    ServiceControl,
    /// A resource control policy of AWS Organizations.
    ResourceControl,
}

impl PolicyKind {
    /// Whether its statements say whom they are about.
    #[must_use]
    pub const fn has_principals(self) -> bool {
        matches!(self, Self::Trust | Self::Key | Self::Resource | Self::ResourceControl)
    }

    /// Whether its statements may say whom they are not about. Some services' policies may not either; which, differs.
    ///
    /// Source: IAM User Guide, "AWS JSON policy elements: `NotPrincipal`" > "Key points".
    #[must_use]
    pub const fn has_principal_exceptions(self) -> bool {
        matches!(self, Self::Key | Self::Resource)
    }

    /// Whether its statements say what they are about: a trust policy is about its role.
    #[must_use]
    pub const fn has_resources(self) -> bool {
        !matches!(self, Self::Trust)
    }

    /// Whether AWS Organizations keeps it.
    #[must_use]
    pub const fn is_of_organizations(self) -> bool {
        matches!(self, Self::ServiceControl | Self::ResourceControl)
    }
}

/// The version of the language.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Version".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// Variables are taken literally. Also what a document without a version is in.
    #[default]
    V2008,
    /// Variables expand.
    V2012,
}

/// One statement.
#[derive(Debug, PartialEq)]
pub struct Statement {
    /// The whole statement, braces included.
    pub span: Span,
    /// Its id, if it has one.
    pub sid: Option<Spanned<String>>,
    /// Allow or deny.
    pub effect: Spanned<Effect>,
    /// Whom it is about; never there in identity-based policies.
    pub principals: Option<Element<PrincipalPattern>>,
    /// What it is about.
    pub actions: Element<ActionPattern>,
    /// On what; not there in trust policies.
    pub resources: Option<Element<ResourcePattern>>,
    /// All must hold.
    pub conditions: Box<[Condition]>,
}

/// Allow or deny.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Lets through.
    Allow,
    /// Refuses, whatever else lets through.
    Deny,
}

/// A list of patterns, or (`NotAction` and its kin) everything but them.
#[derive(Debug, PartialEq)]
pub struct Element<T> {
    /// Whether it is the `Not` form.
    pub negated: bool,
    /// The patterns; at least one.
    pub patterns: Box<[Spanned<T>]>,
    /// The element's name and value.
    pub span: Span,
}

impl Policy {
    /// The text and its name.
    #[must_use]
    pub const fn source(&self) -> &SourceText {
        &self.source
    }

    /// What it may be attached to.
    #[must_use]
    pub const fn kind(&self) -> PolicyKind {
        self.kind
    }

    /// The language's version.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version.value
    }

    /// Whether the document says its version.
    pub(crate) fn tells_version(&self) -> bool {
        self.source.slice(self.version.span).starts_with('"')
    }

    /// The document's own id, if it has one.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_ref().map(|id| id.value.as_str())
    }

    /// A place in it.
    #[must_use]
    pub fn at(self: &Arc<Self>, span: Span) -> PolicySpan {
        PolicySpan { policy: Arc::clone(self), span }
    }

    /// In the order of the text.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// Whom its statements name, also to leave them out, in the order of the text.
    pub fn principals(&self) -> impl Iterator<Item = &Spanned<PrincipalPattern>> {
        let named = self.statements.iter().filter_map(|statement| statement.principals.as_ref());
        named.flat_map(|principals| principals.patterns.iter())
    }
}
