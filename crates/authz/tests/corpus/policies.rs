//! Cases of policies.

use std::collections::BTreeSet;

use authz::file::case::{ExpectedReading, PolicyCase, Refusal};

use crate::{assumptions, ids, named, proof::Proofs};

/// Every way in which a case is not as it should be.
pub(crate) fn differences(case: &PolicyCase, proofs: &mut Proofs) -> Vec<String> {
    let assumptions = match assumptions(&case.about) {
        Ok(assumptions) => assumptions,
        Err(error) => return vec![error],
    };
    let taken = case.document.take(&assumptions);
    // A policy is refused by one rule. Reading tells none: what a policy that reads shows, the case alone says.
    let had_a_say: BTreeSet<_> = match &taken {
        Ok(_) => ids(authz::rules::RULES.iter()),
        Err(refusal) => refusal.rule().into_iter().map(|rule| rule.id).collect(),
    };
    let (rules, mut differences) = named(&case.about, &had_a_say);
    if !case.expect.is_met_by(taken.as_ref()) {
        differences.push(format!("expected {:?}\n        and {}", case.expect, told(&taken)));
    }
    match (&case.mutant, &case.expect) {
        (Some(mutant), _) => {
            let read = mutant.take(&assumptions);
            if read.is_err() {
                differences.push(format!("the mutant {}", told(&read)));
            }
            proofs.of_refused(&rules, &BTreeSet::new());
        }
        (None, ExpectedReading::Reads) => proofs.of_read(&rules),
        (None, ExpectedReading::Refused { .. }) => {}
    }
    differences
}

fn told<T>(taken: &Result<T, Refusal>) -> String {
    let Err(refusal) = taken else { return "reads".to_owned() };
    let at = refusal.at();
    format!("is refused: {}, at {at}: {}", refusal.code(), refusal.message())
}
