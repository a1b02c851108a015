//! Replays `fuzz/corpus/policy`: what the fuzzer starts from, and what it has found since.

use std::{fs, path::Path};

use crate::invariants::take;

#[test]
fn the_fuzzing_corpus_passes() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/policy");
    let (mut files, mut reads) = (0, 0);
    for entry in fs::read_dir(corpus).unwrap() {
        let octets = fs::read(entry.unwrap().path()).unwrap();
        if let Ok(text) = std::str::from_utf8(&octets) {
            reads += usize::from(take(text) > 0);
        }
        files += 1;
    }
    assert!(files >= 12 && reads >= 8, "{reads} of {files} read");
}
