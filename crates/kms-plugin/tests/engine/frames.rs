//! The fuzzer's corpus of ciphertexts in their frames, replayed.

mod hostile;

use std::{fs, path::Path};

#[test]
fn the_fuzzers_corpus_holds() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/frames");
    let inputs: Vec<_> = fs::read_dir(&corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(inputs.len() > 10, "no corpus in {}", corpus.display());
    for input in inputs {
        hostile::check(&fs::read(&input).unwrap());
    }
}
