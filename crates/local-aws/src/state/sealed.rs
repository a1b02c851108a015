//! Texts whose secrets are sealed under a key: a snapshot is one.

use std::path::Path;

use aws_model::SecretBytes;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::Value;

use super::{Document, Flaw, Refused, field, tables};
use crate::{
    sealing::{Purpose, SealingKey},
    store::{MasterKey, OpenError},
};

/// A text was not sealed or unsealed.
#[derive(Debug, thiserror::Error)]
pub enum Sealing {
    /// The text is none that can be imported.
    #[error(transparent)]
    Text(#[from] Refused),
    /// There is no key.
    #[error(transparent)]
    Key(#[from] OpenError),
    /// No randomness.
    #[error("cannot seal the snapshot: the operating system's random generator or the cipher failed")]
    Failed,
}

/// Seals the secrets of a text under a key, which is made beside `path` unless it is given.
///
/// # Errors
/// [`Sealing`].
pub fn seal(text: &str, key: &MasterKey, path: &Path) -> Result<String, Sealing> {
    Document::read(text)?;
    let key = SealingKey::new(&key.for_new(path)?);
    rewrite(text, "sealed", |place, secret| {
        let mut sealed = Vec::new();
        key.seal(Purpose::Snapshot, place.as_bytes(), secret, &mut sealed).map_err(|_| Sealing::Failed)?;
        Ok(SecretBytes::new(sealed))
    })
}

/// The text with its secrets unsealed. One that has none sealed is left as it is.
///
/// # Errors
/// [`Sealing`]; also for another key than the one that it was sealed under.
pub fn unseal(text: &str, key: &MasterKey, path: &Path) -> Result<String, Sealing> {
    if Document::read(text)?.secrets != super::Secrets::Sealed {
        return Ok(text.to_owned());
    }
    let key = SealingKey::new(&key.of_existing(path)?);
    rewrite(text, "plain", |place, sealed| {
        let refuse = || {
            let why = "this was sealed under another key than this one, or was altered";
            Sealing::Text(
                Flaw::new(text.find(place.rsplit('.').next().unwrap_or_default()).unwrap_or(0), place, why).of(text),
            )
        };
        key.open(Purpose::Snapshot, place.as_bytes(), sealed).ok_or_else(refuse)
    })
}

/// Every secret, made another by `with`, which is told its place.
fn rewrite(
    text: &str,
    secrets: &str,
    with: impl Fn(&str, &[u8]) -> Result<SecretBytes, Sealing>,
) -> Result<String, Sealing> {
    let mut fields: serde_json::Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
    fields.insert("secrets".to_owned(), secrets.into());
    let tables = fields.get_mut("tables").and_then(Value::as_object_mut);
    for (table, rows) in tables.into_iter().flatten() {
        if !tables::named(table).is_some_and(|table| table.is_sealed()) {
            continue;
        }
        for (key, value) in rows.as_object_mut().into_iter().flatten() {
            let bytes = value.as_str().and_then(|text| BASE64_STANDARD.decode(text).ok()).map(SecretBytes::new);
            let made = with(&field(table, key), bytes.unwrap_or_default().expose())?;
            *value = BASE64_STANDARD.encode(made.expose()).into();
        }
    }
    let mut text = serde_json::to_string_pretty(&fields).unwrap_or_default();
    text.push('\n');
    Ok(text)
}
