//! The ledger is complete and consistent, and its pages are as it says.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use authz::rules::{self, Answer, Assumptions, CaseCount, Cases, Elsewhere, RULES, Rule, Source, SwitchError, Turns};

fn assumptions() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().copied().filter(|rule| rule.is_assumption())
}

#[test]
fn the_page_of_the_assumptions_is_that_of_the_ledger() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/assumptions.md");
    let page = rules::assumptions_page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, &page).unwrap();
    }
    assert!(
        fs::read_to_string(&file).is_ok_and(|written| written == page),
        "docs/reference/assumptions.md is not what the ledger says: run this test with UPDATE_DOCS=1"
    );
}

#[test]
fn every_rule_is_on_the_page_with_its_cases() {
    let count = CaseCount { allows: 3, denies: 4, lifted: 1, read: 0 };
    let cases: Cases<'_> = RULES.iter().map(|rule| (rule.id, count)).collect();
    let page = rules::page(&cases, &Elsewhere::new());
    for rule in RULES.iter() {
        let row = row(&page, rule.id);
        assert!(row.ends_with("| 3 + 1, 4 |"), "{row}");
    }
}

fn row<'p>(page: &'p str, id: &str) -> &'p str {
    page.lines().find(|line| line.starts_with(&format!("| `{id}` |"))).unwrap()
}

#[test]
fn a_rule_that_no_case_proves_is_on_the_page_with_the_test_that_does() {
    let read = CaseCount { read: 2, ..CaseCount::default() };
    let cases = Cases::from([("kms-grant-name", CaseCount::default()), ("iam-policy-key-sid", read)]);
    let elsewhere = Elsewhere::from([
        ("kms-grant-name", "crates/a/tests/b.rs::names"),
        ("kms-lockout", "nothing: nobody asked"),
        ("iam-policy-key-sid", "crates/a/tests/b.rs::sids"),
    ]);
    let page = rules::page(&cases, &elsewhere);
    assert!(row(&page, "kms-grant-name").ends_with("| `crates/a/tests/b.rs::names` |"));
    assert!(row(&page, "kms-lockout").ends_with("| nothing: nobody asked |"));
    assert!(row(&page, "iam-policy-key-sid").ends_with("| 2 read; `crates/a/tests/b.rs::sids` |"));
    assert!(row(&page, "kms-grant-one-key").ends_with("| 0 + 0, 0 |"));
}

#[test]
fn rules_are_found_by_their_ids_which_are_their_names() {
    let mut named = BTreeSet::new();
    for file in sources() {
        for line in fs::read_to_string(&file).unwrap().lines() {
            let Some((name, rest)) = line.strip_prefix("    ").and_then(|row| row.split_once(" \"")) else { continue };
            let Some(id) = rest.strip_suffix("\":") else { continue };
            assert_eq!(name.to_lowercase().replace('_', "-"), id, "{}", file.display());
            assert_eq!(rules::rule(id).map(|rule| rule.id), Some(id));
            assert!(named.insert(id.to_owned()), "{id} is there twice");
        }
    }
    assert_eq!(named.len(), RULES.len());
    assert!(RULES.is_sorted_by_key(|rule| rule.id));
    assert!(rules::rule("iam-eval").is_none());
}

fn sources() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules");
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn every_rule_is_one_sentence_with_a_source() {
    for rule in RULES.iter() {
        assert!(rule.says.ends_with(['.', '`']) && !rule.says.contains(['\n', '|']), "{}: {}", rule.id, rule.says);
        if let Source::Document { title, section } = &rule.source {
            assert!(!title.is_empty() && !section.is_empty() && !section.contains("  "), "{}: {section}", rule.id);
        }
    }
}

#[test]
fn every_probe_says_who_calls_what() {
    for rule in assumptions() {
        let Source::Assumption { why, turns, probe } = &rule.source else { panic!("{} is an assumption", rule.id) };
        assert!(!why.is_empty() && !why.ends_with('.') && !probe.look_for.is_empty(), "{}", rule.id);
        if let Turns::Nothing(reason) = turns {
            assert!(!reason.is_empty() && !reason.ends_with('.'), "{}: {reason}", rule.id);
        }
        assert!(!probe.calls.is_empty(), "{} has no calls", rule.id);
        // The code of an error is in the answer to the call that asks for it.
        let of_the_call = |code: &str| !code.starts_with("Client.");
        assert!(!matches!(probe.default_holds, Answer::Fails(code) if !of_the_call(code)), "{}", rule.id);
        // A launch or a volume comes after the answer: nobody looks at it without having waited.
        for (index, call) in probe.calls.iter().enumerate() {
            let is_of_later =
                ["describe-scaling-activities", "lookup-events", "describe-volumes", "describe-instances"];
            let waits = |call: &&str| call.starts_with("wait ");
            if is_of_later.iter().any(|later| call.contains(later)) {
                let before = index.checked_sub(1).and_then(|before| probe.calls.get(before));
                assert!(before.is_some_and(waits), "{}: {call}", rule.id);
            }
            if waits(call) {
                let minutes = call.split(' ').nth(1).and_then(|word| word.parse::<u8>().ok());
                assert!(minutes.is_some() && call.ends_with(" minutes"), "{}: {call}", rule.id);
                continue;
            }
            let (who, command) = call.split_once(": ").unwrap_or_default();
            assert!(command.starts_with("aws "), "{}: {call}", rule.id);
            let mut told = probe.accounts.split(|c: char| !c.is_alphanumeric());
            assert!(told.any(|word| word == who), "{}: who is {who}?", rule.id);
        }
    }
}

#[test]
fn every_assumption_has_a_switch_of_its_own_or_says_why_not() {
    let all = Assumptions::default();
    for rule in assumptions() {
        assert!(all.holds(rule), "{} holds by default", rule.id);
        let without = match (all.clone().with(rule.id, false), rule.turns()) {
            (Err(SwitchError::NoSwitch { id, why }), Some(Turns::Nothing(reason))) => {
                assert_eq!((id, why), (rule.id, reason));
                continue;
            }
            (without, _) => without.unwrap_or_else(|error| panic!("{}: {error}", rule.id)),
        };
        for other in RULES.iter() {
            assert_eq!(without.holds(other), other.id != rule.id, "{} without {}", other.id, rule.id);
        }
        assert_eq!(without.with(rule.id, true).as_ref(), Ok(&all));
    }
}

#[test]
fn only_assumptions_are_switched() {
    let documented = Assumptions::default().with("iam-eval-explicit-deny", false);
    assert_eq!(documented, Err(SwitchError::Documented { id: "iam-eval-explicit-deny" }));
    let misspelt = Assumptions::default().with("kms-grant-bounday", false).unwrap_err();
    assert_eq!(misspelt.to_string(), "`kms-grant-bounday` is no assumption; the nearest is `kms-grant-boundary`");
    let nothing = Assumptions::default().with("kms-grant-gone", false).unwrap_err();
    let why = "no grant tells by which other it was made, and ListGrants does not either";
    assert_eq!(nothing.to_string(), format!("`kms-grant-gone` has no switch: {why}"));
}
