//! Patterns of resources: ARNs with wildcards and, under `2012-10-17`, variables.

use std::{borrow::Cow, sync::Arc};

use super::Version;
use crate::{
    formula::{Asks, Atom, Formula, PolicySpan},
    matching::{self, ContextView},
    pattern::{Fit, Manner, Pattern, Syntax},
};

/// A pattern of resources' ARNs. Compared with case, over the whole ARN: a wildcard also stands for colons, which the
/// source says of a `*` that ends a part of the ARN.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Resource", section "Using wildcards in resource ARNs".
#[derive(Clone, Debug, PartialEq)]
pub struct ResourcePattern {
    written: Box<str>,
    pattern: Pattern,
}

/// How many colons stand before the part of an ARN that may hold variables.
const COLONS_BEFORE_VARIABLES: usize = 5;

impl ResourcePattern {
    /// Takes a pattern; variables are recognised where the version has them, which is behind the fifth colon. Before
    /// it they are text, which no ARN holds.
    ///
    /// Source: IAM User Guide, "IAM policy elements: Variables and tags", section "Resource element".
    #[must_use]
    pub fn new(written: &str, version: Version) -> Self {
        let complete = complete(written);
        let (fields, resource) = split_after_colons(&complete, COLONS_BEFORE_VARIABLES);
        let pattern = Pattern::read_parts([
            (fields, Syntax { wildcards: true, variables: false }),
            (resource, Syntax { wildcards: true, variables: version == Version::V2012 }),
        ]);
        Self { written: written.into(), pattern }
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// Whether it is about a resource. `at` tells where the pattern stands; it is asked only where the answer hangs
    /// on a variable.
    #[must_use]
    pub fn matches(&self, arn: &str, context: &impl ContextView, at: impl FnOnce() -> PolicySpan) -> Formula {
        let manner = if context.assumptions().iam_match_resource_parts { Manner::Plain } else { Manner::Parts };
        match matching::fits(&self.pattern, arn, manner, context) {
            Fit::Yes => Formula::True,
            Fit::No => Formula::False,
            Fit::Perhaps(variable) => Formula::Atom(Arc::new(Atom {
                key: variable.key.clone(),
                asks: Asks::Variable { pattern: self.written.clone(), text: arn.into(), at: at() },
            })),
        }
    }
}

/// An ARN that ends before its last field stands for whatever follows: `arn:aws:sqs` is `arn:aws:sqs:*:*:*`.
///
/// Source: IAM User Guide, "Identify AWS resources with Amazon Resource Names (ARNs)", section "Using wildcards in
/// paths".
fn complete(written: &str) -> Cow<'_, str> {
    let colons = written.matches(':').count();
    if written.starts_with("arn:") && colons < COLONS_BEFORE_VARIABLES {
        Cow::Owned(format!("{written}{}", ":*".repeat(COLONS_BEFORE_VARIABLES - colons)))
    } else {
        Cow::Borrowed(written)
    }
}

/// Splits behind a number of colons; everything is before them where there are fewer.
fn split_after_colons(text: &str, colons: usize) -> (&str, &str) {
    let end = text.match_indices(':').nth(colons - 1).map_or(text.len(), |(at, _)| at + 1);
    text.split_at_checked(end).unwrap_or((text, ""))
}
