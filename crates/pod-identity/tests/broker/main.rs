//! The broker's promises: over HTTP with AWS's own client of EKS Auth, tokens of an issuer of the test's, and an STS that does
//! as a test says.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod agents;
mod assumer;
mod clocks;
mod faults;
mod hostile;
mod interleaved;
#[path = "../../../oidc/tests/oidc/issuer.rs"]
mod issuer;
mod lending;
mod reloading;
mod replay;
mod replicas;
mod rig;
mod sts;
mod surface;
mod upstream;
mod wrong_pod;
