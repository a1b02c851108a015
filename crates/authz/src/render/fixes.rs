//! What would let a request through, and who must do it.

use crate::{
    decision::Verdict,
    fix::{BlastRadius, Change, Edit, Fix, How, RequestEdit, WhoApplies},
};

use super::{Answer, assumed, page::Page, words};

/// So much of what else a fix opens is listed.
const GAINS: usize = 5;

pub(super) fn tell(answer: &Answer<'_>, page: &mut Page) {
    let Some(fixes) = answer.fixes else { return };
    if let Some(best) = fixes.fixes.first() {
        let which = if fixes.needs_both_sides() { "smallest fix, on both sides" } else { "smallest fix" };
        page.entry(page.theme.help, "help", format_args!("{which}, decided again: allowed"));
        tell_one(answer, best, page);
    } else if let Some(half) = fixes.halves.first()
        && let Verdict::AllowedIff(residual) = &half.verified
    {
        page.entry(page.theme.help, "help", format_args!("half of a fix, decided again: allowed if {residual}"));
        tell_one(answer, half, page);
    }
    for obstacle in &fixes.obstacles {
        page.entry(page.theme.open, "note", obstacle);
    }
    let halves = if fixes.fixes.is_empty() { fixes.halves.len().saturating_sub(1) } else { 0 };
    if halves > 0 {
        let others = words::count(halves, "other half", "other halves");
        page.faint("", format_args!("{others} would open or change more"));
    }
    let others = fixes.fixes.len().saturating_sub(1);
    if others > 0 {
        let others = words::count(others, "other fix", "other fixes");
        let leads_around = fixes.fixes.iter().skip(1).any(|fix| fix.rank.goes_around);
        let or = if leads_around { ", or lead around what limits the caller" } else { "" };
        page.faint("", format_args!("{others} would open or change more{or}"));
    }
    if fixes.is_cut {
        page.faint("", "there are more combinations than were tried");
    }
}

fn tell_one(answer: &Answer<'_>, fix: &Fix, page: &mut Page) {
    for (at, change) in fix.changes.iter().enumerate() {
        page.more(format_args!("{}. {}{change}", at + 1, side(answer, &change.who)));
        what(answer, change, page);
        if let WhoApplies::Administrator { needs: Some(needs), able, .. } = &change.who
            && !able.is_empty()
        {
            let able: Vec<_> = able.iter().map(words::who).collect();
            page.more(format_args!("   who may {needs}: {}", able.join(", ")));
        }
    }
    for gate in &fix.goes_around {
        page.more(format_args!(
            "it leads around the {}, by which the request would not be let through",
            words::gate(*gate)
        ));
    }
    for rule in assumed::of_fix(answer, fix) {
        page.more(format_args!("assumed, {}: {}", rule.id, rule.says));
    }
    opens(&fix.opens, page);
}

/// Whose credentials a change takes.
fn side(answer: &Answer<'_>, who: &WhoApplies) -> String {
    match who {
        WhoApplies::Caller => "the caller: ".to_owned(),
        WhoApplies::Administrator { account, .. } => {
            format!("in account {}: ", words::account(*account, answer.world))
        }
    }
}

/// The statement as it should be, or the command.
fn what(answer: &Answer<'_>, change: &Change, page: &mut Page) {
    match &change.edit {
        Edit::Policy(edit) if edit.how == How::DenyRemoved => {}
        Edit::Policy(edit) => page.block(&outdented(edit.statement_text().unwrap_or_default())),
        Edit::Request(RequestEdit::SessionPolicy { after, statement: Some(span), .. }) => {
            page.block(&outdented(after.source().slice(*span)));
        }
        Edit::Request(_) => {}
        Edit::Grant(_) => {
            for command in change.commands(answer.request) {
                page.block(&command.to_string());
            }
        }
    }
}

/// A part of a text as if it stood at the margin: all lines but the first, which begins within its line, are moved.
fn outdented(text: &str) -> String {
    let blank = |line: &str| line.len() - line.trim_start().len();
    let margin = text.lines().skip(1).filter(|line| !line.trim().is_empty()).map(blank).min().unwrap_or_default();
    let lines = text.lines().enumerate().map(|(at, line)| match at {
        0 => line,
        _ => line.get(margin..).unwrap_or_default(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn opens(opens: &BlastRadius, page: &mut Page) {
    if opens.count == 0 {
        page.more("nobody whom the world knows gains anything else by it");
    } else {
        page.more(format_args!("it opens {} besides:", words::count(opens.count, "thing", "things")));
        for gain in opens.gains.iter().take(GAINS) {
            page.more(format_args!("  {} may {} on {}", words::who(&gain.principal), gain.action, gain.resource));
        }
        if opens.count > GAINS {
            page.more(format_args!("  and {} more", opens.count - GAINS));
        }
    }
    for not_asked in &opens.not_asked {
        page.more(format_args!("not looked at: {not_asked}"));
    }
}
