//! Karpenter, as published: its controller launches nodes on the embedded AWS for a cluster whose apiserver is a real one,
//! under a key of another account.
//!
//! ```text
//!   kube-apiserver, etcd  <--  karpenter  -->  claviger local-aws
//!        pods, pools, claims                     EC2, EKS, IAM, SQS; two accounts
//! ```
//! No kubelet and no scheduler runs: nodes do not come to be, and a pod is marked by the test as the scheduler would mark it.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod aws;
mod cluster;
mod controller;
mod launches;
mod observed;
mod world;

use std::{fmt::Debug, time::Duration};

const CLAVIGER: &str = env!("CARGO_BIN_EXE_claviger");

/// Longer than anything takes on a busy machine.
const SOON: Duration = Duration::from_secs(90);

/// Asks until there is an answer.
async fn await_some<T, E: Debug>(what: &str, ask: impl AsyncFnMut() -> Result<T, E>) -> T {
    test_support::eventually(what, SOON, ask).await
}
