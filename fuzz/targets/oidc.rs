//! Tokens, key sets and configurations of OpenID Connect issuers, read from any bytes.
#![no_main]

#[path = "../../crates/oidc/tests/oidc/hostile.rs"]
mod hostile;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hostile::check(bytes));
