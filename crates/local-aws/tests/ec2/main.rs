//! EC2 over the wire: what survives kills, and what happens at the same time.
//!
//! What each operation answers is held by `tests/clients`.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]

#[path = "../support/kill.rs"]
mod killed;
#[path = "../server/wire.rs"]
#[expect(dead_code, reason = "what other tests use of it")]
mod wire;

mod fleets;
mod kill;
