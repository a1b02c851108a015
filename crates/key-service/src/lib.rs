//! The key-service port: one trait that seals and opens a few bytes under a key that never leaves its keeper,
//! and its adapters, one module a backend.
//!
//! ```text
//!   kms-plugin, at-rest (roles)
//!        |  KeyService: seal, open
//!        v
//!   aws (AWS KMS through the official SDK)    keyring (a local file of versions)
//! ```
//!
//! The port is small on purpose: what proves a seal, caches a status or chooses between backends is the
//! caller's, so that a new backend is one module that only talks to its service.

#[cfg(feature = "aws")]
pub mod aws;
mod error;
pub mod keyring;
mod port;

pub use error::{ErrorClass, KeyServiceError};
pub use port::{KeyService, KeyVersion, Opened, Sealed};
