//! A pod's request to the agent: path, host and token of any octets.
#![no_main]

#[path = "../../crates/pod-identity/tests/agent/hostile.rs"]
mod hostile;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hostile::check(bytes));
