//! Pod Identity: what gives pods their AWS credentials.
//!
//! ```text
//!   a pod's SDK --token--> agent --token--> EKS Auth, or another source of credentials
//!          <--credentials--      <--credentials--
//!   apiserver --a new pod--> webhook: the token, and where the SDK finds both
//! ```
//!
//! One module a daemon. They share types, and never each other's state.

pub mod agent;
pub mod webhook;

mod bearer;
mod certificate;
mod connections;

pub use certificate::{Certificate, CertificateError};
