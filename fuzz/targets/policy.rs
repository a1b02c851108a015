//! The reader of policies: any text, as a policy of each kind.
#![no_main]

#[path = "../../crates/authz/tests/policy/invariants.rs"]
mod invariants;

libfuzzer_sys::fuzz_target!(|text: &str| {
    invariants::take(text);
});
