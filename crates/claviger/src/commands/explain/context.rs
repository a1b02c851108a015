//! Context keys that were told and that nothing asks about: mostly a slip of the pen, which would silently change the
//! answer.

use std::collections::BTreeSet;

use authz::{context::ContextKey, decision::Explanation, request::Request};

/// From this likeness on (0 to 1) one key is taken for another one misspelt.
const ALIKE: f64 = 0.93;

/// Each key that was told, that no policy asks about, and that is nearly one that a policy does ask about.
pub(super) fn misspelt<'a>(
    request: &'a Request,
    explanation: &'a Explanation,
) -> Vec<(&'a ContextKey, &'a ContextKey)> {
    let policies = explanation.gates.iter().flat_map(|gate| &gate.policies);
    let statements = policies.flat_map(|report| report.policy.statements());
    let asked: BTreeSet<_> =
        statements.flat_map(|statement| &statement.conditions).map(|condition| &condition.key.value).collect();
    let told = request.context.mentioned().map(|(key, _)| key).filter(|key| !asked.contains(key));
    told.filter_map(|key| Some((key, nearest(key, &asked)?))).collect()
}

fn nearest<'a>(key: &ContextKey, asked: &BTreeSet<&'a ContextKey>) -> Option<&'a ContextKey> {
    let likeness = |other: &&ContextKey| strsim::jaro_winkler(key.as_str(), other.as_str());
    let alike = asked.iter().copied().filter(|other| likeness(other) >= ALIKE);
    alike.max_by(|one, other| likeness(one).total_cmp(&likeness(other)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_near_and_another_key_is_not() {
        let keys = ["aws:sourcevpc", "aws:sourceip", "kms:viaservice"].map(ContextKey::new);
        let asked = keys.iter().collect();
        let nearest = |key: &str| nearest(&ContextKey::new(key), &asked).map(ContextKey::as_str);
        assert_eq!(nearest("aws:SorceVpc"), Some("aws:sourcevpc"));
        assert_eq!(nearest("kms:ViaServices"), Some("kms:viaservice"));
        assert_eq!(nearest("aws:PrincipalOrgID"), None);
        assert_eq!(nearest("kms:CallerAccount"), None);
    }
}
