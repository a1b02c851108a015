//! Key material: what a key's cryptography is done with, in one of its versions.

use std::{fmt, sync::Arc};

use aws_lc_rs::hmac;
use aws_model::SecretBytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    key_id::MaterialId,
    kind::{KeyKind, KeySpec},
    pair::{self, CryptoFailed, KeyPair, NotSuchAKey},
};
use crate::{
    ServiceError,
    sealing::{MATERIAL_LEN, SealError, SealingKey, random_bytes},
};

/// What is kept of a version of the material beside the secret.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct MaterialRecord {
    pub(super) id: MaterialId,
    pub(super) created: Timestamp,
    /// How it came to replace its predecessor; the first one replaced none.
    pub(super) rotated: Option<RotationType>,
}

/// Why the material was rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum RotationType {
    Automatic,
    OnDemand,
}

/// A version of a key's material.
#[derive(Debug)]
pub(super) struct Material {
    pub(super) id: MaterialId,
    pub(super) record: MaterialRecord,
    key: Arc<MaterialKey>,
}

/// The material, ready for use. It cannot be read back.
enum MaterialKey {
    /// Imported material that is deleted or expired, in every region.
    Absent,
    Symmetric(SealingKey),
    Mac(hmac::Key),
    Pair(Box<KeyPair>),
}

/// Material could not be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum MaterialError {
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Crypto(#[from] CryptoFailed),
    #[error("material that was just made is {0}")]
    Unfit(#[from] NotSuchAKey),
}

impl From<MaterialError> for ServiceError {
    fn from(failed: MaterialError) -> Self {
        Self::internal("KMSInternalException", failed.to_string())
    }
}

impl MaterialRecord {
    /// Of new material, with an id that says nothing.
    pub(super) fn new(created: Timestamp, rotated: Option<RotationType>) -> Result<Self, SealError> {
        let mut id = [0; MaterialId::LEN];
        id.copy_from_slice(random_bytes(MaterialId::LEN)?.expose());
        Ok(Self { id: MaterialId::from_bytes(id), created, rotated })
    }
}

/// The secret bytes of new material. Of RSA keys this takes up to seconds ([`is_slow`]).
pub(super) fn generate(spec: KeySpec) -> Result<SecretBytes, MaterialError> {
    match len(spec) {
        Some(len) => Ok(random_bytes(len)?),
        None => Ok(pair::generate(spec)?),
    }
}

/// Whether material takes longer to make than a call may keep others waiting.
pub(super) const fn is_slow(spec: KeySpec) -> bool {
    spec.is_rsa()
}

/// How long symmetric material is: as long as what its hash function makes of it; none for a private key.
pub(super) const fn len(spec: KeySpec) -> Option<usize> {
    match spec {
        KeySpec::SymmetricDefault => Some(MATERIAL_LEN),
        KeySpec::Hmac224 => Some(28),
        KeySpec::Hmac256 => Some(32),
        KeySpec::Hmac384 => Some(48),
        KeySpec::Hmac512 => Some(64),
        _ => None,
    }
}

impl Material {
    /// Of its secret bytes, which the store keeps.
    pub(super) fn read(kind: KeyKind, record: MaterialRecord, secret: &SecretBytes) -> Result<Self, NotSuchAKey> {
        if len(kind.spec).is_some_and(|len| len != secret.len()) {
            return Err(NotSuchAKey);
        }
        let hmac = |algorithm| MaterialKey::Mac(hmac::Key::new(algorithm, secret.expose()));
        let key = match kind.spec {
            KeySpec::SymmetricDefault => MaterialKey::Symmetric(SealingKey::new(secret)),
            KeySpec::Hmac224 => hmac(hmac::HMAC_SHA224),
            KeySpec::Hmac256 => hmac(hmac::HMAC_SHA256),
            KeySpec::Hmac384 => hmac(hmac::HMAC_SHA384),
            KeySpec::Hmac512 => hmac(hmac::HMAC_SHA512),
            spec => MaterialKey::Pair(Box::new(KeyPair::read(spec, kind.usage, secret)?)),
        };
        Ok(Self { id: record.id, record, key: Arc::new(key) })
    }

    /// Known by its id only.
    pub(super) fn absent(record: MaterialRecord) -> Self {
        Self { id: record.id, record, key: Arc::new(MaterialKey::Absent) }
    }

    /// The same material under another record of it.
    pub(super) fn with_record(&self, record: MaterialRecord) -> Self {
        Self { id: record.id, record, key: Arc::clone(&self.key) }
    }

    pub(super) fn symmetric(&self) -> Option<&SealingKey> {
        match &*self.key {
            MaterialKey::Symmetric(key) => Some(key),
            _ => None,
        }
    }

    pub(super) fn mac(&self) -> Option<&hmac::Key> {
        match &*self.key {
            MaterialKey::Mac(key) => Some(key),
            _ => None,
        }
    }

    pub(super) fn pair(&self) -> Option<&KeyPair> {
        match &*self.key {
            MaterialKey::Pair(pair) => Some(pair),
            _ => None,
        }
    }
}

impl fmt::Debug for MaterialKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "<no key>",
            Self::Symmetric(_) => "<symmetric key>",
            Self::Mac(_) => "<HMAC key>",
            Self::Pair(_) => "<key pair>",
        })
    }
}
