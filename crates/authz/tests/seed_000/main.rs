//! Seed 000, "Karpenter with a key of another account": each of its sentences about permissions held against the model,
//! and what opens such a key to which launcher.
//!
//! `docs/reference/seed-000.md` is written from the same rows and the same matrix.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

#[path = "../launch/fixture.rs"]
mod fixture;
mod grants;
mod matrix;
mod node_role;
mod page;
mod permissions;
mod rows;
mod setup;
mod symptoms;
