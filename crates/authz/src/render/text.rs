//! An answer as people read it.

use crate::{
    decision::{Denial, KeyStateVerdict, Verdict},
    formula::Formula,
    rules::{Rule, Source},
};

use super::{
    Answer, Detail, assumed, fixes, gates,
    page::{Page, Theme},
    words,
};

/// So many conditions of a residual are told one by one.
const CONDITIONS: usize = 12;

pub(super) fn of(answer: &Answer<'_>, theme: Theme, detail: Detail) -> String {
    let mut page = Page::new(theme);
    headline(answer, &mut page);
    caller(answer, &mut page);
    gates::tell(answer, &mut page);
    key_state(answer, &mut page);
    if let Some(error) = &answer.explanation.error {
        let code = error.code.map_or(String::new(), |code| format!("{}: ", code.name));
        page.entry(theme.faint, "AWS says", format_args!("{code}{}", error.message));
    }
    fixes::tell(answer, &mut page);
    rules(answer, detail, &mut page);
    page.finish()
}

fn headline(answer: &Answer<'_>, page: &mut Page) {
    let (theme, request) = (page.theme, answer.request);
    let asked = format!("{} on {}", request.action, request.resource.arn);
    match &answer.explanation.verdict {
        Verdict::Allowed => page.headline(theme.good, "allowed", asked),
        Verdict::Denied(denial) => {
            page.headline(theme.bad, &format!("denied ({})", denial.effect.as_str()), asked);
            page.entry(theme.strong, "by", by(answer, denial));
        }
        Verdict::AllowedIff(residual) => {
            page.headline(theme.open, "conditional", format_args!("{asked} is allowed if and only if"));
            conditions(residual, page);
        }
    }
}

fn by(answer: &Answer<'_>, denial: &Denial) -> String {
    let gate = words::gate(denial.gate);
    match denial.account {
        Some(account) => format!("{gate}, in account {}", words::account(account, answer.world)),
        None => gate.to_owned(),
    }
}

/// Each of what must all hold on a line of its own.
fn conditions(residual: &Formula, page: &mut Page) {
    let style = page.theme.open;
    match residual {
        Formula::All(all) => {
            for (at, one) in all.iter().take(CONDITIONS).enumerate() {
                page.entry(style, if at == 0 { "if" } else { "and" }, one);
            }
            if all.len() > CONDITIONS {
                page.more(format_args!("and {} more", all.len() - CONDITIONS));
            }
        }
        one => page.entry(style, "if", one),
    }
}

fn caller(answer: &Answer<'_>, page: &mut Page) {
    let request = answer.request;
    let mut who = words::who(&request.principal);
    if !request.through.is_empty() {
        who = format!("{who} via {}", request.through.join(", "));
    }
    if let Some(name) = request.principal.account().and_then(|id| answer.world.account(id)?.name.as_deref()) {
        who = format!("{who} (account {name})");
    }
    page.entry(page.theme.strong, "caller", who);
}

fn key_state(answer: &Answer<'_>, page: &mut Page) {
    let Some(KeyStateVerdict { state, error }) = &answer.explanation.key_state else { return };
    let (theme, action) = (page.theme, &answer.request.action);
    match (state, error) {
        (None, _) => page.faint("key", "its state is not known"),
        (Some(state), None) => page.entry(theme.good, "key", format_args!("{state:?}, which lets {action} through")),
        (Some(state), Some(error)) => {
            let who = match answer.explanation.verdict {
                Verdict::Denied(_) => "whoever is allowed gets",
                Verdict::Allowed | Verdict::AllowedIff(_) => "the call fails all the same, with",
            };
            page.entry(theme.bad, "key", format_args!("{state:?}: {who} {error}"));
        }
    }
}

fn rules(answer: &Answer<'_>, detail: Detail, page: &mut Page) {
    for rule in assumed::of_verdict(answer) {
        page.entry(page.theme.open, "assumed", format_args!("{}: {} Nobody has published it.", rule.id, rule.says));
    }
    let rules = &answer.explanation.rules;
    match detail {
        Detail::Short => page.faint("rules", words::count(rules.len(), "rule had a say", "rules had a say")),
        Detail::Rules => rules.iter().for_each(|rule| whole_rule(rule, page)),
    }
}

fn whole_rule(rule: &Rule, page: &mut Page) {
    page.entry(page.theme.strong, "rule", format_args!("{}: {}", rule.id, rule.says));
    match &rule.source {
        Source::Document { title, section } => page.more(format_args!("{title}, {section}")),
        Source::Assumption { why, .. } => page.more(format_args!("not published: {why}")),
    }
}
