//! Replays `fuzz/corpus/oidc`: what the fuzzer starts from, and what it has found since.

use std::{fs, path::Path};

use proptest::prelude::*;

use crate::hostile;

#[test]
fn the_corpus_holds() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/oidc");
    let inputs: Vec<_> = fs::read_dir(&corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(inputs.len() >= 8, "{} is nearly empty", corpus.display());
    for input in inputs {
        hostile::check(&fs::read(input).unwrap());
    }
}

proptest! {
    #[test]
    fn whatever_is_sent_is_answered(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        hostile::check(&bytes);
    }

    #[test]
    fn what_looks_like_a_token_is_answered(text in "[A-Za-z0-9_-]{0,80}(\\.[A-Za-z0-9_-]{0,80}){0,4}") {
        hostile::check(text.as_bytes());
    }
}
