//! The readers of world files, request files, cases and what the `aws` command prints: any text, as each of them.
#![no_main]

#[path = "../../crates/authz/tests/world/invariants.rs"]
mod invariants;

libfuzzer_sys::fuzz_target!(|text: &str| {
    invariants::take(text);
});
