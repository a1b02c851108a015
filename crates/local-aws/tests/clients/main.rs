//! Real clients drive the embedded AWS: boto3, the `aws` CLI, the official Rust SDK; and the contract that boto3 checks
//! is held against moto, where moto keeps it.

mod python;
mod rust_sdk;
