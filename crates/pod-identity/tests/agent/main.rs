//! The agent's promises, each by its own means: over HTTP with a stub of EKS Auth that can refuse, stall and lie, and with a
//! source whose time stands still.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod bounds;
mod faults;
mod hostile;
#[path = "../../../oidc/tests/oidc/issuer.rs"]
mod issuer;
mod keeping;
mod metrics;
mod replay;
mod rig;
mod sharing;
mod source;
mod stub;
mod surface;
mod tokens;
mod verified;
