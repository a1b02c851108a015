//! The engine as its users see it: over the real keyring, with faults put in front of it, and over the embedded AWS.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod audit;
mod aws;
mod decrypt;
mod encrypt;
mod frames;
mod liveness;
mod metrics;
mod policy;
mod status;
mod support;
