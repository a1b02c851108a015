//! The webhook before a real apiserver: pods are created through it, and read back. No kubelet is needed for that.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod cluster;
mod injected;
mod kept;
mod kops;
mod sources;

const CLAVIGER: &str = env!("CARGO_BIN_EXE_claviger");
