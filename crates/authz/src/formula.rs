//! Truth with three values. What is known folds away; what is left is exactly the condition under which the answer
//! would be yes.

mod display;

use std::sync::Arc;

use crate::{
    context::ContextKey,
    matching::ContextView,
    policy::{Condition, Operator, Policy, ResourcePattern},
    text::Span,
};

/// A truth that may hang on context keys that nobody told. Constants never hide inside the other forms, and neither
/// do nested `All` in `All` or `Any` in `Any`: the constructors fold them.
#[derive(Clone, Debug, PartialEq)]
pub enum Formula {
    /// Holds, whatever the unknown keys are.
    True,
    /// Does not hold, whatever the unknown keys are.
    False,
    /// Holds if this condition entry does.
    Atom(Arc<Atom>),
    /// Holds if all do. At least two.
    All(Vec<Formula>),
    /// Holds if any does. At least two.
    Any(Vec<Formula>),
    /// Holds if the other does not. Never a constant or another `Not`.
    Not(Box<Formula>),
}

/// Something that a policy asks of a context key whose value nobody told.
#[derive(Clone, Debug, PartialEq)]
pub struct Atom {
    /// The unknown key.
    pub key: ContextKey,
    /// What is asked of it.
    pub asks: Asks,
}

/// What is asked of an unknown key.
#[derive(Clone, Debug, PartialEq)]
pub enum Asks {
    /// An entry of a Condition, whole: see `values` for what the key is compared with, variables expanded as far as
    /// they are known.
    Condition {
        /// The operator with its set and its `IfExists`.
        operator: Operator,
        /// The key that is compared. Another than the atom's where it is known and a variable in the values is not.
        compared: ContextKey,
        /// The values as a policy of the same version would write them.
        values: Box<[Box<str>]>,
        /// Where the entry stands.
        at: PolicySpan,
    },
    /// That a policy variable expands to a text that makes the pattern match this.
    Variable {
        /// The pattern with the variable in it, as written.
        pattern: Box<str>,
        /// What it has to match.
        text: Box<str>,
        /// Where the pattern stands.
        at: PolicySpan,
    },
    /// That a fact of the request which no policy wrote holds: a session's name, an encryption context's pair that a
    /// grant's constraint wants, the owner of a resource that the world does not know.
    Fact(Box<str>),
}

/// A place in a policy.
#[derive(Clone, Debug)]
pub struct PolicySpan {
    /// Which policy.
    pub policy: Arc<Policy>,
    /// Where in it.
    pub span: Span,
}

/// Mostly it is one and the same policy, and then its statements need not be compared: formulas of many atoms are.
impl PartialEq for PolicySpan {
    fn eq(&self, other: &Self) -> bool {
        self.span == other.span && (Arc::ptr_eq(&self.policy, &other.policy) || self.policy == other.policy)
    }
}

impl Formula {
    /// Both. Folds constants, so nothing is allocated as long as one side is known.
    #[inline]
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (&self, &other) {
            (Self::False, _) | (_, Self::True) => self,
            (Self::True, _) | (_, Self::False) => other,
            _ => self.and_open(other),
        }
    }

    fn and_open(self, other: Self) -> Self {
        match (self, other) {
            (Self::All(mut all), Self::All(more)) => {
                all.extend(more);
                Self::All(all)
            }
            (Self::All(mut all), one) | (one, Self::All(mut all)) => {
                all.push(one);
                Self::All(all)
            }
            (left, right) => Self::All(vec![left, right]),
        }
    }

    /// Either. Folds constants, so nothing is allocated as long as one side is known.
    #[inline]
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (&self, &other) {
            (Self::True, _) | (_, Self::False) => self,
            (Self::False, _) | (_, Self::True) => other,
            _ => self.or_open(other),
        }
    }

    fn or_open(self, other: Self) -> Self {
        match (self, other) {
            (Self::Any(mut any), Self::Any(more)) => {
                any.extend(more);
                Self::Any(any)
            }
            (Self::Any(mut any), one) | (one, Self::Any(mut any)) => {
                any.push(one);
                Self::Any(any)
            }
            (left, right) => Self::Any(vec![left, right]),
        }
    }

    /// The opposite.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "reads as `and` and `or` do, and `!formula` is easily overseen")]
    pub fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    /// Whether it surely holds.
    #[must_use]
    pub const fn is_true(&self) -> bool {
        matches!(self, Self::True)
    }

    /// Whether it surely does not hold.
    #[must_use]
    pub const fn is_false(&self) -> bool {
        matches!(self, Self::False)
    }

    /// What is left of it for a request of which more is known, but nothing else differs. A fact that no policy wrote
    /// stays open.
    #[must_use]
    pub fn resolve(&self, context: &impl ContextView) -> Self {
        match self {
            Self::True => Self::True,
            Self::False => Self::False,
            Self::Atom(atom) => atom.resolve(context).unwrap_or_else(|| self.clone()),
            Self::All(parts) => Self::all(parts.iter().map(|part| part.resolve(context))),
            Self::Any(parts) => Self::any(parts.iter().map(|part| part.resolve(context))),
            Self::Not(inner) => inner.resolve(context).not(),
        }
    }

    /// All of many; stops at the first that surely fails.
    pub fn all(many: impl IntoIterator<Item = Self>) -> Self {
        let mut result = Self::True;
        for one in many {
            result = result.and(one);
            if result.is_false() {
                break;
            }
        }
        result
    }

    /// Any of many; stops at the first that surely holds.
    pub fn any(many: impl IntoIterator<Item = Self>) -> Self {
        let mut result = Self::False;
        for one in many {
            result = result.or(one);
            if result.is_true() {
                break;
            }
        }
        result
    }
}

impl Atom {
    /// Asks again; `None` if it is nothing that a context tells.
    fn resolve(&self, context: &impl ContextView) -> Option<Formula> {
        match &self.asks {
            Asks::Condition { operator, compared, values, at } => {
                let condition = Condition::read(*operator, compared.clone(), values, at)?;
                Some(condition.holds(context, &at.policy))
            }
            Asks::Variable { pattern, text, at } => {
                let pattern = ResourcePattern::new(pattern, at.policy.version());
                Some(pattern.matches(text, context, || at.clone()))
            }
            Asks::Fact(_) => None,
        }
    }
}

impl From<bool> for Formula {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn atom(name: &str) -> Formula {
        Formula::Atom(Arc::new(Atom { key: ContextKey::new(name), asks: Asks::Fact(name.into()) }))
    }

    #[test]
    fn what_is_known_folds_away() {
        assert_eq!(Formula::True.and(atom("a")), atom("a"));
        assert_eq!(Formula::False.and(atom("a")), Formula::False);
        assert_eq!(Formula::False.or(atom("a")), atom("a"));
        assert_eq!(atom("a").or(Formula::True), Formula::True);
        assert_eq!(atom("a").not().not(), atom("a"));
        assert_eq!(
            Formula::all([atom("a"), atom("b"), atom("c")]),
            Formula::All(vec![atom("a"), atom("b"), atom("c")])
        );
        assert_eq!(Formula::any([atom("a"), Formula::True, atom("c")]), Formula::True);
    }
}
