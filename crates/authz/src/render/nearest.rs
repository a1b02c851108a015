//! What nearly let a request through, and what was different about it.

use crate::{
    decision::GateReport,
    nearest::{ArnPart, Difference, Differing, NameDifference, Near, NearMiss, NearStatement},
};

use super::{
    Answer, gates,
    page::Page,
    words::{self, StatementAt},
};

/// So many differences are shown in the policy's text.
const EXCERPTS: usize = 3;

/// The nearest miss of a gate.
pub(super) fn tell(answer: &Answer<'_>, report: &GateReport, page: &mut Page) {
    let mut of_gate = answer.near.iter().filter(|near| gates::is_of(report, near.gate, near.account));
    let Some(near) = of_gate.next() else { return };
    let differs = differing(near);
    match &near.what {
        Near::Statement(statement) => {
            let at = StatementAt { policy: &statement.policy, index: statement.index };
            page.more(format_args!("nearest: {at}{}, {differs}", attached(statement)));
            for difference in near.differs.iter().take(EXCERPTS) {
                excerpt(statement, difference, page);
            }
        }
        Near::Grant(grant) => {
            page.more(format_args!("nearest: grant {} to {}, {differs}", grant.id, grant.grantee));
            for difference in &near.differs {
                page.more(format_args!("  it has {}{}", difference.says, has(difference)));
            }
        }
    }
}

/// `only Resource differs`.
fn differing(near: &NearMiss) -> String {
    let names: Vec<_> = near.differs.iter().map(|difference| element(near, &difference.element)).collect();
    match names.as_slice() {
        [one] => format!("only {one} differs"),
        _ => format!("{} differ", names.join(", ")),
    }
}

/// The element's name in the policy language.
pub(super) fn element(near: &NearMiss, element: &Differing) -> String {
    match element {
        Differing::Principal(_) => "Principal".to_owned(),
        Differing::PrincipalRecreated => "Principal (deleted and made again since)".to_owned(),
        Differing::Action => "Action".to_owned(),
        Differing::Resource(_) => "Resource".to_owned(),
        Differing::Condition(index) => match &near.what {
            Near::Statement(statement) => statement
                .statement()
                .and_then(|statement| statement.conditions.get(*index))
                .map_or_else(|| "Condition".to_owned(), |condition| format!("Condition {}", condition.key.value)),
            Near::Grant(_) => "Condition".to_owned(),
        },
        Differing::Grant(miss) => format!("what it {}", words::grant_miss(*miss, true)),
    }
}

fn attached(statement: &NearStatement) -> String {
    match (&statement.origin, &statement.level) {
        (Some(_), Some(level)) => format!(" at {level}"),
        (Some(origin), None) => format!(" ({})", words::origin(origin)),
        (None, _) => String::new(),
    }
}

fn excerpt(statement: &NearStatement, difference: &Difference, page: &mut Page) {
    let Some(span) = difference.span else { return };
    let remark = match name(&difference.element).and_then(|name| other_parts(name, difference)) {
        Some(remark) => remark,
        None => has(difference).trim_start_matches(", ").to_owned(),
    };
    let style = if difference.is_open { page.theme.open } else { page.theme.bad };
    page.excerpt(style, &statement.policy.source().excerpt(span), &remark);
}

const fn name(element: &Differing) -> Option<&NameDifference> {
    match element {
        Differing::Principal(name) | Differing::Resource(name) => Some(name),
        _ => None,
    }
}

/// The parts of an ARN that differ, without those that do not: `another account: the request has 444455556666`.
fn other_parts(name: &NameDifference, difference: &Difference) -> Option<String> {
    let has: Vec<_> = difference.request_has.as_deref()?.splitn(6, ':').collect();
    if name.parts.is_empty() {
        return None;
    }
    let part = |part: &ArnPart| Some((arn_part(*part), *has.get(*part as usize + 1)?));
    let parts = name.parts.iter().map(part).collect::<Option<Vec<_>>>()?;
    let (names, values): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
    Some(format!("another {}: the request has {}", names.join(" and "), values.join(" and ")))
}

fn has(difference: &Difference) -> String {
    match (&difference.request_has, difference.is_open) {
        (Some(has), _) => format!(", the request has {has}"),
        (None, true) => ", what the request has, nobody told".to_owned(),
        (None, false) => ", the request has none".to_owned(),
    }
}

/// The word for it, for people and in JSON.
pub(super) const fn arn_part(part: ArnPart) -> &'static str {
    match part {
        ArnPart::Partition => "partition",
        ArnPart::Service => "service",
        ArnPart::Region => "region",
        ArnPart::Account => "account",
        ArnPart::Resource => "resource",
    }
}
