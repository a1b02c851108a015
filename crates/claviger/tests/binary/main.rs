//! The binary as a user runs it: what it says, how it starts, how it ends.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod addons;
mod addons_apply;
mod addons_stub;
mod aws_kms;
mod cli;
mod explain;
mod explain_embedded;
mod explain_launches;
mod explain_policies;
mod kms_plugin;
mod local_aws;
mod local_aws_state;
mod metadata;
mod observed;
mod support;
mod tls;
mod up;
mod worlds;
