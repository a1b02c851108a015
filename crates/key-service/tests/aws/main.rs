//! The AWS adapter against the embedded AWS, with real signatures over real connections.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod classes;
mod codes;
mod connections;
mod credentials;
mod material;
mod support;
