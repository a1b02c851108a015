//! The ledger is complete and consistent, and its pages are as it says.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use authz::rules::{
    self, Assumptions, CaseCount, Cases, Elsewhere, RULES, Rule, Source, SwitchError, Turns,
    probe::{Answer, Asked, Call, LeftBehind, Next, Outcome, Probe, Run, Step, Verdict},
};

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

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules")
}

fn sources() -> Vec<PathBuf> {
    let all = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    all.filter(|path| path.is_file()).collect()
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
fn every_assumption_has_the_probe_of_its_name() {
    let mut files: BTreeSet<_> =
        fs::read_dir(folder().join("probes")).unwrap().map(|file| file.unwrap().path()).collect();
    for rule in assumptions() {
        let Source::Assumption { why, turns, probe } = &rule.source else { panic!("{} is an assumption", rule.id) };
        assert!(!why.is_empty() && !why.ends_with('.'), "{}", rule.id);
        if let Turns::Nothing(reason) = turns {
            assert!(!reason.is_empty() && !reason.ends_with('.'), "{}: {reason}", rule.id);
        }
        let file = folder().join(format!("probes/{}.probe", rule.id));
        assert_eq!(fs::read_to_string(&file).unwrap(), *probe, "{}", rule.id);
        files.remove(&file);
    }
    assert!(files.is_empty(), "no assumption has {files:?}");
}

#[test]
fn every_probe_can_be_run_with_what_is_given() {
    for rule in assumptions() {
        let probe = rule.probe().unwrap().unwrap_or_else(|error| panic!("{}: {error}", rule.id));
        assert_ne!(probe.holds, probe.otherwise, "{}", rule.id);
        let (mut known, mut used) = (BTreeSet::new(), BTreeSet::new());
        let mut callers = BTreeSet::new();
        for given in &probe.givens {
            assert!(!given.is.is_empty() && known.insert(given.name.clone()), "{}: {given:?}", rule.id);
            callers.extend(given.is_caller().then(|| given.name.clone()));
        }
        for call in probe.all_calls() {
            assert!(callers.contains(&call.by), "{}: who is {}?", rule.id, call.by);
            used.insert(call.by.clone());
            let Call { words, must, .. } = call;
            assert!(!call.operation().is_empty() && words.iter().all(|word| !word.is_empty()), "{}: {call:?}", rule.id);
            for name in words.iter().flat_map(|word| names(word)).chain(names(&text(must))) {
                assert!(known.contains(&name), "{}: what is <{name}>?", rule.id);
                used.insert(name);
            }
            let answers_credentials = matches!(call.operation(), "assume-role" | "create-access-key");
            if let Some(kept) = &call.kept {
                assert!(call.is_queried() != answers_credentials, "{}: {}", rule.id, call.text);
                known.insert(kept.clone());
                callers.extend(answers_credentials.then(|| kept.clone()));
            }
        }
        for answer in [&probe.holds, &probe.otherwise] {
            assert!(names(&text(answer)).iter().all(|name| known.contains(name)), "{}: {answer}", rule.id);
            used.extend(names(&text(answer)));
            // The code of an error is in the answer to the call that asks for it.
            assert!(!text(answer).starts_with("Client.") || matches!(answer, Answer::Reads(_)), "{}", rule.id);
        }
        let unused: Vec<_> = probe.givens.iter().filter(|given| !used.contains(&given.name)).collect();
        assert!(unused.is_empty(), "{} does not use {unused:?}", rule.id);
    }
}

/// An account that was asked one thing after the other must be as it was.
#[test]
fn every_call_that_makes_something_lasting_says_what_undoes_it() {
    let makes = ["create-", "put-", "attach-", "detach-", "register-", "run-", "add-"];
    // A grant goes with its key, and what is run dry is not run.
    let makes_nothing =
        |call: &Call| call.operation() == "create-grant" || call.words.contains(&"--dry-run".to_owned());
    for rule in assumptions() {
        let probe = rule.probe().unwrap().unwrap();
        for call in probe.steps().filter_map(|step| if let Step::Call(call) = step { Some(call) } else { None }) {
            let is_lasting = makes.iter().any(|how| call.operation().starts_with(how)) && !makes_nothing(call);
            assert!(!is_lasting || !call.undone_by.is_empty(), "{}: what undoes {}?", rule.id, call.text);
        }
    }
}

#[test]
fn no_probe_looks_before_it_has_waited_at_what_comes_after_the_answer() {
    let of_later = ["describe-scaling-activities", "lookup-events", "describe-volumes", "describe-instances"];
    for rule in assumptions() {
        let probe = rule.probe().unwrap().unwrap();
        let steps: Vec<_> = probe.steps().collect();
        for pair in steps.windows(2) {
            if let [before, Step::Call(call)] = pair {
                let waits = matches!(before, Step::Wait(_));
                assert!(waits || !of_later.contains(&call.operation()), "{}: {}", rule.id, call.text);
            }
        }
    }
}

fn text(answer: &Answer) -> String {
    match answer {
        Answer::Succeeds => String::new(),
        Answer::FailsWith(text) | Answer::Reads(text) | Answer::EndsIn(text) => text.clone(),
    }
}

/// The names in a text that stand in `<>`.
fn names(text: &str) -> Vec<String> {
    let opened = text.split('<').skip(1);
    opened.filter_map(|rest| rest.split_once('>')).map(|(name, _)| name.to_owned()).collect()
}

const PROBE: &str = "\
given A: an administrator of an account

key = A: aws kms create-key --query KeyMetadata.Arn
r = A: aws sts assume-role --role-arn arn:aws:iam::<A>:role/r --role-session-name 's 1'

look for whether the call is allowed
r: aws kms list-keys
  fails with AccessDeniedException
wait 2 minutes
r: aws kms describe-key --key-id <key>
holds if it succeeds
does not if it reads no <key>
";

fn outcome(succeeded: bool, printed: &str) -> Outcome {
    Outcome { succeeded, printed: printed.to_owned() }
}

fn asked(run: &mut Run<'_>) -> Option<Asked> {
    if let Next::Call(asked) = run.next_step() { Some(asked) } else { None }
}

#[test]
fn a_probe_is_run_with_the_answers_of_its_calls() {
    let probe = Probe::read(PROBE).unwrap();
    let missing = Run::new(&probe, BTreeMap::new()).unwrap_err();
    assert_eq!(missing.to_string(), "the probe takes `A`: an administrator of an account");
    let given = BTreeMap::from([("A".to_owned(), "111122223333".to_owned())]);
    let begin = || Run::new(&probe, given.clone()).unwrap();

    let mut run = begin();
    let words: Vec<_> = "kms create-key --query KeyMetadata.Arn --output text".split(' ').map(str::to_owned).collect();
    assert_eq!(asked(&mut run), Some(Asked { by: "A".to_owned(), credentials: None, words }));
    run.answered(&outcome(true, "the-key\n"));
    let assume = asked(&mut run).unwrap();
    assert_eq!(assume.words[3..], ["arn:aws:iam::111122223333:role/r", "--role-session-name", "s 1"]);
    run.answered(&outcome(true, "{}"));
    assert_eq!(asked(&mut run).unwrap().credentials.as_deref(), Some("{}"));
    let denied = outcome(false, "An error occurred (AccessDeniedException) when calling");
    run.answered(&denied);
    assert_eq!(run.next_step(), Next::Wait(2));
    assert_eq!(asked(&mut run).unwrap().words, ["kms", "describe-key", "--key-id", "the-key"]);

    let last = |outcome: &Outcome| {
        let mut run = run.clone();
        run.answered(outcome);
        run.next_step()
    };
    assert_eq!(last(&outcome(true, "no the-key")), Next::Done(Verdict::Holds), "what holds goes first");
    assert_eq!(last(&outcome(false, "there is no the-key")), Next::Done(Verdict::DoesNotHold));
    assert!(matches!(last(&denied), Next::Done(Verdict::Open { .. })));

    let mut run = begin();
    asked(&mut run).unwrap();
    run.answered(&denied);
    let call = "key = A: aws kms create-key --query KeyMetadata.Arn".to_owned();
    assert_eq!(run.next_step(), Next::Done(Verdict::Open { call, printed: denied.printed }), "nothing rests on it");
}

const MAKING: &str = "\
given A: an administrator of an account

A: aws iam create-user --user-name u
  undone by A: aws iam delete-user --user-name u
u = A: aws iam create-access-key --user-name u
  undone by u-key = A: aws iam list-access-keys --user-name u --query AccessKeyMetadata[0].AccessKeyId
  undone by A: aws iam delete-access-key --user-name u --access-key-id <u-key>

look for whether the call is allowed
A: aws iam create-role --role-name r
  undone by A: aws iam delete-role --role-name r
  fails with AccessDenied
key = A: aws kms create-key --query KeyMetadata.Arn
  undone by A: aws kms schedule-key-deletion --key-id <key>
holds if it succeeds
does not if it fails with AccessDeniedException
";

#[test]
fn what_a_probe_made_is_undone_from_the_end_whatever_it_found() {
    let probe = Probe::read(MAKING).unwrap();
    // What the calls answer, and what is called behind the verdict.
    let undone = |answers: &[Outcome]| {
        let given = BTreeMap::from([("A".to_owned(), "111122223333".to_owned())]);
        let mut run = Run::new(&probe, given).unwrap();
        let (mut answers, mut called) = (answers.iter(), Vec::new());
        loop {
            match run.next_step() {
                Next::Call(asked) => called.push(asked.words[1..].join(" ")),
                Next::Wait(_) => continue,
                Next::Done(verdict) => return (called, verdict, run.left_behind().to_vec()),
            }
            run.answered(answers.next().unwrap_or(&outcome(true, "x")));
        }
    };
    let (done, denied) = (outcome(true, "x"), outcome(false, "(AccessDenied)"));
    let of_user = [
        "list-access-keys --user-name u --query AccessKeyMetadata[0].AccessKeyId --output text",
        "delete-access-key --user-name u --access-key-id x",
        "delete-user --user-name u",
    ];

    // What was made last goes first, the call that decides among it; what failed made nothing.
    let (called, verdict, left) = undone(&[done.clone(), done.clone(), denied.clone(), done.clone()]);
    assert_eq!((verdict, left.len()), (Verdict::Holds, 0));
    assert_eq!(
        (called[4].as_str(), &called[5..]),
        ("schedule-key-deletion --key-id x", &of_user.map(str::to_owned)[..])
    );

    // One that answers what it must not ends the asking, and what it made is undone, too.
    let (called, verdict, _) = undone(&[done.clone(), done.clone(), done.clone()]);
    assert!(matches!(verdict, Verdict::Open { .. }));
    assert_eq!((called[3].as_str(), &called[4..]), ("delete-role --role-name r", &of_user.map(str::to_owned)[..]));
    let (called, _, _) = undone(&[done.clone(), denied.clone()]);
    assert_eq!(called[2..], ["delete-user --user-name u"]);
    let (called, _, _) = undone(std::slice::from_ref(&denied));
    assert_eq!(called.len(), 1, "nothing was made");

    // What could not be undone is told, once, and the rest goes on; what is gone is undone.
    let (called, _, left) = undone(&[done.clone(), done.clone(), done.clone(), done.clone(), denied]);
    assert_eq!(called.last().unwrap(), "delete-user --user-name u");
    let call = "u-key = A: aws iam list-access-keys --user-name u --query AccessKeyMetadata[0].AccessKeyId";
    assert_eq!(left, [LeftBehind { call: call.to_owned(), printed: "(AccessDenied)".to_owned() }]);
    let gone = outcome(false, "An error occurred (NoSuchEntity) when calling");
    assert_eq!(undone(&[done.clone(), done.clone(), done, gone]).2, []);
}

#[test]
fn what_is_no_probe_says_where() {
    for (from, to, message) in [
        ("given A: ", "given A ", "line 1 of the probe: `given NAME: WHAT` says what is given"),
        ("key = A: aws", "key = A", "line 3 of the probe: a call is `WHO: aws ..`, `NAME = WHO: aws ..`"),
        ("'s 1'", "'s 1", "line 4 of the probe: a quote does not end"),
        ("wait 2", "wait two", "line 9 of the probe: `wait N minutes` takes a number"),
        ("look for", "see", "line 6 of the probe: a call is `WHO: aws ..`, `NAME = WHO: aws ..`"),
        ("holds if it succeeds\n", "", "line 11 of the probe: `holds if it` is missing"),
        (
            "does not if it reads",
            "does not if it says",
            "line 12 of the probe: an answer is `succeeds`, `fails with CODE`, `reads TEXT` or `ends in TEXT`",
        ),
    ] {
        assert_eq!(Probe::read(&PROBE.replace(from, to)).unwrap_err().to_string(), message);
    }
    let nothing_asked = PROBE.replace("r: aws kms describe-key --key-id <key>\n", "");
    assert_eq!(Probe::read(&nothing_asked).unwrap_err().problem, "it ends in no call that decides");
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
