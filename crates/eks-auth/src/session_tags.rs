//! Tags that an association's sessions have beside the six.

use crate::grant::SIX;

/// Source: AWS STS API Reference, "AssumeRole", `Tags` ("at most 50"), of which six are EKS's.
const MOST: usize = 50 - SIX.len();
/// Source: AWS STS API Reference, "Tag", `Key` and `Value`.
const LONGEST_KEY: usize = 128;
const LONGEST_VALUE: usize = 256;

/// Keys with their values, as STS takes them: none is one of the six, and no two are the same but for their case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionTags(Vec<(String, String)>);

/// STS would refuse them, or they are EKS's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSessionTags {
    /// Too many of them.
    #[error("there are {0}; with the six of EKS {MOST} are all that STS takes")]
    Number(usize),
    /// A key that is none.
    #[error("`{0}` is no key of a tag: it has 1 to {LONGEST_KEY} letters, digits, spaces and `_.:/=+-@`")]
    Key(String),
    /// A value that is none.
    #[error("the value of `{0}` is none: it has at most {LONGEST_VALUE} letters, digits, spaces and `_.:/=+-@`")]
    Value(String),
    /// A key of AWS's own.
    #[error("`{0}` is one of AWS's own: no key begins with `aws:`, and sessions get EKS's six by themselves")]
    Reserved(String),
    /// A key that is there.
    #[error("`{0}` is there twice: the case of a key's letters tells no two apart")]
    Twice(String),
}

impl SessionTags {
    /// Those of `tags`, in the order of their keys.
    ///
    /// # Errors
    /// [`InvalidSessionTags`]
    pub fn new(tags: impl IntoIterator<Item = (String, String)>) -> Result<Self, InvalidSessionTags> {
        let mut all: Vec<(String, String)> = tags.into_iter().collect();
        all.sort();
        if all.len() > MOST {
            return Err(InvalidSessionTags::Number(all.len()));
        }
        let mut seen: Vec<String> = Vec::new();
        for (key, value) in &all {
            let shown = || key.chars().take(LONGEST_KEY).collect::<String>();
            let folded = key.to_lowercase();
            if key.is_empty() || key.chars().count() > LONGEST_KEY || !key.chars().all(is_taken) {
                return Err(InvalidSessionTags::Key(shown()));
            }
            if folded.starts_with("aws:") || SIX.contains(&&*folded) {
                return Err(InvalidSessionTags::Reserved(shown()));
            }
            if value.chars().count() > LONGEST_VALUE || !value.chars().all(is_taken) {
                return Err(InvalidSessionTags::Value(shown()));
            }
            if seen.contains(&folded) {
                return Err(InvalidSessionTags::Twice(shown()));
            }
            seen.push(folded);
        }
        Ok(Self(all))
    }

    /// Each key with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Source: AWS STS API Reference, "Tag", `Key`: `[\p{L}\p{Z}\p{N}_.:/=+\-@]+`.
fn is_taken(c: char) -> bool {
    c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c)
}
