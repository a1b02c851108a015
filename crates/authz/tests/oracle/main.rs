//! Held against another evaluator: generated worlds and requests, decided by us and by `@cloud-copilot/iam-simulate`,
//! which runs as a process of its own. Where the two differ, the case is made as small as it can be and must be of a
//! kind that `docs/reference/disagreements.md` lists, with the document that decides it.
//!
//! `ORACLE_SEED=N` asks other questions than the usual ones.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod kinds;
mod peer;
mod shrink;
#[path = "../support/mod.rs"]
mod support;

use std::{collections::BTreeMap, env, fmt::Write as _, fs, path::Path};

use authz::{
    decision::{DenialEffect, Verdict},
    rules::Assumptions,
};
use proptest::{
    collection::vec,
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use self::{
    kinds::{KINDS, Kind},
    peer::Peer,
    shrink::Shrinking,
    support::{
        generate::{ask, setting},
        setting::{Ask, Setting},
    },
};

const SETTINGS: usize = 500;
const ASKS: usize = 40;
/// With it every kind occurs.
const USUAL_SEED: u64 = 1;

/// What an evaluator says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Allowed,
    DeniedExplicitly,
    DeniedImplicitly,
}

/// One question about one setting.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) setting: Setting,
    pub(crate) ask: Ask,
}

/// A case, and what each evaluator says.
pub(crate) struct Decided {
    pub(crate) case: Case,
    pub(crate) ours: Answer,
    pub(crate) theirs: Answer,
}

impl Decided {
    fn differs(&self) -> bool {
        self.ours != self.theirs
    }
}

/// What we say to each ask. Nothing is unknown, so nothing may be left open.
fn ours(setting: &Setting, asks: &[Ask]) -> Vec<Answer> {
    let (world, assumptions) = (setting.world(), Assumptions::default());
    let answer = |ask: &Ask| match world.decide(&setting.request(ask), &assumptions) {
        Verdict::Allowed => Answer::Allowed,
        Verdict::Denied(denial) if denial.effect == DenialEffect::Explicit => Answer::DeniedExplicitly,
        Verdict::Denied(_) => Answer::DeniedImplicitly,
        Verdict::AllowedIff(residual) => panic!("left open: {residual}\n{setting:#?}\n{ask:#?}"),
    };
    asks.iter().map(answer).collect()
}

fn generated() -> Vec<(Setting, Vec<Ask>)> {
    let seed: u64 = env::var("ORACLE_SEED").map_or(USUAL_SEED, |seed| seed.parse().expect("ORACLE_SEED is a number"));
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = (setting(), vec(ask(), ASKS));
    (0..SETTINGS).map(|_| strategy.new_tree(&mut runner).expect("a setting").current()).collect()
}

/// What we and what they say to each ask, in the order of the asks.
fn answers(peer: &mut Peer, asked: &[(Setting, Vec<Ask>)]) -> Vec<(Answer, Answer)> {
    let theirs = peer.decide(asked);
    asked.iter().zip(theirs).flat_map(|((setting, asks), theirs)| ours(setting, asks).into_iter().zip(theirs)).collect()
}

/// The same for cases each of its own setting.
fn decide_each(peer: &mut Peer, cases: Vec<Case>) -> Vec<Decided> {
    let alone: Vec<_> = cases.into_iter().map(|case| (case.setting, vec![case.ask])).collect();
    let answers = answers(peer, &alone);
    let cases = alone
        .into_iter()
        .flat_map(|(setting, ask)| ask.into_iter().map(move |ask| Case { setting: setting.clone(), ask }));
    cases.zip(answers).map(|(case, (ours, theirs))| Decided { case, ours, theirs }).collect()
}

/// Makes every case as small as it can be, all of them step by step at the same time.
fn shrunk(peer: &mut Peer, cases: Vec<Case>) -> Vec<Decided> {
    let mut on_their_way: Vec<_> = cases.into_iter().map(Shrinking::of).collect();
    loop {
        let steps: Vec<_> = on_their_way.iter().map(Shrinking::next).collect();
        if steps.iter().all(Option::is_none) {
            break;
        }
        let mut decided = decide_each(peer, steps.into_iter().flatten().collect()).into_iter();
        for one in on_their_way.iter_mut().filter(|one| one.next().is_some()) {
            let step = decided.next().expect("a verdict for each");
            let differs = step.differs();
            one.go_on(step.case, differs);
        }
    }
    decide_each(peer, on_their_way.into_iter().map(|one| one.case).collect())
}

/// Of each kind, how many there were.
type Seen = BTreeMap<&'static str, usize>;

/// Counts the differences by kind; what is of no kind comes back, as small as it can be.
fn by_kind(peer: &mut Peer, found: Vec<Decided>) -> (Seen, Vec<Decided>) {
    let (mut seen, mut rest, mut unlisted) = (Seen::new(), Vec::new(), Vec::new());
    let mut count = |kind: &Kind| *seen.entry(kind.id).or_default() += 1;
    for difference in found {
        match KINDS.iter().find(|kind| kind.is_told_by_call(&difference)) {
            Some(kind) => count(kind),
            None => rest.push(difference.case),
        }
    }
    for kind in KINDS {
        let others: Vec<_> = rest.iter().filter_map(|case| kind.without(case)).collect();
        if others.is_empty() {
            continue;
        }
        let mut agree = decide_each(peer, others).into_iter().map(|other| !other.differs());
        rest.retain(|_| {
            let is_such = agree.next().expect("a verdict for each");
            if is_such {
                count(kind);
            }
            !is_such
        });
    }
    for least in shrunk(peer, rest) {
        match KINDS.iter().find(|kind| kind.is_told_by(&least)) {
            Some(kind) => count(kind),
            None => unlisted.push(least),
        }
    }
    (seen, unlisted)
}

#[test]
fn every_disagreement_is_of_a_listed_kind_and_every_kind_occurs() {
    let mut peer = Peer::start();
    let asked = generated();
    let answers = answers(&mut peer, &asked);
    let (all, allowed) = (answers.len(), answers.iter().filter(|(ours, _)| *ours == Answer::Allowed).count());
    assert!(allowed * 5 > all && allowed * 5 < all * 4, "the questions tell little: {allowed} of {all} allowed");
    let questions = asked.iter().flat_map(|(setting, asks)| asks.iter().map(move |ask| (setting, ask)));
    let found: Vec<_> = questions
        .zip(answers)
        .filter(|(_, (ours, theirs))| ours != theirs)
        .map(|((setting, ask), (ours, theirs))| Decided {
            case: Case { setting: setting.clone(), ask: ask.clone() },
            ours,
            theirs,
        })
        .collect();
    let differ = found.len();
    let (seen, unlisted) = by_kind(&mut peer, found);
    assert!(
        unlisted.is_empty(),
        "{} of {differ} disagreements are of no listed kind:\n{}",
        unlisted.len(),
        report(&unlisted)
    );
    let missing: Vec<_> = KINDS.iter().map(|kind| kind.id).filter(|id| !seen.contains_key(id)).collect();
    let is_usual = env::var_os("ORACLE_SEED").is_none();
    assert!(missing.is_empty() || !is_usual, "listed kinds that no longer occur: {missing:?}");
}

/// What to look at: the first few, each with the policies that are left.
fn report(unlisted: &[Decided]) -> String {
    let mut text = String::new();
    for Decided { case: Case { setting, ask }, ours, theirs } in unlisted.iter().take(5) {
        _ = writeln!(text, "\nwe: {ours:?}, they: {theirs:?}\n  {ask:?}");
        for document in setting.documents().into_iter().filter(|document| !document.statements.is_empty()) {
            _ = writeln!(text, "  {:?} policy: {}", document.kind, document.json());
        }
    }
    text
}

#[test]
fn the_page_lists_the_kinds() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/disagreements.md");
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, kinds::page()).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap();
    assert!(written == kinds::page(), "{} is not as the kinds are: run with UPDATE_DOCS=1", path.display());
}
