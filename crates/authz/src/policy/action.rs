//! Patterns of actions: `kms:Describe*`. Compared without case.

use crate::pattern::{Fit, Manner, Pattern, Resolved, Syntax};

/// A pattern of actions, `SERVICE:NAME` with wildcards, or `*`.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Action" (prefix and name are not case-sensitive).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ActionPattern {
    /// In lower case.
    text: Box<str>,
    pattern: Pattern,
}

/// Not a pattern of actions.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no action: write `SERVICE:NAME`, as in `kms:Decrypt` or `kms:*`, or `*`")]
pub struct InvalidActionPattern(pub String);

impl ActionPattern {
    /// The pattern in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is about an action, given in lower case.
    #[must_use]
    pub fn matches(&self, lower_case_action: &str) -> bool {
        self.pattern.fits(lower_case_action, Manner::Plain, |_| Resolved::Nothing) == Fit::Yes
    }
}

impl std::str::FromStr for ActionPattern {
    type Err = InvalidActionPattern;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_sound =
            text == "*" || text.split_once(':').is_some_and(|(service, name)| !service.is_empty() && !name.is_empty());
        if !is_sound {
            return Err(InvalidActionPattern(text.to_owned()));
        }
        let text = text.to_ascii_lowercase();
        let pattern = Pattern::read(&text, Syntax { wildcards: true, variables: false });
        Ok(Self { text: text.into(), pattern })
    }
}
