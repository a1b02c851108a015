//! Replays `fuzz/corpus/world`: what the fuzzer starts from, and what it has found since.

use std::{fs, path::Path};

use proptest::prelude::*;

use super::invariants::take;

#[test]
fn the_fuzzing_corpus_passes() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/world");
    let taken = fs::read_dir(corpus).unwrap().map(|entry| take(&fs::read_to_string(entry.unwrap().path()).unwrap()));
    assert!(taken.sum::<usize>() > 5, "some of it is a world, a request, a case or an answer");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_text_with_a_slip_in_it_is_read_or_refused(at in 0_usize..2000, slip in "[\\PC\n\t]{0,3}", cut in 0_usize..4) {
        for seed in SEEDS {
            let at = (0..=at % (seed.len() + 1)).rev().find(|at| seed.is_char_boundary(*at)).unwrap();
            let (before, after) = seed.split_at(at);
            take(&format!("{before}{slip}{}", after.chars().skip(cut).collect::<String>()));
        }
    }
}

const SEEDS: [&str; 4] = [
    include_str!("../../../../fuzz/corpus/world/world.yaml"),
    include_str!("../../../../fuzz/corpus/world/request.yaml"),
    include_str!("../../../../fuzz/corpus/world/cases.yaml"),
    include_str!("../../../../fuzz/corpus/world/iam.json"),
];
