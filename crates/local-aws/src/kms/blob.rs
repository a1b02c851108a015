//! Blobs of the wire: base64 in both directions.

use std::fmt;

use aws_model::SecretBytes;
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;
use zeroize::Zeroizing;

/// Bytes that anybody may see.
pub(super) struct Blob(pub(super) Vec<u8>);

/// Bytes that nobody may see; the text they came in is wiped too.
pub(super) struct SecretBlob(pub(super) SecretBytes);

/// The bytes as an answer has them.
pub(super) fn text(bytes: &[u8]) -> Value {
    BASE64_STANDARD.encode(bytes).into()
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_string(Base64).map(|SecretBlob(bytes)| Self(bytes.expose().to_vec()))
    }
}

impl<'de> Deserialize<'de> for SecretBlob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_string(Base64)
    }
}

struct Base64;

impl de::Visitor<'_> for Base64 {
    type Value = SecretBlob;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("base64")
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<SecretBlob, E> {
        self.visit_str(&Zeroizing::new(text))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<SecretBlob, E> {
        // The text itself stays out of the error: it may be a plaintext.
        let bytes = BASE64_STANDARD.decode(text).map_err(|_| E::custom("a blob is not base64"))?;
        Ok(SecretBlob(SecretBytes::new(bytes)))
    }
}
