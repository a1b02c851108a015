//! Replays `fuzz/corpus/authority`: what the fuzzer starts from, and what it has found since.

use std::{env, fs, path::PathBuf};

use kms_plugin::authority::Rewriter;

use crate::{
    cases::cases,
    reaction::{rewritten, stock},
    values,
};

/// The rewrite must not make h2 see a field that it would not have seen: when stock tonic takes a connection as it is,
/// the rewrite changes nothing that anybody can tell.
#[tokio::test(start_paused = true)]
async fn the_corpus_is_taken_as_before_or_better() {
    let mut files = 0;
    for entry in fs::read_dir(corpus()).expect("the corpus") {
        let path = entry.unwrap().path();
        let octets = fs::read(&path).unwrap();
        let (before, after) = (stock(&octets, 7).await, rewritten(&octets, 7).await);
        // A request that passes without the rewrite passes with it, in the same place and with the same fields.
        let mut reached = after.requests.iter();
        for request in &before.requests {
            assert!(reached.any(|other| other == request), "{}: {request}", path.display());
        }
        let mut whole = octets.clone();
        Rewriter::default().rewrite(&mut whole);
        assert_eq!(whole.len(), octets.len());
        files += 1;
    }
    assert!(files >= cases().len(), "{files} files");
}

/// The corpus holds every case, so that the fuzzer starts from all that is known.
#[test]
fn the_corpus_holds_every_case() {
    let [_, raw, ..] = values();
    let update = env::var_os("CLAVIGER_UPDATE_CORPUS").is_some();
    for (number, case) in cases().iter().enumerate() {
        let path = corpus().join(format!("case-{number:03}"));
        let octets = seed(&(case.octets)(&raw.0));
        if update {
            fs::create_dir_all(corpus()).unwrap();
            fs::write(&path, &octets).unwrap();
        }
        let help = "run with CLAVIGER_UPDATE_CORPUS=1 to write it anew";
        assert!(fs::read(&path).is_ok_and(|there| there == octets), "{}: {}; {help}", path.display(), case.name);
    }
}

/// Fuzzers do better with short ones.
fn seed(octets: &[u8]) -> Vec<u8> {
    octets.iter().copied().take(4096).collect()
}

fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/authority")
}
