//! Replays `fuzz/corpus/evaluator` and `fuzz/corpus/worlds`: what the fuzzer starts from, and what it has found since.
#![expect(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod generated;
mod invariants;
mod whole;

use std::{collections::BTreeMap, fs, path::Path};

use proptest::prelude::*;

use self::invariants::take;

#[test]
fn the_fuzzing_corpus_passes() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/evaluator");
    let files = fs::read_dir(corpus).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap());
    let decided = files.filter(|text| take(text) > 0).count();
    assert!(decided >= 10, "{decided} of the corpus lead to requests");
}

/// What there has to be among the worlds of the corpus: each way in which a request or a launch can end.
const ENDS: [&str; 21] = [
    "allowed",
    "conditional",
    "explicit denial by boundary",
    "explicit denial by identity",
    "explicit denial by key-policy",
    "explicit denial by rcp",
    "explicit denial by resource-policy",
    "explicit denial by scp",
    "explicit denial by session",
    "explicit denial by trust-policy",
    "implicit denial by boundary",
    "implicit denial by grants",
    "implicit denial by identity",
    "implicit denial by key-policy",
    "implicit denial by resource-policy",
    "implicit denial by scp",
    "implicit denial by session",
    "implicit denial by trust-policy",
    "launch fails",
    "launch works",
    "launch works on a condition",
];

#[test]
fn the_corpus_of_worlds_passes_and_ends_in_every_way() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/worlds");
    let files = fs::read_dir(corpus).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    for end in files.flat_map(|bytes| whole::take(&bytes)) {
        *ends.entry(end).or_default() += 1;
    }
    let missing: Vec<_> = ENDS.into_iter().filter(|end| !ends.contains_key(*end)).collect();
    assert!(missing.is_empty(), "{missing:?} of {ends:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_world_is_made_holds(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        whole::take(&bytes);
    }
}

/// A pattern that a matcher which tries every way would not be through with before the end of the world.
#[test]
fn stars_do_not_backtrack() {
    let actions = "*s".repeat(1_000);
    let stars = "*a".repeat(2_000);
    let resource = format!("arn:aws:sqs:us-west-2:111122223333:{}b", "a".repeat(4_000));
    let policy = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"sqs:{actions}","Resource":"arn:aws:sqs:*:*:{stars}","Condition":{{"StringLike":{{"aws:PrincipalTag/team":"{stars}"}},"ArnLike":{{"aws:SourceArn":"arn:aws:sqs:*:*:{stars}"}}}}}}}}"#
    );
    let text = format!("sqs:{}\n{resource}\n{}\n{policy}", "s".repeat(2_000), "a".repeat(4_000));
    assert!(take(&text) > 0);
}
