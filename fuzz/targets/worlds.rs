//! Deciding in whole worlds, with everything that can have a say, and launches in them.
#![no_main]

#[path = "../../crates/authz/tests/evaluator/generated.rs"]
mod generated;
#[path = "../../crates/authz/tests/evaluator/whole.rs"]
mod whole;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    whole::take(bytes);
});
