//! The fuzzer's corpus, replayed.

use std::{fs, path::Path};

use crate::hostile;

#[test]
fn the_fuzzers_corpus_holds() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/sigv4");
    let inputs: Vec<_> = fs::read_dir(&corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!inputs.is_empty(), "no corpus in {}", corpus.display());
    for input in inputs {
        hostile::check(&fs::read(&input).unwrap());
    }
}
