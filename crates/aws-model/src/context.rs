//! KMS encryption contexts.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Pairs that are bound to a ciphertext: what sealed it must be named again to open it.
///
/// Not secret (AWS writes it to CloudTrail), case-sensitive, order-independent.
///
/// Source: AWS KMS Developer Guide, "Encryption context".
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EncryptionContext(BTreeMap<String, String>);

/// The text is not a list of pairs.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidEncryptionContext {
    /// A pair lacks its `=` or its key.
    #[error("`{0}` in an encryption context is not a pair: it takes `KEY=VALUE`, pairs divided by commas")]
    NotAPair(String),
    /// The same key twice, with two values.
    #[error("the encryption context names `{0}` twice")]
    Twice(String),
}

impl EncryptionContext {
    /// A context of these pairs; a later pair replaces an earlier one of the same key.
    pub fn new<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        Self(pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }

    /// Whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many pairs there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The value of a key, matched with its case.
    pub fn value_of(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// The pairs, in the order of their keys.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Adds a pair, refusing a key that is there with another value.
    ///
    /// # Errors
    /// [`InvalidEncryptionContext::Twice`].
    pub fn insert(&mut self, key: String, value: String) -> Result<(), InvalidEncryptionContext> {
        match self.0.get(&key) {
            Some(old) if *old != value => Err(InvalidEncryptionContext::Twice(key)),
            _ => {
                self.0.insert(key, value);
                Ok(())
            }
        }
    }

    /// The pairs as unambiguous bytes, to be authenticated beside a ciphertext: each key and value behind its
    /// length, sorted by key, so that no two contexts share an encoding.
    pub fn to_aad(&self) -> Vec<u8> {
        let mut aad = Vec::new();
        for text in self.0.iter().flat_map(|(key, value)| [key, value]) {
            aad.extend_from_slice(&(text.len() as u64).to_be_bytes());
            aad.extend_from_slice(text.as_bytes());
        }
        aad
    }
}

/// `a=b,c=d`, as aws-encryption-provider's `--encryption-context` takes it.
impl FromStr for EncryptionContext {
    type Err = InvalidEncryptionContext;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut context = Self::default();
        for pair in text.split(',').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some((key, value)) if !key.is_empty() => context.insert(key.to_owned(), value.to_owned())?,
                _ => return Err(InvalidEncryptionContext::NotAPair(pair.to_owned())),
            }
        }
        Ok(context)
    }
}

impl fmt::Display for EncryptionContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (key, value)) in self.pairs().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{key}={value}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_parse_in_any_order_to_the_same_aad() {
        let one: EncryptionContext = "b=2,a=1".parse().unwrap();
        let two: EncryptionContext = "a=1,b=2".parse().unwrap();
        assert_eq!(one.to_aad(), two.to_aad());
        assert_eq!(one.to_string(), "a=1,b=2");
    }

    #[test]
    fn no_two_contexts_share_an_encoding() {
        let one = EncryptionContext::new([("ab", "c")]);
        let two = EncryptionContext::new([("a", "bc")]);
        assert_ne!(one.to_aad(), two.to_aad());
    }

    #[test]
    fn a_pair_without_an_equals_sign_or_named_twice_is_refused() {
        assert_eq!("a".parse::<EncryptionContext>(), Err(InvalidEncryptionContext::NotAPair("a".into())));
        assert_eq!("=b".parse::<EncryptionContext>(), Err(InvalidEncryptionContext::NotAPair("=b".into())));
        assert_eq!("a=1,a=2".parse::<EncryptionContext>(), Err(InvalidEncryptionContext::Twice("a".into())));
        assert_eq!("a=x=y".parse::<EncryptionContext>().unwrap().value_of("a"), Some("x=y"));
    }
}
