//! Cases of policies.

use std::collections::BTreeSet;

use authz::file::case::{ExpectedReading, PolicyCase, Refusal};

use crate::{assumptions, named, proof::Proofs};

/// Every way in which a case is not as it should be.
pub(crate) fn differences(case: &PolicyCase, proofs: &mut Proofs) -> Vec<String> {
    let assumptions = match assumptions(&case.about) {
        Ok(assumptions) => assumptions,
        Err(error) => return vec![error],
    };
    let taken = case.document.take(&assumptions);
    let reported = taken.as_ref().err().and_then(Refusal::rule);
    // Of what reads, and beside the rule that is reported, nothing but the expectation tells which rules it shows.
    let claimed: BTreeSet<_> =
        case.about.rules.iter().filter_map(|id| authz::rules::rule(id)).map(|rule| rule.id).collect();
    let (rules, mut differences) = named(&case.about, &claimed);
    if let Some(rule) = reported
        && !claimed.contains(rule.id)
    {
        differences.push(format!("names not the rule by which it is refused: {}", rule.id));
    }
    if !case.expect.is_met_by(taken.as_ref()) {
        differences.push(format!("expected {:?}\n        and {}", case.expect, told(&taken)));
    }
    match (&case.mutant, &case.expect) {
        (Some(mutant), _) => {
            let read = mutant.take(&assumptions);
            if read.is_err() {
                differences.push(format!("the mutant {}", told(&read)));
            }
            proofs.of_refused(&rules, &reported.into_iter().map(|rule| rule.id).collect());
        }
        (None, ExpectedReading::Reads) => proofs.of_allowed(&rules),
        (None, ExpectedReading::Refused { .. }) => {}
    }
    differences
}

fn told<T>(taken: &Result<T, Refusal>) -> String {
    let Err(refusal) = taken else { return "reads".to_owned() };
    let at = refusal.at().unwrap_or_default();
    format!("is refused: {}, at {at}: {}", refusal.code(), refusal.message())
}
