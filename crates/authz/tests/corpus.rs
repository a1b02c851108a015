//! The authorization corpus, decided by the library. `tests/corpus/authorization/README.md` tells the format.
#![expect(clippy::unwrap_used, reason = "a failing test says which file")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

use authz::{
    decision::{Explanation, KeyStateVerdict, Verdict},
    file::{
        Files,
        case::{self, Case, Expected, ExpectedKeyState, Question},
        world,
    },
    rules::{self, Assumptions},
    text::SourceText,
};

/// What the cases of a rule showed.
#[derive(Default)]
struct Proof {
    allows: usize,
    denies: usize,
}

struct Corpus {
    root: PathBuf,
    cases: Vec<Case>,
    /// Files of cases that do not read.
    unreadable: Vec<String>,
}

impl Files for Corpus {
    fn read(&self, path: &str) -> io::Result<String> {
        fs::read_to_string(self.root.join(path))
    }
}

impl Corpus {
    fn load() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus/authorization");
        let mut corpus = Self { root, cases: Vec::new(), unreadable: Vec::new() };
        for name in corpus.files() {
            let source = SourceText::new(name.as_str(), corpus.read(&name).unwrap());
            match case::read(&source, &corpus) {
                Ok(cases) => corpus.cases.extend(cases),
                Err(error) => corpus.unreadable.push(error.to_string()),
            }
        }
        corpus
    }

    fn files(&self) -> Vec<String> {
        Self::yaml_in(&self.root)
    }

    fn yaml_in(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name.ends_with(".yaml")).collect();
        names.sort();
        names
    }
}

fn explain(question: &Question, assumptions: &Assumptions) -> Explanation {
    let explanation = question.world.explain(&question.request, assumptions);
    let decided = question.world.decide(&question.request, assumptions);
    assert_eq!(explanation.verdict, decided, "explaining and deciding agree");
    explanation
}

fn assumptions(case: &Case) -> Result<Assumptions, String> {
    case.off.iter().try_fold(Assumptions::default(), |assumptions, id| {
        assumptions.with(id, false).map_err(|error| error.to_string())
    })
}

fn ids(explanation: &Explanation) -> BTreeSet<&'static str> {
    explanation.rules.iter().map(|rule| rule.id).collect()
}

fn told(key_state: Option<&KeyStateVerdict>) -> &'static str {
    key_state.map_or("none, for this is no operation on a key", |verdict| verdict.error.unwrap_or("ok"))
}

/// Every way in which a case is not as it should be.
fn differences(case: &Case, proofs: &mut BTreeMap<&'static str, Proof>) -> Vec<String> {
    let assumptions = match assumptions(case) {
        Ok(assumptions) => assumptions,
        Err(error) => return vec![error],
    };
    let mut differences = Vec::new();
    let explanation = explain(&case.question, &assumptions);
    if !case.expect.is_met_by(&explanation.verdict) {
        differences.push(format!("expected {}\n     decided {}", case.expect, Expected::of(&explanation.verdict)));
    }
    if let Some(expected) = &case.key_state
        && !expected.is_met_by(explanation.key_state.as_ref())
    {
        differences.push(format!("keyState: expected {expected:?}, told {}", told(explanation.key_state.as_ref())));
    }
    let message = explanation.error.as_ref().map(|error| &*error.message);
    if case.message.is_some() && message != case.message.as_deref() {
        differences.push(format!("expected {:?}\n    the message {message:?}", case.message));
    }
    let had_a_say = ids(&explanation);
    let mutant = case.mutant.as_ref().map(|mutant| explain(mutant, &assumptions));
    if let Some(mutant) = &mutant
        && mutant.verdict != Verdict::Allowed
    {
        differences.push(format!("the mutant is not allowed but {}", Expected::of(&mutant.verdict)));
    }
    let fails_by_state = matches!(case.key_state, Some(ExpectedKeyState::Error(_)));
    if let Some(mutant) = mutant.filter(|_| fails_by_state)
        && !ExpectedKeyState::Ok.is_met_by(mutant.key_state.as_ref())
    {
        differences.push(format!("the mutant's keyState is {}", told(mutant.key_state.as_ref())));
    }
    for id in &case.rules {
        let Some(rule) = rules::rule(id) else {
            differences.push(format!("the ledger has no rule `{id}`"));
            continue;
        };
        if !had_a_say.contains(rule.id) {
            differences.push(format!("{id} had no say; these had: {}", Vec::from_iter(had_a_say.clone()).join(", ")));
        }
        let proof = proofs.entry(rule.id).or_default();
        match &case.expect {
            // Its mutant is let through.
            _ if case.mutant.is_some() => {
                proof.denies += 1;
                proof.allows += 1;
            }
            Expected::Allowed => proof.allows += 1,
            Expected::Denied { .. } | Expected::AllowedIff(_) => {}
        }
    }
    if case.rules.is_empty() {
        differences.push(format!("names no rule; these had a say: {}", Vec::from_iter(had_a_say).join(", ")));
    }
    differences
}

#[test]
fn every_case_is_decided_as_aws_documents_it() {
    let corpus = Corpus::load();
    let mut report = corpus.unreadable.join("\n");
    let mut failed = corpus.unreadable.len();
    let mut names = BTreeSet::new();
    for case in &corpus.cases {
        let mut differences = differences(case, &mut BTreeMap::new());
        if !names.insert(&case.name) {
            differences.push("another case has this name".to_owned());
        }
        if !differences.is_empty() {
            failed += 1;
            let place = case.source.place(case.span);
            let _ = write!(report, "\n{}:{place}: {}\n  ", case.source.name(), case.name);
            report.push_str(&differences.join("\n  "));
        }
    }
    assert!(failed == 0, "{failed} of {} cases and files are not as they should be:\n{report}", corpus.cases.len());
    assert!(!corpus.cases.is_empty(), "there are cases");
}

#[test]
fn every_shared_world_reads_by_itself() {
    let corpus = Corpus::load();
    for name in Corpus::yaml_in(&corpus.root.join("worlds")) {
        let source = SourceText::new(name.as_str(), corpus.read(&format!("worlds/{name}")).unwrap());
        if let Err(error) = world::read(&source, &corpus) {
            panic!("{error}");
        }
    }
}

/// What is not proven yet is listed, so that a rule which loses its cases, or a new one without any, fails.
/// `UPDATE_CORPUS=1` writes the list anew.
#[test]
fn every_rule_is_proven_by_a_case_that_allows_and_one_that_denies() {
    let corpus = Corpus::load();
    let mut proofs = BTreeMap::new();
    for case in &corpus.cases {
        differences(case, &mut proofs);
    }
    let lacks = |id: &&str| proofs.get(id).is_none_or(|proof: &Proof| proof.allows == 0 || proof.denies == 0);
    let lacking: BTreeSet<&str> = rules::RULES.iter().map(|rule| rule.id).filter(lacks).collect();
    let path = corpus.root.join("unproven-rules.txt");
    if std::env::var_os("UPDATE_CORPUS").is_some() {
        let lines = lacking.iter().fold(UNPROVEN_HEAD.to_owned(), |lines, id| lines + id + "\n");
        fs::write(&path, lines).unwrap();
    }
    let listed = fs::read_to_string(&path).unwrap();
    let listed: BTreeSet<_> = listed.lines().filter(|line| !line.starts_with('#')).collect();
    let unlisted: Vec<_> = lacking.difference(&listed).collect();
    assert!(unlisted.is_empty(), "no case that allows, or none that denies: {unlisted:?}");
}

const UNPROVEN_HEAD: &str = "\
# Rules of the ledger that no case which allows and no case which denies rests on yet. Written by
# `UPDATE_CORPUS=1 cargo test -p authz --test corpus`; what is not in this list must be proven.
";
