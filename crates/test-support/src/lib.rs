//! Fixtures for Claviger's own tests: the tools, the real control plane, faults.
#![expect(clippy::panic, reason = "a fixture that cannot be set up fails the test that asked for it")]

mod tools;

pub use tools::{NEWEST_KUBERNETES, OLDEST_KUBERNETES, tools};
