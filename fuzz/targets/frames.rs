//! Ciphertexts as etcd may hand them over: ours, aws-encryption-provider's, and anything else.
#![no_main]

#[path = "../../crates/kms-plugin/tests/engine/frames/hostile.rs"]
mod hostile;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| hostile::check(octets));
