//! Which rules the corpus proves: each by a case that allows and one that denies, or by a test elsewhere.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use authz::rules::{self, Cases, RULES, Rule};

use crate::Corpus;

/// How many cases of each rule allow, and how many deny.
#[derive(Default)]
pub(crate) struct Proofs(Cases<'static>);

impl Proofs {
    /// A case that allows, reads, works.
    pub(crate) fn of_allowed(&mut self, rules: &[&'static Rule]) {
        for rule in rules {
            self.0.entry(rule.id).or_default().allows += 1;
        }
    }

    /// A case that does not, with its mutant that does, in which these rules had a say.
    pub(crate) fn of_refused(&mut self, rules: &[&'static Rule], of_mutant: &BTreeSet<&'static str>) {
        for rule in rules {
            let count = self.0.entry(rule.id).or_default();
            count.denies += 1;
            if of_mutant.contains(rule.id) {
                count.allows += 1;
            } else {
                count.lifted += 1;
            }
        }
    }
}

/// The rules that no case proves, with what is told of each: `ID: PATH::TEST`, or `ID: nothing: WHY`.
fn excused(corpus: &Corpus) -> BTreeMap<String, String> {
    let listed = fs::read_to_string(corpus.root.join("unproven-rules.txt")).unwrap();
    let lines = listed.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| line.split_once(": ").unwrap_or((line, ""))).map(|(id, why)| (id.into(), why.into())).collect()
}

/// What is wrong with an excuse: a test that is not there, or no reason.
fn unfounded(corpus: &Corpus, excuse: &str) -> Option<String> {
    if excuse.strip_prefix("nothing: ").is_some_and(|why| !why.is_empty()) {
        return None;
    }
    let Some((path, test)) = excuse.split_once("::") else {
        return Some("write `PATH::TEST`, or `nothing: WHY`".to_owned());
    };
    let source = fs::read_to_string(corpus.root.join("../../..").join(path));
    let is_there = source.is_ok_and(|source| source.contains(&format!("fn {test}()")));
    (!is_there).then(|| format!("there is no test `{test}` in {path}"))
}

#[test]
fn every_rule_is_proven_by_a_case_that_allows_and_one_that_denies() {
    let corpus = Corpus::load();
    let (_, Proofs(cases)) = corpus.run();
    let excused = excused(&corpus);
    let mut wrong = Vec::new();
    for rule in RULES.iter() {
        let count = cases.get(rule.id).copied().unwrap_or_default();
        match (count.is_proof(), excused.get(rule.id)) {
            (true, None) => {}
            (true, Some(_)) => wrong.push(format!("{}: cases prove it: strike it off unproven-rules.txt", rule.id)),
            (false, None) => wrong.push(format!("{}: {count:?}", rule.id)),
            (false, Some(excuse)) => {
                wrong.extend(unfounded(&corpus, excuse).map(|why| format!("{}: {why}", rule.id)));
            }
        }
    }
    wrong
        .extend(excused.keys().filter(|id| rules::rule(id).is_none()).map(|id| format!("{id}: no rule of the ledger")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_page_of_the_rules_tells_their_cases() {
    let corpus = Corpus::load();
    let (_, Proofs(cases)) = corpus.run();
    let page = rules::page(&cases);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/rules.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, &page).unwrap();
    }
    let is_written = fs::read_to_string(&file).is_ok_and(|written| written == page);
    assert!(is_written, "docs/reference/rules.md is not what ledger and corpus say: run this with UPDATE_DOCS=1");
}
