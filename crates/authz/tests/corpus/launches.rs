//! Cases of launches.

use std::collections::BTreeSet;

use authz::{
    file::case::{ExpectedOutcome, LaunchCase, LaunchQuestion, seen},
    launch::{Forecast, Outcome},
    rules::Assumptions,
};

use crate::{assumptions, ids, named, proof::Proofs};

/// What becomes of a launch, or why it is none; and the rules that had a say.
fn forecast(
    question: &LaunchQuestion,
    assumptions: &Assumptions,
) -> (Result<Forecast, String>, BTreeSet<&'static str>) {
    let launch = match &question.launch {
        Ok(launch) => launch,
        Err(refused) => return (Err(refused.to_string()), ids([&refused.rule()])),
    };
    match launch.forecast(&question.world, assumptions) {
        Ok(forecast) => {
            let rules = ids(&forecast.rules());
            (Ok(forecast), rules)
        }
        Err(none) => (Err(none.to_string()), BTreeSet::new()),
    }
}

fn told(forecast: Result<&Forecast, &str>) -> String {
    let forecast = match forecast {
        Ok(forecast) => forecast,
        Err(reason) => return format!("refused: {reason}"),
    };
    let steps: Vec<_> = forecast.steps.iter().map(|step| step.step.call.action()).collect();
    let outcome = match (forecast.outcome(), &forecast.obstacle) {
        (_, Some(obstacle)) => format!("stops: {obstacle:?}"),
        (Outcome::WorksIff(residual), None) => format!("works if {residual}"),
        (_, None) => "works".to_owned(),
    };
    format!("{outcome}, after {}", steps.join(", "))
}

/// Everything that is answered to a case: the calls with their callers, keys and grants, and what is seen.
pub(crate) fn answer(question: &LaunchQuestion, assumptions: &Assumptions) -> String {
    let (outcome, _) = forecast(question, assumptions);
    let Ok(forecast) = &outcome else { return format!("{:?}", outcome.err()) };
    let asked = forecast.steps.iter().map(|step| format!("\n{:?}", step.step.request));
    let seen = forecast.symptoms.iter().map(|symptom| format!("\n{}", seen(symptom)));
    told(Ok(forecast)) + &asked.chain(seen).collect::<String>()
}

/// Every way in which a case is not as it should be.
pub(crate) fn differences(case: &LaunchCase, proofs: &mut Proofs) -> Vec<String> {
    let assumptions = match assumptions(&case.about) {
        Ok(assumptions) => assumptions,
        Err(error) => return vec![error],
    };
    let (outcome, had_a_say) = forecast(&case.question, &assumptions);
    let outcome = outcome.as_ref().map_err(String::as_str);
    let (rules, mut differences) = named(&case.about, &had_a_say);
    if !case.expect.is_met_by(outcome) {
        differences.push(format!("expected {:?}\n      it {}", case.expect, told(outcome)));
    }
    let steps = outcome.map_or(&[][..], |forecast| &forecast.steps);
    if let Some(expected) = &case.steps {
        if expected.len() != steps.len() {
            differences.push(format!("expected {} steps\n     it {}", expected.len(), told(outcome)));
        }
        for (at, (expected, step)) in expected.iter().zip(steps).enumerate() {
            if !expected.is_met_by(&step.step) {
                let request = &step.step.request;
                differences.push(format!("step {}: expected {expected:?}\n  it is {request:?}", at + 1));
            }
        }
    }
    if let Some(expected) = &case.seen {
        let seen: Vec<_> = outcome.map_or(&[][..], |forecast| &forecast.symptoms).iter().map(seen).collect();
        if *expected != seen {
            differences.push(format!("expected to be seen {expected:?}\n   what is {seen:?}"));
        }
    }
    match (&case.mutant, &case.expect) {
        (Some(mutant), _) => {
            let (outcome, had_a_say) = forecast(mutant, &assumptions);
            let outcome = outcome.as_ref().map_err(String::as_str);
            if !ExpectedOutcome::Works.is_met_by(outcome) {
                differences.push(format!("the mutant {}", told(outcome)));
            }
            proofs.of_refused(&rules, &had_a_say);
        }
        (None, ExpectedOutcome::Works) => proofs.of_allowed(&rules),
        (None, _) => {}
    }
    differences
}
