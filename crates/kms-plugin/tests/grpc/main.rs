//! The plugin behind its socket, as its clients and their enemies find it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod apis;
mod apiserver_client;
mod apiserver_clients;
mod bounds;
mod end;
mod hand_over;
mod sealers;
mod served;
