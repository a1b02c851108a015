//! What holds for whatever bytes: nothing panics, and nobody but the issuer makes a token that is believed.
//!
//! The fuzz target `oidc` runs this, too.

use std::sync::LazyLock;

use oidc::{Algorithms, Discovery, KeySet, Token};

/// One key of each kind, whose private halves are nowhere.
const KEYS: &str = include_str!("keys.json");
static OF_NOBODY: LazyLock<KeySet> = LazyLock::new(|| KeySet::parse(KEYS.as_bytes()).unwrap());

/// Takes the bytes for a token, for a key set and for a configuration.
pub(crate) fn check(bytes: &[u8]) {
    let keys = KeySet::parse(bytes);
    let _ = KeySet::parse_as(bytes, Algorithms::All);
    let _ = Discovery::parse(bytes, "https://issuer.example");
    let Ok(text) = str::from_utf8(bytes) else { return };
    let _ = Discovery::url(text);
    if let Ok(token) = Token::parse(text) {
        assert!(token.verify(&OF_NOBODY).is_err(), "a token was made without the key: {text}");
        assert!(text.len() <= 20_000 && text.matches('.').count() == 2, "{text}");
    }
    if let Ok(token) = Token::parse_as(text, Algorithms::All) {
        assert!(token.verify(&OF_NOBODY).is_err(), "a token was made without the key: {text}");
    }
    // A text that is a set of keys and a token at once is neither.
    assert!(keys.is_err() || Token::parse(text).is_err());
}
