//! Signature Version 4 against its published test suite, other signers, tampering and hostile input.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "sigv4/botocore.rs"]
mod botocore;
#[path = "sigv4/differential.rs"]
mod differential;
#[path = "sigv4/messages.rs"]
mod messages;
#[path = "sigv4/signed.rs"]
mod signed;
#[path = "sigv4/suite.rs"]
mod suite;
#[path = "sigv4/tampering.rs"]
mod tampering;
#[path = "sigv4/wire_request.rs"]
mod wire_request;
