//! Real clients drive the embedded AWS: boto3, the `aws` CLI, the official Rust SDK; and the contract that boto3 checks
//! is held against moto, where moto keeps it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "what a script found is shown with `--nocapture`")]

mod faults;
mod metadata;
mod on_aws;
mod probes;
mod python;
mod rust_sdk;
mod seeds;
