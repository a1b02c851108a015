//! The trait that every backend implements.

use std::fmt;

use async_trait::async_trait;
use aws_model::SecretBytes;
use tokio::time::Instant;

use crate::KeyServiceError;

/// A key that seals and opens small values (a Kubernetes DEK seed, 32 bytes) for us.
///
/// Implementations hold their connections and credentials, are cheap to share, and keep every call within its
/// deadline, retries included.
#[async_trait]
pub trait KeyService: fmt::Debug + Send + Sync {
    /// The key as the user named it, for logs and errors.
    fn name(&self) -> &str;

    /// Seals `plaintext` under the key's current version.
    ///
    /// # Errors
    /// Any [`ErrorClass`](crate::ErrorClass) but `CorruptCiphertext`.
    async fn seal(&self, plaintext: &SecretBytes, deadline: Instant) -> Result<Sealed, KeyServiceError>;

    /// Opens what [`seal`](Self::seal) returned, under whichever version it was sealed.
    ///
    /// # Errors
    /// Any [`ErrorClass`](crate::ErrorClass).
    async fn open(&self, ciphertext: &[u8], deadline: Instant) -> Result<Opened, KeyServiceError>;

    /// Takes up changed credentials or key files now. Connections that still work are kept.
    ///
    /// # Errors
    /// When what is there now cannot be used; the former stays in force.
    async fn reload(&self) -> Result<(), KeyServiceError> {
        Ok(())
    }
}

/// A key and one version of its material. Its text is what Kubernetes knows as the `key_id`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyVersion {
    /// The key's lasting name: for AWS its ARN.
    pub key: String,
    /// What names the material: for AWS the key-material id. `None` where the service has no versions.
    pub version: Option<String>,
}

/// What a seal gave.
#[derive(Debug)]
pub struct Sealed {
    /// To be stored; says nothing about the plaintext but its length.
    pub ciphertext: Vec<u8>,
    /// The version that sealed it, where the service tells. AWS KMS does not: opening it does.
    pub version: Option<KeyVersion>,
}

/// What an open gave.
#[derive(Debug)]
pub struct Opened {
    /// What was sealed.
    pub plaintext: SecretBytes,
    /// The version that had sealed it.
    pub version: KeyVersion,
}

impl fmt::Display for KeyVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{}@{version}", self.key),
            None => f.write_str(&self.key),
        }
    }
}

impl fmt::Debug for KeyVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
