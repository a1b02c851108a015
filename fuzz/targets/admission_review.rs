//! An apiserver's question about a pod, of any octets.
#![no_main]

#[path = "../../crates/pod-identity/tests/webhook/hostile.rs"]
mod hostile;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    hostile::check(bytes);
});
