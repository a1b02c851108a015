//! No switch is dead: turned, each changes what is answered to some case, or what a test elsewhere looks at.

use std::{collections::BTreeMap, fs};

use authz::{
    file::case::{Case, LaunchCase, PolicyCase, Refusal},
    rules::{Assumptions, RULES, Turns},
};

use crate::{Corpus, assumptions, launches, requests};

/// Switches that turn nothing of what cases ask, each with the test of what it turns.
const ELSEWHERE: [(&str, &str, &str); 4] = [
    (
        "kms-denied-or-missing",
        "crates/local-aws/tests/server/switches.rs",
        "a_foreign_key_that_is_missing_is_denied_as_far_as_that_is_assumed",
    ),
    (
        "kms-lockout-identity",
        "crates/local-aws/tests/server/switches.rs",
        "the_lockout_check_asks_no_identity_as_far_as_that_is_assumed",
    ),
    (
        "launch-dry-run-without-kms",
        "crates/authz/tests/launch/steps.rs",
        "a_dry_run_asks_nothing_as_far_as_that_is_assumed",
    ),
    (
        "trust-tag-session-inherited",
        "crates/local-aws/tests/server/switches.rs",
        "an_inherited_tag_needs_tag_session_as_far_as_that_is_assumed",
    ),
];

/// The assumptions of which no case has shown yet that their switches turn something.
struct Dead(BTreeMap<&'static str, Turns>);

impl Dead {
    /// Answers a case under its own assumptions, then with each of these switches turned; one that makes the answer
    /// another is not dead.
    fn ask(&mut self, own: &Assumptions, could: impl Fn(&str, Turns) -> bool, answer: impl Fn(&Assumptions) -> String) {
        if !self.0.iter().any(|(id, turns)| could(id, *turns)) {
            return;
        }
        let before = answer(own);
        self.0.retain(|id, turns| {
            if !could(id, *turns) {
                return true;
            }
            let held = RULES.iter().find(|rule| rule.id == *id).is_none_or(|rule| own.holds(rule));
            let turned = own.clone().with(id, !held).unwrap();
            answer(&turned) == before
        });
    }

    fn of_request(&mut self, case: &Case) {
        let own = assumptions(&case.about).unwrap();
        for question in [Some(&case.question), case.mutant.as_ref()].into_iter().flatten() {
            let rules = requests::explain(question, &own).rules;
            let could = |id: &str, turns| turns == Turns::Decisions && rules.iter().any(|rule| rule.id == id);
            self.ask(&own, could, |assumptions| {
                let explanation = requests::explain(question, assumptions);
                let message = explanation.error.map(|error| error.message);
                format!("{:?}, {message:?}, {:?}", explanation.verdict, explanation.key_state)
            });
        }
    }

    fn of_policy(&mut self, case: &PolicyCase) {
        let own = assumptions(&case.about).unwrap();
        for document in [Some(&case.document), case.mutant.as_ref()].into_iter().flatten() {
            self.ask(
                &own,
                |_, turns| turns == Turns::Policies,
                |assumptions| {
                    let refused = document.take(assumptions).err();
                    format!(
                        "{:?}",
                        refused.as_ref().map(|refusal: &Refusal| (refusal.code(), refusal.message(), refusal.at()))
                    )
                },
            );
        }
    }

    fn of_launch(&mut self, case: &LaunchCase) {
        let own = assumptions(&case.about).unwrap();
        for question in [Some(&case.question), case.mutant.as_ref()].into_iter().flatten() {
            let of_launches = |_: &str, turns| matches!(turns, Turns::Launches | Turns::KeyStates);
            self.ask(&own, of_launches, |assumptions| launches::answer(question, assumptions));
        }
    }
}

#[test]
fn no_switch_is_dead() {
    let corpus = Corpus::load();
    let switches = RULES.iter().filter(|rule| rule.has_switch());
    let mut dead = Dead(switches.filter_map(|rule| Some((rule.id, rule.turns()?))).collect());
    corpus.cases.requests.iter().for_each(|case| dead.of_request(case));
    corpus.cases.policies.iter().for_each(|case| dead.of_policy(case));
    corpus.cases.launches.iter().for_each(|case| dead.of_launch(case));
    let shown_elsewhere: Vec<&str> = ELSEWHERE.iter().map(|(id, ..)| *id).collect();
    let Dead(dead) = dead;
    assert_eq!(Vec::from_iter(dead.into_keys()), shown_elsewhere, "turning these changes the answer to no case");
    for (id, path, test) in ELSEWHERE {
        let source = fs::read_to_string(corpus.root.join("../../..").join(path)).unwrap_or_default();
        let (_, body) = source.split_once(&format!("fn {test}()")).unwrap_or_default();
        let body = body.split_once("\n}\n").map_or(body, |(body, _)| body);
        let switch = format!("{}: false", id.replace('-', "_"));
        assert!(body.contains(&switch), "{id}: `{test}` in {path} is not there, or does not turn the switch");
    }
}
