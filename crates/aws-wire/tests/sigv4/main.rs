//! Signature Version 4 against its published test suite, other signers, tampering and hostile input.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod botocore;
mod corpus;
mod differential;
mod hostile;
mod messages;
mod signed;
mod suite;
mod tampering;
mod wire_request;
