//! Fixtures for Claviger's own tests: the tools, the real control plane, faults.
//!
//! ```text
//!   Cluster  a real etcd and kube-apiserver   ->  a Plugin   ->  FaultProxy  ->  EmbeddedAws
//!                                                 (the binary)                   (the binary)
//! ```
//! Each is a process of its own, as in production; all die with the test.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a fixture that cannot be set up fails the test that asked for it"
)]

mod cluster;
mod embedded_aws;
mod eventually;
mod fault_proxy;
mod network;
mod plane;
mod plugin;
mod stored;
mod tools;

pub use cluster::{Cluster, Provider};
pub use embedded_aws::{ACCESS_KEY, EmbeddedAws, REGION, SECRET_KEY};
pub use eventually::eventually;
pub use fault_proxy::{Fault, FaultProxy};
pub use network::{Counts, Network};
pub use plane::control_plane;
pub use plugin::{KmsClient, Plugin, PluginSettings, connect};
pub use stored::Stored;
pub use tools::{NEWEST_KUBERNETES, OLDEST_KUBERNETES, tools};
