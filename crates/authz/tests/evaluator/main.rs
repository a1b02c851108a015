//! Replays `fuzz/corpus/evaluator`: what the fuzzer starts from, and what it has found since.
#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

mod invariants;

use std::{fs, path::Path};

use self::invariants::take;

#[test]
fn the_fuzzing_corpus_passes() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/evaluator");
    let files = fs::read_dir(corpus).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap());
    let decided = files.filter(|text| take(text) > 0).count();
    assert!(decided >= 10, "{decided} of the corpus lead to requests");
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
