//! EKS and EKS Auth over the wire: what survives restarts and kills.
//!
//! What each operation answers is held by `tests/clients`.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]

#[path = "../server/wire.rs"]
#[expect(dead_code, reason = "what other tests use of it")]
mod wire;

#[path = "../support/kill.rs"]
mod killing;

mod durability;
mod kill;
mod names;
mod replacing;
mod support;
