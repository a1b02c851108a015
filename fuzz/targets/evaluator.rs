//! Deciding: any action, resource and context, under any policy that reads.
#![no_main]

#[path = "../../crates/authz/tests/evaluator/invariants.rs"]
mod invariants;

use libfuzzer_sys::Corpus;

libfuzzer_sys::fuzz_target!(|text: &str| -> Corpus {
    if invariants::take(text) > 0 { Corpus::Keep } else { Corpus::Reject }
});
