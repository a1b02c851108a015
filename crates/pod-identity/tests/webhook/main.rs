//! The webhook's promises: what pods are given, by the peer's own cases and by properties, and over TLS what is answered to
//! whatever is sent.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod annotated;
mod applied;
mod certificates;
mod hostile;
mod injected;
mod left;
mod missed;
mod properties;
mod replay;
mod reviewed;
mod rig;
mod sources;
mod stalling;
mod surface;
