//! Claims of SigV4, read from any request and verified; and whatever request, signed by us and verified.
#![no_main]

#[path = "../../crates/aws-wire/tests/sigv4/hostile.rs"]
mod hostile;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hostile::check(bytes));
