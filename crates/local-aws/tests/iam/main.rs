//! IAM over the wire: what survives, what a world file tells, and who is whom.
//!
//! What each operation answers is held by `tests/clients`; here is what a client cannot see: restarts, kills, the clock.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]

#[path = "../server/wire.rs"]
#[expect(dead_code, reason = "what other tests use of it")]
mod wire;

#[path = "../support/kill.rs"]
mod killing;

mod credentials;
mod durability;
mod key_policies;
mod kill;
mod open;
mod principals;
mod refusals;
mod simulator;
mod support;
mod world;
