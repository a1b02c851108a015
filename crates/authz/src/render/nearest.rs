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
    match &near.what {
        Near::Statement(statement) => {
            let at = StatementAt { policy: &statement.policy, index: statement.index };
            page.more(format_args!("nearest: {at}{}, {}", attached(statement), differing(near, statement)));
            for difference in near.differs.iter().take(EXCERPTS) {
                excerpt(statement, difference, page);
            }
        }
        Near::Grant(grant) => {
            page.more(format_args!("nearest: grant {} to {}", grant.id, grant.grantee));
            for difference in &near.differs {
                let Differing::Grant(miss) = difference.element else { continue };
                let (miss, says) = (words::grant_miss(miss, true), &difference.says);
                page.more(format_args!("  it {miss}: it has {says}{}", has(difference)));
            }
        }
    }
}

/// `only Resource differs`.
fn differing(near: &NearMiss, statement: &NearStatement) -> String {
    let names: Vec<_> = near.differs.iter().map(|difference| element(&difference.element, statement)).collect();
    match names.as_slice() {
        [one] => format!("only {one} differs"),
        _ => format!("{} differ", names.join(", ")),
    }
}

/// The element's name in the policy language; of a condition, with its key as the policy writes it.
pub(super) fn element(element: &Differing, of: &NearStatement) -> String {
    match element {
        Differing::Principal(_) => "Principal".to_owned(),
        Differing::PrincipalRecreated => "Principal (deleted and made again since)".to_owned(),
        Differing::Action => "Action".to_owned(),
        Differing::Resource(_) => "Resource".to_owned(),
        Differing::Condition(index) => {
            let condition = of.statement().and_then(|statement| statement.conditions.get(*index));
            let key = condition.map(|condition| of.policy.source().slice(condition.key.span).trim_matches('"'));
            format!("Condition {}", key.unwrap_or_default())
        }
        Differing::Grant(miss) => words::grant_miss_word(*miss).to_owned(),
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
