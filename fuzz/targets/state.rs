//! The reader of states, and putting them in place: any text, imported into an embedded AWS.
#![no_main]

#[path = "../../crates/local-aws/tests/state/any_text.rs"]
mod any_text;

use any_text::Place;

thread_local!(static PLACE: Place = Place::new());

libfuzzer_sys::fuzz_target!(|text: &str| {
    PLACE.with(|place| place.check(text));
});
