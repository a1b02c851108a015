//! What holds of deciding over whole worlds: SCPs and RCPs, boundaries, session policies, grants, key states, requests of
//! which parts are unknown, and launches. Shared with the fuzz target `worlds`.

use authz::{
    context::{Context, Others, Told},
    decision::{Explanation, Verdict},
    file::{NoFiles, case, request, world},
    launch::{Forecast, Outcome},
    render::{Answer, Detail, Theme},
    request::Request,
    rules::{Assumptions, RULES, Turns},
    text::SourceText,
    world::World,
};
use serde_json::{Value, json};

use super::generated::Bytes;

/// Takes bytes as a world with requests, assumptions and a launch. Answers what became of them, in words.
pub(crate) fn take(bytes: &[u8]) -> Vec<String> {
    let mut bytes = Bytes::new(bytes);
    let told = bytes.world();
    let world = read(&told.to_string());
    let again = world::write(&world, 1 << 20).ok().map(|text| read(&text));
    let assumptions = assumptions(&mut bytes);
    let mut seen = Vec::new();
    for _ in 0..3 {
        let text = bytes.request().to_string();
        let source = SourceText::new("request", text.as_str());
        // Some principals have no session, and some resources no alias: those are no questions.
        let Ok(request) = request::read(&source, &world, &NoFiles) else { continue };
        let explained = decided(&world, &request, &assumptions);
        if let Some(again) = &again {
            let verdict = again.decide(&request, &assumptions);
            assert_eq!(in_words(&verdict), in_words(&explained.verdict), "a world that was written and read");
        }
        what_is_told_later_changes_no_verdict(&world, &request, &assumptions, &explained.verdict);
        if bytes.once_in(4) {
            explained_and_mended(&world, &request, &assumptions, &explained);
        }
        seen.push(end(&explained.verdict));
    }
    if bytes.once_in(2) {
        seen.extend(launched(&told, &bytes.launch(), &assumptions));
    }
    seen
}

fn read(text: &str) -> World {
    match world::read(&SourceText::new("world", text), &NoFiles) {
        Ok(world) => world,
        Err(error) => panic!("{error}\n{text}"),
    }
}

/// Some of the assumptions that turn decisions or launches are switched off.
fn assumptions(bytes: &mut Bytes<'_>) -> Assumptions {
    let mut assumptions = Assumptions::default();
    let switchable: Vec<_> =
        RULES.iter().filter(|rule| matches!(rule.turns(), Some(Turns::Decisions | Turns::Launches))).collect();
    while bytes.once_in(4) {
        let id = bytes.of(&switchable).id;
        assumptions = assumptions.with(id, false).expect("it has a switch");
    }
    assumptions
}

/// Who enforces and who explains agree, and everything that is told can be shown.
fn decided(world: &World, request: &Request, assumptions: &Assumptions) -> Explanation {
    let explained = world.explain(request, assumptions);
    assert_eq!(world.decide(request, assumptions), explained.verdict);
    assert_eq!(explained.error.is_some(), matches!(explained.verdict, Verdict::Denied(_)));
    assert_eq!(world.key_state_verdict(request, assumptions), explained.key_state);
    if let Verdict::AllowedIff(residual) = &explained.verdict {
        assert!(!residual.is_true() && !residual.is_false() && !residual.to_string().is_empty());
    }
    explained
}

/// What is sure while something is unknown stays so once that is known: here, that it is absent.
fn what_is_told_later_changes_no_verdict(
    world: &World,
    request: &Request,
    assumptions: &Assumptions,
    verdict: &Verdict,
) {
    let mut context = Context::new(Others::Absent);
    for (key, told) in request.context.mentioned() {
        context.tell(key.as_str(), if *told == Told::Unknown { Told::Absent } else { told.clone() });
    }
    let later = world.decide(&Request { context, ..request.clone() }, assumptions);
    match verdict {
        Verdict::Allowed => assert_eq!(later, Verdict::Allowed, "{request:?}"),
        Verdict::Denied(_) => assert!(matches!(later, Verdict::Denied(_)), "{request:?}: {later:?}"),
        Verdict::AllowedIff(_) => {}
    }
}

/// The answer can be told as a text and as JSON, and each fix in it, decided again, lets the request through.
fn explained_and_mended(world: &World, request: &Request, assumptions: &Assumptions, explanation: &Explanation) {
    let near = world.near_misses(request, assumptions, explanation);
    let fixes = world.fixes(request, assumptions);
    assert!(fixes.fixes.iter().all(|fix| fix.verified == Verdict::Allowed));
    assert!(fixes.halves.iter().all(|half| matches!(half.verified, Verdict::AllowedIff(_))));
    let answer = Answer { world, request, assumptions, explanation, near: &near, fixes: Some(&fixes) };
    assert!(!answer.text(Theme::PLAIN, Detail::Rules).contains('\u{1b}'));
    assert!(answer.json().is_object());
}

/// `explicit denial by scp`.
fn end(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Allowed => "allowed".to_owned(),
        Verdict::AllowedIff(_) => "conditional".to_owned(),
        Verdict::Denied(denial) => format!("{} denial by {}", denial.effect.as_str(), denial.gate.as_str()),
    }
}

/// The same, and on what it hangs.
fn in_words(verdict: &Verdict) -> String {
    match verdict {
        Verdict::AllowedIff(residual) => format!("allowed iff {residual}"),
        Verdict::Allowed | Verdict::Denied(_) => end(verdict),
    }
}

/// Forecasts a launch in the same world.
fn launched(world: &Value, launch: &Value, assumptions: &Assumptions) -> Option<String> {
    let case = json!({ "cases": [{ "name": "launch", "world": world, "launch": launch, "expect": "works" }] });
    let cases = case::read(&SourceText::new("launch", case.to_string()), &NoFiles);
    let cases = cases.unwrap_or_else(|error| panic!("{error}\n{launch}"));
    let case = cases.launches.first().expect("it is one of a launch");
    // EC2 does not take a key for a volume that is plain.
    let launch = case.question.launch.as_ref().ok()?;
    let forecast: Forecast = match launch.forecast(&case.question.world, assumptions) {
        Ok(forecast) => forecast,
        Err(none) => return Some(format!("no launch: {none}").split(':').take(1).collect()),
    };
    assert_eq!(forecast.failing().is_some(), forecast.kms_error(assumptions).is_some());
    assert_eq!(forecast.failing().is_some(), !forecast.symptoms.is_empty(), "{:?}", forecast.obstacle);
    assert!(forecast.steps.iter().all(|step| !step.explanation.rules.is_empty()));
    // Every call but the last was let through, or may be.
    let before_last = forecast.steps.split_last().map_or(&[][..], |(_, before)| before);
    assert!(before_last.iter().all(|step| !matches!(step.explanation.verdict, Verdict::Denied(_))));
    Some(match forecast.outcome() {
        Outcome::Works => "launch works".to_owned(),
        Outcome::WorksIff(residual) => {
            assert!(!residual.is_false() && !residual.to_string().is_empty());
            "launch works on a condition".to_owned()
        }
        Outcome::Fails => "launch fails".to_owned(),
    })
}
