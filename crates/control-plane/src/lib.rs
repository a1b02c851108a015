//! A real etcd and kube-apiserver on this machine, started from their binaries: for `claviger up
//! --with-kubernetes`, and for the end-to-end tests.
//!
//! ```text
//!   Settings -> start() -> Running -+- etcd            (TLS, client certificates; a key's raw bytes)
//!                                   +- kube-apiserver  (TLS, a token; stopped and started again at will)
//!                                   +- Kubernetes      (a small client: Secrets and what else a check needs)
//!                                   +- a kubeconfig    (0600)
//! ```
//!
//! Both listen on 127.0.0.1, and both refuse who does not hold the secrets in the data folder (0700): a laptop's
//! other users can neither read the cluster nor write to its etcd. Both die with the process that started them.

mod apiserver;
mod error;
mod etcd;
mod http;
mod kubernetes;
mod pki;
mod port;
mod process;
mod readiness;
mod running;
mod settings;

pub use apiserver::Readiness;
pub use error::StartError;
pub use etcd::Etcd;
pub use http::CallError;
pub use kubernetes::{Answer, Kubernetes};
pub use process::{Process, SpawnError};
pub use running::{LONGEST_STOP, Running, start};
pub use settings::{Binaries, Settings};
