//! Pod Identity end to end: the agent and the embedded AWS as processes of their own, and AWS's SDKs as pods have them.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod addresses;
mod apiserver_away;
mod associations;
mod broker;
mod capabilities;
mod cluster;
mod connection;
mod diagnose;
mod eks_away;
mod eks_source;
mod faults;
mod lending;
mod missed;
mod network;
mod outside;
mod own_identity;
mod proxies;
mod rig;
mod rotation;
mod sdks;
mod several_clusters;
mod trust_policies;
mod unbound;
mod watched;

const CLAVIGER: &str = env!("CARGO_BIN_EXE_claviger");
