//! Replays `fuzz/corpus/pod_request`: what the fuzzer starts from, and what it has found since.

use std::{fs, path::Path};

use proptest::prelude::*;

use crate::{hostile, tokens};

#[test]
fn the_corpus_holds() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/pod_request");
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
        hostile::check(&[b"/v1/credentials\n169.254.170.23\n", &*bytes].concat());
    }

    #[test]
    fn what_looks_like_a_request_is_answered(host in "[0-9a-f.:\\[\\]]{0,40}", token in "[A-Za-z0-9_-]{0,80}(\\.[A-Za-z0-9_-]{0,80}){0,4}") {
        hostile::check(format!("/v1/credentials\n{host}\n{token}").as_bytes());
    }

    /// A token of which one octet was changed.
    #[test]
    fn a_token_that_was_damaged_is_answered(at in 0..400_usize, octet in any::<u8>()) {
        let mut token = tokens::unsigned(&tokens::claims("api", 1_799_999_000, 1_800_009_000)).into_bytes();
        let at = at % token.len();
        token[at] = octet;
        hostile::check(&[b"/v1/credentials\n[fd00:ec2::23]:80\n", &*token].concat());
    }
}
