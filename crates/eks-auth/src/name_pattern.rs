//! Patterns of Kubernetes names, and which of two is the narrower.

use std::{cmp::Ordering, fmt, str::FromStr};

use wildmatch::WildMatch;

/// The longest name of anything in Kubernetes.
///
/// Source: Kubernetes documentation, "Object Names and IDs" > "DNS Subdomain Names".
const LONGEST: usize = 253;

/// A name of Kubernetes, or several: `*` stands for any characters or none, `?` for exactly one.
///
/// EKS itself has names alone; see [`exact`](Self::exact).
#[derive(Clone)]
pub struct NamePattern {
    text: String,
    /// `None`: the text is the one name that is meant.
    glob: Option<WildMatch>,
}

/// A text that no Kubernetes name can match.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNamePattern {
    /// It is empty.
    #[error("it is empty; `*` stands for every name")]
    Empty,
    /// It has a character that is in no name.
    #[error("`{0}` is in no name of Kubernetes: a pattern has a-z, 0-9, `-`, `.`, `*` and `?`")]
    Character(char),
    /// It is longer than any name.
    #[error("it is longer than {LONGEST} characters, which no name is")]
    Long,
}

impl NamePattern {
    /// The one name `name`, whatever characters it has.
    #[must_use]
    pub fn exact(name: impl Into<String>) -> Self {
        Self { text: name.into(), glob: None }
    }

    /// Whether `name` is meant.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        self.glob.as_ref().map_or(self.text == name, |glob| glob.matches(name))
    }

    /// The name, where it means one alone.
    #[must_use]
    pub fn as_name(&self) -> Option<&str> {
        self.glob.is_none().then_some(self.text.as_str())
    }

    /// Its text; two patterns with the same text mean the same names.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Orders patterns that match the same name, the one that counts first: a name before a glob; of two globs, the one with
    /// more characters of its own, then the one with fewer `*`, then by text, so that every replica says the same.
    #[must_use]
    pub fn by_precedence(&self, other: &Self) -> Ordering {
        let rank = |pattern: &Self| {
            let stars = pattern.text.matches('*').count();
            let own = pattern.text.chars().filter(|c| !matches!(c, '*' | '?')).count();
            (pattern.glob.is_some(), std::cmp::Reverse(own), stars)
        };
        rank(self).cmp(&rank(other)).then_with(|| self.text.cmp(&other.text))
    }
}

impl FromStr for NamePattern {
    type Err = InvalidNamePattern;

    /// Several `*` in a row are one.
    fn from_str(text: &str) -> Result<Self, InvalidNamePattern> {
        if text.is_empty() {
            return Err(InvalidNamePattern::Empty);
        }
        if text.len() > LONGEST {
            return Err(InvalidNamePattern::Long);
        }
        let is_taken = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.' | '*' | '?');
        if let Some(other) = text.chars().find(|c| !is_taken(*c)) {
            return Err(InvalidNamePattern::Character(other));
        }
        let mut short = String::with_capacity(text.len());
        for c in text.chars() {
            if !(c == '*' && short.ends_with('*')) {
                short.push(c);
            }
        }
        let glob = short.contains(['*', '?']).then(|| WildMatch::new(&short));
        Ok(Self { text: short, glob })
    }
}

impl fmt::Debug for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for NamePattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.glob.is_some() == other.glob.is_some()
    }
}

impl Eq for NamePattern {}
