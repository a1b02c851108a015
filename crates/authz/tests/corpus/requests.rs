//! Cases of requests.

use authz::{
    decision::{Explanation, KeyStateVerdict, Verdict},
    file::case::{Case, Expected, ExpectedKeyState, Question},
    rules::Assumptions,
};

use crate::{assumptions, ids, named, proof::Proofs};

pub(crate) fn explain(question: &Question, assumptions: &Assumptions) -> Explanation {
    let explanation = question.world.explain(&question.request, assumptions);
    let decided = question.world.decide(&question.request, assumptions);
    assert_eq!(explanation.verdict, decided, "explaining and deciding agree");
    explanation
}

fn told(key_state: Option<&KeyStateVerdict>) -> &'static str {
    key_state.map_or("none, for this is no operation on a key", |verdict| verdict.error.unwrap_or("ok"))
}

/// Every way in which a case is not as it should be.
pub(crate) fn differences(case: &Case, proofs: &mut Proofs) -> Vec<String> {
    let assumptions = match assumptions(&case.about) {
        Ok(assumptions) => assumptions,
        Err(error) => return vec![error],
    };
    let explanation = explain(&case.question, &assumptions);
    let (rules, mut differences) = named(&case.about, &ids(&explanation.rules));
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
    let mutant = case.mutant.as_ref().map(|mutant| explain(mutant, &assumptions));
    if let Some(mutant) = &mutant
        && mutant.verdict != Verdict::Allowed
    {
        differences.push(format!("the mutant is not allowed but {}", Expected::of(&mutant.verdict)));
    }
    let fails_by_state = matches!(case.key_state, Some(ExpectedKeyState::Error(_)));
    if let Some(mutant) = mutant.as_ref().filter(|_| fails_by_state)
        && !ExpectedKeyState::Ok.is_met_by(mutant.key_state.as_ref())
    {
        differences.push(format!("the mutant's keyState is {}", told(mutant.key_state.as_ref())));
    }
    match (&mutant, &case.expect) {
        (Some(mutant), _) => proofs.of_refused(&rules, &ids(&mutant.rules)),
        (None, Expected::Allowed) => proofs.of_allowed(&rules),
        (None, Expected::Denied { .. } | Expected::AllowedIff(_)) => {}
    }
    differences
}
