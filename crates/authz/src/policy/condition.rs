//! The entries of a Condition element: operator, key, values; and whether they hold.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Condition operators", "Conditions with multiple context keys or
//! values" and "Set operators for multivalued context keys".

mod date;
mod network;
mod number;
mod operator;
mod value;

use std::sync::Arc;

pub use operator::{Comparison, InvalidOperator, Operator, SetOperator};
pub use value::{ConditionValue, InvalidConditionValue};

use super::Policy;
use crate::{
    context::ContextKey,
    formula::{Asks, Atom, Formula, PolicySpan},
    matching::{ContextView, Lookup, Values},
    rules::Assumptions,
    text::{Span, Spanned},
};

/// One operator, one key, the values: any of them has to match (none, for a negated operator).
#[derive(Debug, PartialEq)]
pub struct Condition {
    /// The key and its values.
    pub span: Span,
    /// How the key is compared.
    pub operator: Spanned<Operator>,
    /// What is compared.
    pub key: Spanned<ContextKey>,
    /// With what.
    pub values: Box<[Spanned<ConditionValue>]>,
}

/// Whether something matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Matches<'k> {
    Yes,
    /// Whatever unknown keys are.
    No,
    /// It depends on this unknown key, and perhaps on others.
    HangsOn(&'k ContextKey),
}

impl Condition {
    /// Reads an entry again from what an atom tells of it. `None` if a value is none of its operator, which no atom's
    /// is.
    pub(crate) fn read(operator: Operator, key: ContextKey, values: &[Box<str>], at: &PolicySpan) -> Option<Self> {
        let span = at.span;
        let read = |written| ConditionValue::new(written, operator, at.policy.version());
        let values =
            values.iter().map(|written| Some(Spanned { value: read(written).ok()?, span })).collect::<Option<_>>()?;
        Some(Self { span, operator: Spanned { value: operator, span }, key: Spanned { value: key, span }, values })
    }

    /// Whether it holds for a request. `policy` is the one that the condition is of.
    #[must_use]
    pub fn holds(&self, context: &impl ContextView, policy: &Arc<Policy>) -> Formula {
        match self.evaluate(context) {
            Matches::Yes => Formula::True,
            Matches::No => Formula::False,
            Matches::HangsOn(key) => Formula::Atom(Arc::new(Atom {
                key: key.clone(),
                asks: Asks::Condition {
                    operator: self.operator.value,
                    compared: self.key.value.clone(),
                    values: self.values.iter().map(|value| value.value.expanded(context)).collect(),
                    at: policy.at(self.span),
                },
            })),
        }
    }

    fn evaluate(&self, context: &impl ContextView) -> Matches<'_> {
        match context.look_up(self.key.value.as_str()) {
            Lookup::Values(values) if !values.is_empty() => self.with(&values, context),
            Lookup::Values(_) if self.is_null_check() && !context.assumptions().iam_cond_null_empty => {
                self.null_check(false)
            }
            // A key without a value is as good as none.
            Lookup::Values(_) | Lookup::Absent => self.without_key(context.assumptions()),
            Lookup::Unknown => self.with_unknown_key(context),
        }
    }

    /// What the condition is where the key is not in the request.
    ///
    /// Source: IAM User Guide, "IAM JSON policy elements: Condition operators", the note at its beginning and the
    /// sections "...IfExists condition operators" and "Condition operator to check existence of condition keys".
    fn without_key(&self, assumptions: &Assumptions) -> Matches<'_> {
        let Operator { set, comparison, if_exists } = self.operator.value;
        let negated = comparison.negates().is_some();
        match set {
            _ if self.is_null_check() => self.null_check(true),
            Some(SetOperator::ForAllValues) => Matches::Yes,
            Some(SetOperator::ForAnyValue) if if_exists => Matches::from(!assumptions.iam_cond_for_any_if_exists),
            Some(SetOperator::ForAnyValue) if negated => Matches::from(!assumptions.iam_cond_for_any_missing_negated),
            Some(SetOperator::ForAnyValue) => Matches::No,
            None => Matches::from(if_exists || negated),
        }
    }

    /// What the condition is where the key is in the request.
    fn with(&self, values: &Values<'_>, context: &impl ContextView) -> Matches<'_> {
        let Operator { set, comparison, .. } = self.operator.value;
        if self.is_null_check() {
            return self.null_check(false);
        }
        let each = values.iter().map(|value| self.with_value(value, context));
        match set {
            // An empty text counts as no value.
            Some(_) if values.iter().all(str::is_empty) => self.without_key(context.assumptions()),
            Some(SetOperator::ForAllValues) => all(each),
            Some(SetOperator::ForAnyValue) => any(each),
            None if values.len() > 1 && !context.assumptions().iam_cond_multi_without_set => {
                Matches::from(comparison.negates().is_some())
            }
            None => any(each),
        }
    }

    /// Whether one value of the request satisfies the comparison.
    fn with_value(&self, given: &str, context: &impl ContextView) -> Matches<'_> {
        let comparison = self.operator.value.comparison;
        let Some(positive) = comparison.negates() else { return self.any_matches(given, comparison, context) };
        if !context.assumptions().iam_cond_unparsable_negated && !value::is_comparable(given, positive) {
            return Matches::No;
        }
        self.any_matches(given, positive, context).not()
    }

    /// Whether a value of the request is what the operator compares: a number, a date, an address.
    pub(crate) fn compares(&self, given: &str) -> bool {
        let comparison = self.operator.value.comparison;
        value::is_comparable(given, comparison.negates().unwrap_or(comparison))
    }

    fn any_matches(&self, given: &str, comparison: Comparison, context: &impl ContextView) -> Matches<'_> {
        any(self.values.iter().map(|value| value.value.matches(given, comparison, context)))
    }

    /// What the condition is where nobody told the key: mostly open, unless every value that the key could have, and
    /// its absence, give the same.
    fn with_unknown_key(&self, context: &impl ContextView) -> Matches<'_> {
        let absent = self.without_key(context.assumptions());
        let present = if self.is_null_check() { Some(self.null_check(false)) } else { self.with_any_value(context) };
        if present == Some(absent) { absent } else { Matches::HangsOn(&self.key.value) }
    }

    /// What the condition is whatever the key's values are; `None` if it depends on them.
    fn with_any_value(&self, context: &impl ContextView) -> Option<Matches<'_>> {
        let (Operator { set, comparison, .. }, assumptions) = (self.operator.value, context.assumptions());
        let negated = comparison.negates();
        let matches = if self.values.iter().any(|value| value.value.matches_everything(context)) {
            if set.is_none() && !assumptions.iam_cond_multi_without_set {
                return None;
            }
            Matches::Yes
        } else if self.values.iter().all(|value| value.value.matches_nothing(context)) {
            if negated.is_some() && !assumptions.iam_cond_unparsable_negated {
                return None;
            }
            Matches::No
        } else {
            return None;
        };
        Some(if negated.is_some() { matches.not() } else { matches })
    }

    fn is_null_check(&self) -> bool {
        self.operator.value.comparison == Comparison::Null
    }

    /// What `Null` says of a key that is absent, or present.
    fn null_check(&self, absent: bool) -> Matches<'_> {
        Matches::from(self.values.iter().any(|value| value.value.asks_absence(absent)))
    }
}

impl Matches<'_> {
    const fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::HangsOn(key) => Self::HangsOn(key),
        }
    }
}

impl From<bool> for Matches<'_> {
    fn from(matches: bool) -> Self {
        if matches { Self::Yes } else { Self::No }
    }
}

/// Whether any of many matches.
fn any<'k>(many: impl Iterator<Item = Matches<'k>>) -> Matches<'k> {
    let mut result = Matches::No;
    for one in many {
        match (one, result) {
            (Matches::Yes, _) => return Matches::Yes,
            (Matches::HangsOn(_), Matches::No) => result = one,
            (Matches::No | Matches::HangsOn(_), _) => {}
        }
    }
    result
}

/// Whether all of many match.
fn all<'k>(many: impl Iterator<Item = Matches<'k>>) -> Matches<'k> {
    any(many.map(Matches::not)).not()
}
