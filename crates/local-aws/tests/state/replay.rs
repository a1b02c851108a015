//! Replays `fuzz/corpus/state`: what the fuzzer starts from, and what it has found since.

use std::{fs, path::PathBuf};

use local_aws::{Clock, Options};

use crate::{any_text::Place, ask, export, filled, wire::start_with};

fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/state")
}

fn texts() -> Vec<(String, String)> {
    let mut texts: Vec<_> = fs::read_dir(corpus())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap()))
        .collect();
    texts.sort();
    assert!(texts.len() >= 8, "{} is nearly empty", corpus().display());
    texts
}

#[test]
fn the_corpus_holds() {
    let place = Place::new();
    for (name, text) in texts() {
        // By their names: what is no state stands for a way of being none.
        assert_eq!(place.check(&text), name.starts_with("state-"), "{name}");
    }
}

/// The same every time: bytes and words of the texts, changed, doubled, taken out, and put from one into another.
#[test]
fn texts_like_those_of_the_corpus_hold() {
    let place = Place::new();
    let texts = texts();
    let mut seed: u64 = 7;
    let mut next = |most: usize| {
        // Knuth's, "The Art of Computer Programming", volume 2, section 3.3.4.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % most.max(1)
    };
    let mut taken = 0;
    for turn in 0..400 {
        let (_, text) = &texts[turn % texts.len()];
        let (_, other) = &texts[next(texts.len())];
        let mut words: Vec<&str> = text.split_inclusive([' ', ',', ':', '{', '[', '/']).collect();
        let others: Vec<&str> = other.split_inclusive([' ', ',', ':', '{', '[', '/']).collect();
        for _ in 0..=next(3) {
            if words.is_empty() {
                break;
            }
            let (at, to, from) = (next(words.len()), next(words.len()), next(others.len()));
            match next(5) {
                0 => drop(words.remove(at)),
                1 => words.insert(at, words[at]),
                2 if !others.is_empty() => words[at] = others[from],
                3 => words.swap(at, to),
                _ => words[at] = ["null", "\"\"", "{}", "[]", "-1", "1e999", "\"\\ud800\"", "true"][next(8)],
            }
        }
        taken += usize::from(place.check(&words.concat()));
    }
    assert!((1..400).contains(&taken), "some are states, and some are none: {taken}");
}

/// `UPDATE_CORPUS=1` writes the states of the corpus anew.
#[tokio::test]
async fn the_corpus_has_a_state_with_something_of_everything() {
    let clock = Clock::frozen_at("2026-01-01T00:00:00Z".parse().unwrap());
    let aws = start_with(Options { clock, ..Options::default() }).await;
    let empty = export(&aws).await;
    filled::fill(&aws).await;
    let bare = ask(&aws, "POST", "export", "{}").await.body;
    let states = [("state-empty", empty), ("state-filled", export(&aws).await), ("state-bare", bare)];
    let tables = |text: &str| {
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        value["tables"].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    for (name, state) in states {
        let path = corpus().join(name);
        if std::env::var_os("UPDATE_CORPUS").is_some() {
            fs::write(&path, &state).unwrap();
        }
        assert_eq!(tables(&fs::read_to_string(&path).unwrap()), tables(&state), "{name}: UPDATE_CORPUS=1 writes it");
    }
    aws.shutdown().await;
}
