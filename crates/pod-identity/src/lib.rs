//! Pod Identity: what gives pods their AWS credentials.
//!
//! ```text
//!   a pod's SDK --token--> agent --token--> EKS Auth, or another source of credentials
//!          <--credentials--      <--credentials--
//! ```
//!
//! One module a daemon. They share types, and never each other's state.

pub mod agent;

mod bearer;
mod certificate;
mod connections;

pub use certificate::{Certificate, CertificateError};
