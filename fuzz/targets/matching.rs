//! Whether conditions and patterns, however written, match whatever is told.
#![no_main]

#[path = "../../crates/authz/tests/matching/invariants.rs"]
mod invariants;

use libfuzzer_sys::Corpus;

libfuzzer_sys::fuzz_target!(|text: &str| -> Corpus {
    if invariants::take(text) { Corpus::Keep } else { Corpus::Reject }
});
