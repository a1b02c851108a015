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

    /// A policy that reads, of which only the case says that it shows the rules.
    pub(crate) fn of_read(&mut self, rules: &[&'static Rule]) {
        for rule in rules {
            self.0.entry(rule.id).or_default().read += 1;
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

/// What is wrong with a rule's excuse: no such test, one that does nothing or does not say for which rule it stands, or
/// no reason.
fn unfounded(corpus: &Corpus, id: &str, excuse: &str) -> Option<String> {
    if excuse.strip_prefix("nothing: ").is_some_and(|why| !why.is_empty()) {
        return None;
    }
    let Some((path, test)) = excuse.split_once("::") else {
        return Some("write `PATH::TEST`, or `nothing: WHY`".to_owned());
    };
    let source = fs::read_to_string(corpus.root.join("../../..").join(path)).unwrap_or_default();
    let wrong = wrong_with_test(&source, test, id)?;
    Some(format!("`{test}` in {path} {wrong}"))
}

/// What keeps a function of a source from being a test that stands for a rule.
fn wrong_with_test(source: &str, name: &str, id: &str) -> Option<&'static str> {
    let lines: Vec<&str> = source.lines().collect();
    let head = [format!("fn {name}() {{"), format!("async fn {name}() {{"), format!("pub(crate) fn {name}() {{")];
    let Some(at) = lines.iter().position(|line| head.iter().any(|head| **line == **head)) else {
        return Some("is not there");
    };
    let above = || lines.get(..at).unwrap_or_default().iter().rev().take_while(|line| !line.is_empty());
    if !above().any(|line| *line == "#[test]" || line.starts_with("#[tokio::test")) {
        return Some("is no test");
    }
    let words = |line: &&str| line.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').any(|word| word == id);
    if !above().filter(|line| line.starts_with("//")).any(words) {
        return Some("does not name the rule in the comment above it");
    }
    let does = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
    let does_nothing = !lines.get(at + 1..).unwrap_or_default().iter().take_while(|line| **line != "}").any(does);
    does_nothing.then_some("does nothing")
}

#[test]
fn what_stands_for_a_rule_is_a_test_that_names_it_and_does_something() {
    let source = "/// Shows `kms-lockout` and trust-duration.\n#[test]\nfn whole() {\n    check();\n}\n\n\
                  /// kms-lockout\nfn helper() {\n    check();\n}\n\n/// kms-lockout\n#[tokio::test(flavor = \"x\")]\n\
                  async fn emptied() {\n    // later\n}\n";
    for (name, id, wrong) in [
        ("whole", "kms-lockout", None),
        ("whole", "trust-duration", None),
        ("whole", "kms-lock", Some("does not name the rule in the comment above it")),
        ("helper", "kms-lockout", Some("is no test")),
        ("emptied", "kms-lockout", Some("does nothing")),
        ("who", "kms-lockout", Some("is not there")),
    ] {
        assert_eq!(wrong_with_test(source, name, id), wrong, "{name} {id}");
    }
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
                wrong.extend(unfounded(&corpus, rule.id, excuse).map(|why| format!("{}: {why}", rule.id)));
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
    let excused = excused(&corpus);
    let elsewhere = excused.iter().map(|(id, excuse)| (id.as_str(), excuse.as_str())).collect();
    let page = rules::page(&cases, &elsewhere);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/rules.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, &page).unwrap();
    }
    let is_written = fs::read_to_string(&file).is_ok_and(|written| written == page);
    assert!(is_written, "docs/reference/rules.md is not what ledger and corpus say: run this with UPDATE_DOCS=1");
}
