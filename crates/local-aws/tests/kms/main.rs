//! The embedded KMS by its operations, as a caller sees it behind the wire.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod aliases;
mod asymmetric;
mod concurrency;
mod durability;
mod encryption;
mod enforced;
mod grants;
mod imports;
mod key_states;
mod key_stores;
mod keys;
mod kinds;
mod lists;
mod policies;
mod quotas;
mod regions;
mod rotation;
mod signing;
mod world;
