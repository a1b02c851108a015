//! On which assumptions an answer rests: those that would change it, did they not hold.

use crate::{
    fix::Fix,
    request::Request,
    rules::{self, Assumptions, Rule},
    world::World,
};

use super::Answer;

/// The assumptions on which the verdict rests.
pub(super) fn of_verdict(answer: &Answer<'_>) -> Vec<&'static Rule> {
    rests_on(answer.world, answer.request, answer.assumptions)
}

/// The assumptions on which it rests that a fix lets the request through.
pub(super) fn of_fix(answer: &Answer<'_>, fix: &Fix) -> Vec<&'static Rule> {
    let (mut world, mut request) = (answer.world.clone(), answer.request.clone());
    for change in &fix.changes {
        // What was decided again was applied then: it can be applied now.
        let _ = change.apply(&mut world, &mut request);
    }
    rests_on(&world, &request, answer.assumptions)
}

fn rests_on(world: &World, request: &Request, assumptions: &Assumptions) -> Vec<&'static Rule> {
    let explanation = world.explain(request, assumptions);
    // Which of several policy types is named changes nothing but words.
    let is_more_than_words = |rule: &&&'static Rule| rule.is_assumption() && **rule != &rules::DENIAL_ORDER;
    let changes = |rule: &&&'static Rule| {
        let turned = assumptions.clone().with(rule.id, !assumptions.holds(rule));
        turned.is_ok_and(|turned| world.decide(request, &turned) != explanation.verdict)
    };
    explanation.rules.iter().filter(is_more_than_words).filter(changes).copied().collect()
}
