//! Whether one statement is about one request: what its elements are held against.

use std::{
    borrow::Cow,
    sync::{Arc, LazyLock},
};

use crate::{
    context::{Context, Others, Told},
    formula::Formula,
    pattern::{Fit, Manner, Pattern, Resolved, Variable},
    policy::{ActionPattern, Element, Policy, ResourcePattern},
    rules::Assumptions,
};

/// The values of the context keys of one request, told or derived.
pub trait ContextView {
    /// What is known of a key, given in lower case.
    fn look_up(&self, lower_case_key: &str) -> Lookup<'_>;

    /// Which assumptions hold, where AWS's documents leave open how something matches.
    fn assumptions(&self) -> &Assumptions;
}

/// What is known of a context key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup<'a> {
    /// The key is in the request.
    Values(Values<'a>),
    /// It is surely not.
    Absent,
    /// Nobody told.
    Unknown,
}

/// The values of a context key that is in the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Values<'a> {
    /// Of a single-valued key.
    One(Cow<'a, str>),
    /// As they were told; one for a single-valued key.
    Told(&'a [String]),
    /// Of a multivalued key.
    Many(Vec<Cow<'a, str>>),
}

impl<'a> Lookup<'a> {
    /// One borrowed value.
    #[must_use]
    pub const fn one(value: &'a str) -> Self {
        Self::Values(Values::One(Cow::Borrowed(value)))
    }
}

impl Values<'_> {
    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Told(values) => values.len(),
            Self::Many(values) => values.len(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// In the order of the request.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let (one, told, many) = match self {
            Self::One(value) => (Some(&**value), [].as_slice(), [].as_slice()),
            Self::Told(values) => (None, *values, [].as_slice()),
            Self::Many(values) => (None, [].as_slice(), values.as_slice()),
        };
        one.into_iter().chain(told.iter().map(String::as_str)).chain(many.iter().map(|value| &**value))
    }
}

impl<'a> From<&'a Told> for Lookup<'a> {
    fn from(told: &'a Told) -> Self {
        match told {
            Told::Values(values) => Self::Values(Values::Told(values)),
            Told::Absent => Self::Absent,
            Told::Unknown => Self::Unknown,
        }
    }
}

/// Only what was told; nothing is derived, and all assumptions hold.
impl ContextView for Context {
    fn look_up(&self, lower_case_key: &str) -> Lookup<'_> {
        match (self.told(lower_case_key), self.others()) {
            (Some(told), _) => told.into(),
            (None, Others::Absent) => Lookup::Absent,
            (None, Others::Unknown) => Lookup::Unknown,
        }
    }

    fn assumptions(&self) -> &Assumptions {
        static ALL: LazyLock<Assumptions> = LazyLock::new(Assumptions::default);
        &ALL
    }
}

/// What a variable stands for. A multivalued key is no variable, however many values this request has of it.
///
/// Source: IAM User Guide, "Single-valued vs. multivalued context keys" > "Key points".
pub(crate) fn resolve<'v>(variable: &'v Variable, context: &'v impl ContextView) -> Resolved<'v> {
    let value = match context.look_up(variable.key.as_str()) {
        Lookup::Values(Values::One(value)) => Some(value),
        Lookup::Values(Values::Told([value])) if !variable.key.is_multivalued() => Some(Cow::Borrowed(value.as_str())),
        Lookup::Unknown if !variable.key.is_multivalued() => return Resolved::Unknown,
        Lookup::Values(_) | Lookup::Absent | Lookup::Unknown => None,
    };
    value.or(variable.default.as_deref().map(Cow::Borrowed)).map_or(Resolved::Nothing, Resolved::Text)
}

/// Whether a text fits a pattern in this context.
pub(crate) fn fits<'p>(pattern: &'p Pattern, text: &str, manner: Manner, context: &impl ContextView) -> Fit<'p> {
    if context.assumptions().iam_variable_value_literal {
        pattern.fits(text, manner, |variable| resolve(variable, context))
    } else {
        pattern.fits_with_patterns_as_values(text, manner, |variable| owned(resolve(variable, context)))
    }
}

/// Lends nothing of the variable.
fn owned(resolved: Resolved<'_>) -> Resolved<'static> {
    match resolved {
        Resolved::Text(text) => Resolved::Text(Cow::Owned(text.into_owned())),
        Resolved::Nothing => Resolved::Nothing,
        Resolved::Unknown => Resolved::Unknown,
    }
}

impl Element<ActionPattern> {
    /// Whether the element is about an action, given in lower case.
    #[must_use]
    pub fn covers(&self, lower_case_action: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.value.matches(lower_case_action)) != self.negated
    }
}

impl Element<ResourcePattern> {
    /// Whether the element is about a resource. `policy` is the one that the element is of.
    #[must_use]
    pub fn covers(&self, arn: &str, context: &impl ContextView, policy: &Arc<Policy>) -> Formula {
        let any = Formula::any(
            self.patterns.iter().map(|pattern| pattern.value.matches(arn, context, || policy.at(pattern.span))),
        );
        if self.negated { any.not() } else { any }
    }
}
