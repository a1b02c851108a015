//! A request to the broker: path, token of the agent and body of any octets.
#![no_main]

#[path = "../../crates/pod-identity/tests/broker/hostile.rs"]
mod hostile;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    hostile::check(bytes);
});
