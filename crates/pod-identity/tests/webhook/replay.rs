//! Replays `fuzz/corpus/admission_review`: what the fuzzer starts from, and what it has found since.

use std::{fs, path::Path};

use proptest::prelude::*;

use crate::{applied::pod, hostile, rig::review};

#[test]
fn the_corpus_holds() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/admission_review");
    let inputs: Vec<_> = fs::read_dir(&corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(inputs.len() >= 8, "{} is nearly empty", corpus.display());
    let injected = inputs.into_iter().filter(|input| hostile::check(&fs::read(input).unwrap())).count();
    assert!(injected >= 3, "the corpus leads to where pods are injected");
}

proptest! {
    #[test]
    fn whatever_is_sent_is_answered(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        hostile::check(&bytes);
    }

    /// A review of which one octet was changed.
    #[test]
    fn a_review_that_was_damaged_is_answered(at in 0..2000_usize, octet in any::<u8>()) {
        let mut text = review(&pod()).to_string().into_bytes();
        let at = at % text.len();
        text[at] = octet;
        hostile::check(&text);
    }

    #[test]
    fn one_that_ends_early_is_refused(at in 0..2000_usize) {
        let text = review(&pod()).to_string().into_bytes();
        let at = at % text.len();
        prop_assert!(!hostile::check(&text[..at]));
    }
}
