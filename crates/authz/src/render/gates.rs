//! What each gate said, a line for each, and below what stopped the request what nearly did not.

use std::collections::BTreeMap;

use aws_model::AccountId;

use crate::{
    decision::{Gate, GateReport, PolicyReport, StatementReport},
    policy::{Effect, PolicyKind},
    principal::Principal,
    rules,
};

use super::{
    Answer, grants, nearest,
    outcome::Outcome,
    page::Page,
    words::{self, StatementAt},
};

/// So many statements are named where several say the same.
const SHOWN: usize = 3;

/// The gates that may be left out, and what is missing where they are.
const OPTIONAL: [(Gate, &str); 4] = [
    (Gate::ResourceControl, "resource control policies"),
    (Gate::ServiceControl, "service control policies"),
    (Gate::Boundary, "permissions boundary"),
    (Gate::Session, "session policies"),
];

pub(super) fn tell(answer: &Answer<'_>, page: &mut Page) {
    let gates = &answer.explanation.gates;
    for report in gates {
        tell_one(answer, report, page);
    }
    let is_asked = |gate| gates.iter().any(|report| report.gate == gate);
    let left_out: Vec<_> = OPTIONAL.iter().filter(|(gate, _)| !is_asked(*gate)).map(|(_, name)| *name).collect();
    if gates.is_empty() {
        for rule in &answer.explanation.rules {
            page.entry(page.theme.strong, "because", format_args!("{} ({})", rule.says, rule.id));
        }
    } else if !left_out.is_empty() {
        page.faint("-", format_args!("with no say here: {}", left_out.join(", ")));
    }
}

fn tell_one(answer: &Answer<'_>, report: &GateReport, page: &mut Page) {
    let outcome = Outcome::of(report, &answer.explanation.verdict);
    let name = name(answer, report);
    let style = outcome.style(&page.theme);
    if report.gate == Gate::Grants {
        page.entry(style, outcome.label(), format_args!("{name}: {}", grants::summary(report)));
        grants::tell(report, page);
    } else {
        page.entry(style, outcome.label(), format_args!("{name}: {}", said(answer, report, outcome)));
    }
    match outcome {
        Outcome::Denies => excerpts(report, page),
        Outcome::Missing => nearest::tell(answer, report, page),
        Outcome::Unknown => open(report, page),
        Outcome::Ok | Outcome::NotNeeded => {}
    }
}

fn name(answer: &Answer<'_>, report: &GateReport) -> String {
    let gate = words::gate(report.gate);
    match report.account {
        Some(account) => format!("{gate} in {}", words::account(account, answer.world)),
        None => gate.to_owned(),
    }
}

fn said(answer: &Answer<'_>, report: &GateReport, outcome: Outcome) -> String {
    let has_levels = report.policies.iter().any(|policy| policy.level.is_some());
    match outcome {
        Outcome::Ok if has_levels => "every level lets through".to_owned(),
        Outcome::Denies => format!("denied by {}", some(matching(report, Effect::Deny))),
        Outcome::Ok => match some(matching(report, Effect::Allow)) {
            statements if statements.is_empty() => "lets through".to_owned(),
            statements => statements,
        },
        Outcome::Unknown => "hangs on what nobody told".to_owned(),
        Outcome::Missing | Outcome::NotNeeded => nothing_allows(answer, report),
    }
}

fn nothing_allows(answer: &Answer<'_>, report: &GateReport) -> String {
    if is_ineffective(answer, report) {
        return format!("whatever it says, {} works on keys of the caller's own account only", answer.request.action);
    }
    if let Some(level) = level_in_the_way(report) {
        return format!("no statement at {level} matches");
    }
    let policies = report.policies.len();
    let statements: usize = report.policies.iter().map(|policy| policy.statements.len()).sum();
    match (policies, statements) {
        (0, _) => without_policies(answer, report),
        (1, 1) => "its one statement does not match".to_owned(),
        (1, _) => format!("none of its {statements} statements lets the caller through"),
        (_, _) => format!("none of {statements} statements in {policies} policies lets the caller through"),
    }
}

/// Whether a foreign key's policy does not count, whatever it says.
fn is_ineffective(answer: &Answer<'_>, report: &GateReport) -> bool {
    report.gate == Gate::Resource(PolicyKind::Key)
        && answer.explanation.rules.iter().any(|rule| rule.id == rules::KMS_FOREIGN_INEFFECTIVE.id)
}

fn without_policies(answer: &Answer<'_>, report: &GateReport) -> String {
    let arn = match &answer.request.principal {
        Principal::Session(session) => Some(&session.role),
        Principal::User(arn) => Some(arn),
        _ => None,
    };
    match (report.gate, arn) {
        (Gate::Identity, Some(arn)) if answer.world.identity(arn).is_none() => format!("there is no {arn}"),
        (Gate::Identity, _) => "no policy is attached".to_owned(),
        (Gate::Resource(PolicyKind::Trust), _) => format!("there is no {}", answer.request.resource.arn),
        _ => "there is no policy".to_owned(),
    }
}

/// The first level of the organization at which nothing allows.
fn level_in_the_way(report: &GateReport) -> Option<&str> {
    let mut allows: BTreeMap<&str, bool> = BTreeMap::new();
    for policy in &report.policies {
        let level = policy.level.as_deref()?;
        let one = statements(policy, Effect::Allow).any(|(_, statement)| statement.matches.is_true());
        *allows.entry(level).or_default() |= one;
    }
    let in_order = report.policies.iter().filter_map(|policy| policy.level.as_deref());
    in_order.into_iter().find(|level| allows.get(level) == Some(&false))
}

/// The statements of an effect that surely match.
fn matching(report: &GateReport, effect: Effect) -> Vec<StatementAt<'_>> {
    let of = |policy| statements(policy, effect).filter(|(_, statement)| statement.matches.is_true());
    report.policies.iter().flat_map(of).map(|(at, _)| at).collect()
}

fn statements(
    report: &PolicyReport,
    effect: Effect,
) -> impl Iterator<Item = (StatementAt<'_>, &StatementReport)> + use<'_> {
    report.statements.iter().filter_map(move |statement| {
        let at = StatementAt { policy: &report.policy, index: statement.index };
        (at.statement()?.effect.value == effect).then_some((at, statement))
    })
}

fn some(statements: Vec<StatementAt<'_>>) -> String {
    let more = statements.len().saturating_sub(SHOWN);
    let mut text = statements.iter().take(SHOWN).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}

/// The statements that deny.
fn excerpts(report: &GateReport, page: &mut Page) {
    for at in matching(report, Effect::Deny).iter().take(SHOWN) {
        let Some(statement) = at.statement() else { continue };
        page.excerpt(page.theme.bad, &at.policy.source().excerpt(statement.effect.span), "");
    }
}

/// What hangs on which condition.
fn open(report: &GateReport, page: &mut Page) {
    for policy in &report.policies {
        for effect in [Effect::Deny, Effect::Allow] {
            for (at, statement) in statements(policy, effect) {
                if !statement.matches.is_true() && !statement.matches.is_false() {
                    let verb = if effect == Effect::Deny { "denies" } else { "allows" };
                    page.more(format_args!("{at} {verb} if {}", statement.matches));
                }
            }
        }
    }
    if report.policies.is_empty() && report.grants.is_empty() {
        for (verb, formula) in [("denies", &report.denies), ("allows", &report.allows)] {
            if !formula.is_true() && !formula.is_false() {
                page.more(format_args!("{verb} if {formula}"));
            }
        }
    }
}

/// Whether a near miss is of a gate.
pub(super) fn is_of(report: &GateReport, gate: Gate, account: Option<AccountId>) -> bool {
    report.gate == gate && report.account == account
}
