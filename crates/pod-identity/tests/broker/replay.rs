//! Replays `fuzz/corpus/broker_request`: what the fuzzer starts from, and what it has found since.

use std::{fs, path::Path};

use http::StatusCode;
use proptest::prelude::*;

use crate::hostile;

fn corpus() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/broker_request")
}

fn good() -> Vec<u8> {
    fs::read(corpus().join("good")).unwrap()
}

#[test]
fn the_corpus_holds() {
    let inputs: Vec<_> = fs::read_dir(corpus()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(inputs.len() >= 8, "the corpus is nearly empty");
    for input in inputs {
        let status = hostile::check(&fs::read(&input).unwrap());
        let is_good = input.file_name().unwrap().to_str().unwrap().starts_with("good");
        assert_eq!(status == Some(StatusCode::OK), is_good, "{}: {status:?}", input.display());
    }
}

proptest! {
    #[test]
    fn whatever_is_sent_is_answered(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        hostile::check(&bytes);
        hostile::check(&[b"/clusters/demo/assume-role-for-pod-identity\n\n", &*bytes].concat());
    }

    /// A request of which one octet was changed: a token with another octet is another's.
    #[test]
    fn a_request_that_was_damaged_is_answered(at in any::<prop::sample::Index>(), octet in any::<u8>()) {
        let mut request = good();
        let at = at.index(request.len());
        request[at] = octet;
        hostile::check(&request);
    }
}
