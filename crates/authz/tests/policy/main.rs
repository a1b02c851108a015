//! Reading policies.
#![expect(clippy::panic, reason = "a failing test says which document")]

mod documents;
