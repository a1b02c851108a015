//! The operators of conditions.

use std::{fmt, str::FromStr};

/// A comparison, over one value or a set, perhaps only where the key is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Operator {
    /// `ForAllValues:` or `ForAnyValue:`.
    pub set: Option<SetOperator>,
    /// The comparison.
    pub comparison: Comparison,
    /// Whether a missing key satisfies it (`...IfExists`).
    pub if_exists: bool,
}

/// How a multivalued key is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SetOperator {
    /// Every value of the request matches.
    ForAllValues,
    /// At least one value of the request matches.
    ForAnyValue,
}

macro_rules! comparisons {
    ($($name:ident),* $(,)?) => {
        /// The comparisons.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each is AWS's own name; AWS's reference says what it does")]
        pub enum Comparison { $($name),* }

        impl Comparison {
            /// Every one, in the order of AWS's reference.
            pub const ALL: [Self; 27] = [$(Self::$name),*];

            /// Its name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }
        }
    };
}

comparisons! {
    StringEquals,
    StringNotEquals,
    StringEqualsIgnoreCase,
    StringNotEqualsIgnoreCase,
    StringLike,
    StringNotLike,
    NumericEquals,
    NumericNotEquals,
    NumericLessThan,
    NumericLessThanEquals,
    NumericGreaterThan,
    NumericGreaterThanEquals,
    DateEquals,
    DateNotEquals,
    DateLessThan,
    DateLessThanEquals,
    DateGreaterThan,
    DateGreaterThanEquals,
    Bool,
    BinaryEquals,
    IpAddress,
    NotIpAddress,
    ArnEquals,
    ArnNotEquals,
    ArnLike,
    ArnNotLike,
    Null,
}

/// What follows a comparison that a missing key satisfies.
const IF_EXISTS: &str = "IfExists";

/// No operator of the language.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no condition operator `{0}`")]
pub struct InvalidOperator(pub String);

impl Comparison {
    /// The comparison that it negates, if it negates one.
    #[must_use]
    pub const fn negates(self) -> Option<Self> {
        match self {
            Self::StringNotEquals => Some(Self::StringEquals),
            Self::StringNotEqualsIgnoreCase => Some(Self::StringEqualsIgnoreCase),
            Self::StringNotLike => Some(Self::StringLike),
            Self::NumericNotEquals => Some(Self::NumericEquals),
            Self::DateNotEquals => Some(Self::DateEquals),
            Self::NotIpAddress => Some(Self::IpAddress),
            Self::ArnNotEquals => Some(Self::ArnEquals),
            Self::ArnNotLike => Some(Self::ArnLike),
            _ => None,
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.set {
            Some(SetOperator::ForAllValues) => f.write_str("ForAllValues:")?,
            Some(SetOperator::ForAnyValue) => f.write_str("ForAnyValue:")?,
            None => {}
        }
        f.write_str(self.comparison.as_str())?;
        if self.if_exists { f.write_str(IF_EXISTS) } else { Ok(()) }
    }
}

/// Operators are compared without case, as AWS takes them.
impl FromStr for Operator {
    type Err = InvalidOperator;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidOperator(text.to_owned());
        let (set, rest) = match text.split_once(':') {
            None => (None, text),
            Some((set, rest)) if set.eq_ignore_ascii_case("ForAllValues") => (Some(SetOperator::ForAllValues), rest),
            Some((set, rest)) if set.eq_ignore_ascii_case("ForAnyValue") => (Some(SetOperator::ForAnyValue), rest),
            Some(_) => return Err(invalid()),
        };
        let is = |name: &str| Comparison::ALL.into_iter().find(|known| known.as_str().eq_ignore_ascii_case(name));
        let suffix = rest.len().checked_sub(IF_EXISTS.len()).and_then(|at| rest.split_at_checked(at));
        let (comparison, if_exists) = match suffix {
            Some((bare, suffix)) if suffix.eq_ignore_ascii_case(IF_EXISTS) => (is(bare), true),
            _ => (is(rest), false),
        };
        let comparison = comparison.filter(|known| !(if_exists && *known == Comparison::Null)).ok_or_else(invalid)?;
        Ok(Self { set, comparison, if_exists })
    }
}
