//! A local keyring: a file of key versions, for clusters without a key service, for tests and for break-glass.
//!
//! ```text
//!   keyring file (0600, JSON)  --parse-->  Versions { current, all by number }
//!                                             |
//!        seal: the current version            |   AES-256-GCM-SIV, random nonce
//!        open: the version the text names     v
//!   ciphertext = format (1) | version (4, big-endian) | nonce (12) | sealed bytes | tag (16)
//! ```
//!
//! AES-256-GCM-SIV (RFC 8452) because its nonces are misuse-resistant: should two nodes ever draw the same nonce
//! for one version, only the equality of two plaintexts shows, not the key stream.

mod edit;
mod error;
mod file;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use arc_swap::ArcSwap;
use async_trait::async_trait;
use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_model::SecretBytes;
use tokio::time::Instant;
use zeroize::Zeroizing;

pub use self::{
    edit::{add_version, create, set_current},
    error::KeyringError,
};
use crate::{ErrorClass, KeyService, KeyServiceError, KeyVersion, Opened, Sealed};

const FORMAT: u8 = 1;
const TAG_LEN: usize = 16;
const HEADER_LEN: usize = 1 + size_of::<u32>() + NONCE_LEN;

/// Bound to every ciphertext beside the keyring's name, so that nothing sealed for another purpose opens here.
const PURPOSE: &[u8] = b"claviger keyring 1\0";

/// A keyring file in use.
#[derive(Debug)]
pub struct Keyring {
    path: PathBuf,
    label: String,
    versions: ArcSwap<Versions>,
}

/// What a keyring file holds, ready to seal and open.
#[derive(Debug)]
struct Versions {
    /// The keyring's lasting name: `keyring:` and the id it was created with.
    name: String,
    current: u32,
    keys: BTreeMap<u32, RandomizedNonceKey>,
    aad: Vec<u8>,
}

impl Keyring {
    /// Reads a keyring file.
    ///
    /// # Errors
    /// When the file cannot be read, belongs to a third user, may be read by others than its owner, or is no keyring.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, KeyringError> {
        let path = path.into();
        let versions = ArcSwap::from_pointee(Versions::read(&path)?);
        Ok(Self { label: path.display().to_string(), path, versions })
    }

    /// The file, for whoever watches it for changes.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The keyring's lasting name and its current version.
    pub fn current(&self) -> KeyVersion {
        let versions = self.versions.load();
        versions.key_version(versions.current)
    }

    fn error(&self, class: ErrorClass, doing: &'static str, message: impl Into<String>) -> KeyServiceError {
        let key = self.label.clone();
        KeyServiceError { class, doing, key, code: None, message: message.into(), hint: None, source: None }
    }
}

impl Versions {
    fn read(path: &Path) -> Result<Self, KeyringError> {
        let content = file::read(path)?;
        let parsed = file::Content::parse(path, &content)?;
        let mut keys = BTreeMap::new();
        for version in &parsed.versions {
            let key = RandomizedNonceKey::new(&AES_256_GCM_SIV, version.secret.as_slice())
                .map_err(|_| KeyringError::Crypto { doing: "taking up a key" })?;
            keys.insert(version.number, key);
        }
        let name = format!("keyring:{}", parsed.id);
        let aad = [PURPOSE, name.as_bytes()].concat();
        Ok(Self { current: parsed.current, keys, name, aad })
    }

    fn key_version(&self, number: u32) -> KeyVersion {
        KeyVersion { key: self.name.clone(), version: Some(number.to_string()) }
    }

    /// Names the version, too: a ciphertext whose version was rewritten does not open.
    fn aad(&self, number: u32) -> Aad<Vec<u8>> {
        let mut aad = Vec::with_capacity(self.aad.len() + size_of::<u32>());
        aad.extend_from_slice(&self.aad);
        aad.extend_from_slice(&number.to_be_bytes());
        Aad::from(aad)
    }

    fn seal(&self, plaintext: &SecretBytes) -> Option<Vec<u8>> {
        let key = self.keys.get(&self.current)?;
        // With its final capacity the buffer never moves, so no copy of the plaintext is left behind; sealing in
        // place then overwrites the only one.
        let mut body = Vec::with_capacity(plaintext.len() + TAG_LEN);
        body.extend_from_slice(plaintext.expose());
        let nonce = key.seal_in_place_append_tag(self.aad(self.current), &mut body).ok()?;
        let mut ciphertext = Vec::with_capacity(HEADER_LEN + body.len());
        ciphertext.push(FORMAT);
        ciphertext.extend_from_slice(&self.current.to_be_bytes());
        ciphertext.extend_from_slice(nonce.as_ref());
        ciphertext.extend_from_slice(&body);
        Some(ciphertext)
    }

    fn open(&self, ciphertext: &[u8]) -> Result<(SecretBytes, u32), &'static str> {
        const NOT_OURS: &str = "not a keyring ciphertext";
        let (format, rest) = ciphertext.split_first().ok_or(NOT_OURS)?;
        let (number, rest) = rest.split_first_chunk::<4>().ok_or(NOT_OURS)?;
        let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>().ok_or(NOT_OURS)?;
        if *format != FORMAT || body.len() < TAG_LEN {
            return Err(NOT_OURS);
        }
        let number = u32::from_be_bytes(*number);
        let key = self.keys.get(&number).ok_or("the keyring does not hold the version that sealed it")?;
        let mut body = Zeroizing::new(body.to_vec());
        let plaintext = key
            .open_in_place(Nonce::from(nonce), self.aad(number), &mut body)
            .map_err(|_| "altered, or sealed by another keyring")?;
        Ok((SecretBytes::new(plaintext.to_vec()), number))
    }
}

#[async_trait]
impl KeyService for Keyring {
    fn name(&self) -> &str {
        &self.label
    }

    async fn seal(&self, plaintext: &SecretBytes, _deadline: Instant) -> Result<Sealed, KeyServiceError> {
        let versions = self.versions.load();
        let ciphertext = versions
            .seal(plaintext)
            .ok_or_else(|| self.error(ErrorClass::Internal, "sealing", "the cipher refused the input"))?;
        Ok(Sealed { ciphertext, version: Some(versions.key_version(versions.current)) })
    }

    async fn open(&self, ciphertext: &[u8], _deadline: Instant) -> Result<Opened, KeyServiceError> {
        let versions = self.versions.load();
        let (plaintext, number) =
            versions.open(ciphertext).map_err(|reason| self.error(ErrorClass::CorruptCiphertext, "opening", reason))?;
        Ok(Opened { plaintext, version: versions.key_version(number) })
    }

    async fn reload(&self) -> Result<(), KeyServiceError> {
        let reloading = "reloading the keyring, of which the former content stays in force";
        let fresh = Versions::read(&self.path)
            .map_err(|error| self.error(ErrorClass::Internal, reloading, error.to_string()))?;
        let former = self.versions.load();
        if fresh.name != former.name {
            let message = format!("the file now holds another keyring, `{}` in place of `{}`", fresh.name, former.name);
            return Err(self.error(ErrorClass::Internal, reloading, message));
        }
        self.versions.store(Arc::new(fresh));
        Ok(())
    }
}
