//! The authorization corpus, decided by the library. `tests/corpus/authorization/README.md` tells the format.
#![expect(clippy::unwrap_used, reason = "a failing test says which file")]

mod launches;
mod policies;
mod proof;
mod requests;
mod switches;

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

use authz::{
    file::{
        Files,
        case::{self, About, Cases},
        world,
    },
    rules::{self, Assumptions, Rule},
    text::SourceText,
};

use self::proof::Proofs;

struct Corpus {
    root: PathBuf,
    cases: Cases,
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
        let mut corpus = Self { root, cases: Cases::default(), unreadable: Vec::new() };
        for name in Self::yaml_in(&corpus.root) {
            let source = SourceText::new(name.as_str(), corpus.read(&name).unwrap());
            match case::read(&source, &corpus) {
                Ok(Cases { requests, policies, launches }) => {
                    corpus.cases.requests.extend(requests);
                    corpus.cases.policies.extend(policies);
                    corpus.cases.launches.extend(launches);
                }
                Err(error) => corpus.unreadable.push(error.to_string()),
            }
        }
        corpus
    }

    fn yaml_in(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name.ends_with(".yaml")).collect();
        names.sort();
        names
    }

    /// Every case with the ways in which it is not as it should be, and what all of them together prove.
    fn run(&self) -> (Vec<(&About, Vec<String>)>, Proofs) {
        let mut proofs = Proofs::default();
        let Cases { requests, policies, launches } = &self.cases;
        let mut all: Vec<_> =
            requests.iter().map(|case| (&case.about, requests::differences(case, &mut proofs))).collect();
        all.extend(policies.iter().map(|case| (&case.about, policies::differences(case, &mut proofs))));
        all.extend(launches.iter().map(|case| (&case.about, launches::differences(case, &mut proofs))));
        (all, proofs)
    }
}

/// The assumptions that a case switches off.
fn assumptions(about: &About) -> Result<Assumptions, String> {
    about.off.iter().try_fold(Assumptions::default(), |assumptions, id| {
        assumptions.with(id, false).map_err(|error| error.to_string())
    })
}

/// The rules that a case names, and a line for each that it may not name.
fn named(about: &About, had_a_say: &BTreeSet<&'static str>) -> (Vec<&'static Rule>, Vec<String>) {
    let listed = || Vec::from_iter(had_a_say.iter().copied()).join(", ");
    let mut differences = Vec::new();
    let mut rules = Vec::new();
    for id in &about.rules {
        match rules::rule(id) {
            None => differences.push(format!("the ledger has no rule `{id}`")),
            Some(rule) if !had_a_say.contains(rule.id) => {
                differences.push(format!("{id} had no say; these had: {}", listed()));
            }
            Some(rule) => rules.push(rule),
        }
    }
    if about.rules.is_empty() {
        differences.push(format!("names no rule; these had a say: {}", listed()));
    }
    (rules, differences)
}

fn ids<'r>(rules: impl IntoIterator<Item = &'r &'static Rule>) -> BTreeSet<&'static str> {
    rules.into_iter().map(|rule| rule.id).collect()
}

#[test]
fn every_case_is_decided_as_aws_documents_it() {
    let corpus = Corpus::load();
    let mut report = corpus.unreadable.join("\n");
    let mut failed = corpus.unreadable.len();
    let mut names = BTreeSet::new();
    let (cases, _) = corpus.run();
    let count = cases.len();
    for (about, mut differences) in cases {
        if !names.insert(&about.name) {
            differences.push("another case has this name".to_owned());
        }
        if !differences.is_empty() {
            failed += 1;
            let place = about.source.place(about.span);
            let _ = write!(report, "\n{}:{place}: {}\n  ", about.source.name(), about.name);
            report.push_str(&differences.join("\n  "));
        }
    }
    assert!(failed == 0, "{failed} of {count} cases and files are not as they should be:\n{report}");
    assert!(count > 400, "there are cases");
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
