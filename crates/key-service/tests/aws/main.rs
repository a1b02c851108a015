//! The AWS adapter against the embedded AWS, with real signatures over real connections.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod classes;
mod connections;
mod credentials;
mod material;
mod support;
