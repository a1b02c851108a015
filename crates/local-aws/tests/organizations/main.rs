//! Organizations over the wire: what its policies decide, what survives, and what a world file tells.
//!
//! What each operation answers is held by `tests/clients`; here is what they do to other services, restarts and kills.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]

#[path = "../server/wire.rs"]
#[expect(dead_code, reason = "what other tests use of it")]
mod wire;

#[path = "../support/kill.rs"]
mod killing;

mod durability;
mod enforced;
mod kill;
mod members;
mod support;
mod world;
