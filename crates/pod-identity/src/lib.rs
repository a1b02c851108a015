//! Pod Identity: what gives pods their AWS credentials.
//!
//! ```text
//!   a pod's SDK --token--> agent --token--> EKS Auth, or the broker --AssumeRole--> STS
//!          <--credentials--      <--credentials--            <--credentials--
//!   apiserver --a new pod--> webhook: the token, and where the SDK finds both
//! ```
//!
//! One module a daemon. They share types, and never each other's state.

pub mod agent;
pub mod broker;
pub mod webhook;

/// The header by which the broker tells the agent by which state of the associations credentials were given.
const REVISION: &str = "x-claviger-revision";

mod bearer;
mod certificate;
mod clock;
mod cluster_keys;
mod connections;
mod pace;
mod said;
mod sdk;

pub use certificate::{Certificate, CertificateError};
pub use cluster_keys::{ClusterKeys, InvalidKeySource, KeySource};
