//! The fuzzer's corpus, replayed.

use std::{fs, path::Path};

use crate::hostile::Place;

#[test]
fn the_fuzzers_corpus_holds() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/keyring");
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path().to_owned());
    let (mut whole, mut files) = (0, 0);
    for input in fs::read_dir(&corpus).unwrap() {
        let input = fs::read(input.unwrap().path()).unwrap();
        whole += usize::from(place.check(&input));
        files += 1;
    }
    assert!(whole >= 3 && files > 2 * whole, "{whole} keyrings among {files} files");
}
