//! Reading policies.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failing test says which line")]

mod documents;
