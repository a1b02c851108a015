//! The one port, from outside: signatures, refusals in each protocol's own form, limits, life and end.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod faults;
mod lifecycle;
mod limits;
mod metadata;
mod propagation;
mod refusals;
mod rest;
mod sessions;
mod signed;
mod switches;
mod tls;
mod transport;
mod web_identity;
mod wire;
mod world;
