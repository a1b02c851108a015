//! Pod Identity end to end: the agent and the embedded AWS as processes of their own, and AWS's SDKs as pods have them.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod addresses;
mod associations;
mod broker;
mod cluster;
mod diagnose;
mod eks_source;
mod network;
mod outside;
mod proxies;
mod rig;
mod rotation;
mod sdks;
mod watched;

const CLAVIGER: &str = env!("CARGO_BIN_EXE_claviger");
