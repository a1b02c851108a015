//! Reading policies: JSON, strictly, and then the grammar that the policy's kind has.
//!
//! ```text
//!   text -- json: strict JSON, bounded ----> document -> statement -> principals, actions, resources, conditions
//!                                              `- anything wrong: MalformedPolicy, with its place
//! ```
//!
//! Linear in the text, which is bounded in size and depth before anything recurses.

mod conditions;
mod json;
mod members;
mod organizations;
mod principals;
mod statement;

use jsonc_parser::ast::{Object, Value};

use self::{
    json::{Document, describe, span_of},
    members::Members,
    statement::Sids,
};
use super::{Flaw, MalformedPolicy, Policy, PolicyKind, Statement, Version, malformed::in_short};
use crate::{
    rules::Assumptions,
    text::{SourceText, Span, Spanned},
};

/// Source: IAM User Guide, "Grammar of the IAM JSON policy language".
const DOCUMENT_ELEMENTS: [&str; 3] = ["Version", "Id", "Statement"];

impl Policy {
    /// Reads a policy of a kind.
    ///
    /// # Errors
    ///
    /// [`MalformedPolicy`], at the first place that AWS would not take.
    pub fn parse(source: SourceText, kind: PolicyKind) -> Result<Self, MalformedPolicy> {
        Self::parse_under(source, kind, &Assumptions::default())
    }

    /// Reads a policy of a kind, as far as some things are assumed of what AWS takes.
    ///
    /// # Errors
    ///
    /// [`MalformedPolicy`], at the first place that AWS would not take.
    pub fn parse_under(
        source: SourceText,
        kind: PolicyKind,
        assumptions: &Assumptions,
    ) -> Result<Self, MalformedPolicy> {
        let read = Reader { source: &source, kind, assumptions }.policy();
        let Parts { version, id, statements } = read.map_err(|(span, flaw)| {
            let source = source.clone();
            MalformedPolicy::new(source, kind, span, flaw)
        })?;
        Ok(Self { source, kind, version, id, statements })
    }
}

/// What is wrong, and where.
type Refusal = (Span, Flaw);

/// A policy's elements, without the text that they were read from.
struct Parts {
    version: Spanned<Version>,
    id: Option<Spanned<String>>,
    statements: Box<[Statement]>,
}

/// What each step of reading needs to know.
#[derive(Clone, Copy)]
struct Reader<'a> {
    source: &'a SourceText,
    kind: PolicyKind,
    assumptions: &'a Assumptions,
}

impl Reader<'_> {
    fn policy(self) -> Result<Parts, Refusal> {
        let document = Document::parse(self.source.text(), self.kind)?;
        let object = document.object();
        let members = Members::read(object, "a policy", &DOCUMENT_ELEMENTS)?;
        let version = self.version(&members)?;
        let id = members.string("Id")?;
        if let Some(member) = members.member("Id").filter(|_| !self.may_have_id()) {
            return Err((span_of(member), Flaw::Prohibited("Id")));
        }
        let statements = self.statements(object, &members, version.value)?;
        Ok(Parts { version, id, statements })
    }

    const fn may_have_id(self) -> bool {
        self.kind.has_principals() || self.assumptions.iam_policy_id
    }

    fn version(self, members: &Members<'_, '_>) -> Result<Spanned<Version>, Refusal> {
        let has_old_ones = !self.kind.is_of_organizations();
        let Some(written) = members.get("Version") else {
            return if has_old_ones {
                Ok(Spanned { value: Version::default(), span: members.span() })
            } else {
                Err((members.span(), Flaw::Missing("Version")))
            };
        };
        let span = span_of(written);
        match written {
            Value::StringLit(version) if version.value == "2012-10-17" => Ok(Spanned { value: Version::V2012, span }),
            Value::StringLit(version) if version.value == "2008-10-17" && has_old_ones => {
                Ok(Spanned { value: Version::V2008, span })
            }
            other => Err((span, Flaw::Version(describe(other)))),
        }
    }

    fn statements(
        self,
        object: &Object<'_>,
        members: &Members<'_, '_>,
        version: Version,
    ) -> Result<Box<[Statement]>, Refusal> {
        let mut sids = Sids::default();
        let mut read = |value: &Value<'_>| self.statement(value, version, &mut sids);
        match members.get("Statement") {
            None => Err((span_of(object), Flaw::Missing("Statement"))),
            Some(Value::Array(many)) if many.elements.is_empty() => Err((span_of(many), Flaw::Empty("Statement"))),
            Some(Value::Array(many)) => many.elements.iter().map(read).collect(),
            Some(one) => Ok(Box::new([read(one)?])),
        }
    }
}
