//! Replays `fuzz/corpus/matching`: what the fuzzer starts from, and what it has found since.

use std::{fs, path::Path};

use proptest::prelude::*;

use crate::invariants;

#[test]
fn the_fuzzing_corpus_passes() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/matching");
    let mut conditions = 0;
    for entry in fs::read_dir(corpus).unwrap() {
        let path = entry.unwrap().path();
        conditions += usize::from(invariants::take(&fs::read_to_string(&path).unwrap()));
    }
    assert!(conditions > 10, "the corpus is there: {conditions}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1024) })]

    #[test]
    fn whatever_comes_is_taken(
        operator in "(For(All|Any)Values?:)?(String(Not)?(Equals(IgnoreCase)?|Like)|(Numeric|Date)(Not)?(Equals|LessThan)|Bool|Null|Arn(Not)?Like|(Not)?IpAddress)(IfExists)?",
        wanted in "(\\PC|\\$\\{v(, '\\PC{0,3}')?\\}|[*?:.0-9]|\\$\\{[*?$]\\}){0,8}",
        given in "(\\PC|[:.0-9]){0,8}",
        variable in "(\\PC|[*?:.0-9]){0,4}",
    ) {
        invariants::take(&[operator, wanted, given, variable].join("\n"));
    }
}
