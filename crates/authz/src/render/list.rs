//! The other directions: who may do something, what somebody may do.

use aws_model::AccountId;
use serde_json::{Value, json};

use crate::{
    decision::Verdict,
    principal::Principal,
    query::{Access, BasisBy, Capability, WhatCan, WhoCan},
    request::Action,
    world::World,
};

use super::{
    json,
    page::{Page, Theme},
    words::{self, StatementAt},
};

/// Who may do something to something.
#[derive(Clone, Copy, Debug)]
pub struct WhoMay<'a> {
    /// The facts that it rests on.
    pub world: &'a World,
    /// What is done.
    pub action: &'a Action,
    /// To what.
    pub resource: &'a str,
    /// Who.
    pub found: &'a WhoCan,
}

/// What somebody may do.
#[derive(Clone, Copy, Debug)]
pub struct MayDo<'a> {
    /// Who.
    pub principal: &'a Principal,
    /// What.
    pub found: &'a WhatCan,
}

impl WhoMay<'_> {
    /// As people read it.
    #[must_use]
    pub fn text(&self, theme: Theme) -> String {
        let mut page = Page::new(theme);
        let (sure, perhaps) = counted(self.found.may.iter().map(|access| &access.verdict));
        let asked = words::count(self.found.asked, "principal", "principals");
        let title = format!("{} on {}: {sure} of {asked}{perhaps}", self.action, self.resource);
        page.headline(theme.strong, "who can", title);
        for access in &self.found.may {
            label(&mut page, &access.verdict, &words::who(&access.principal));
            for basis in &access.basis {
                let account = basis.account.map_or(String::new(), |id| format!(" in {}", self.account(id)));
                let gate = words::gate(basis.gate);
                page.more(match &basis.by {
                    BasisBy::Statement { policy, index, .. } => {
                        format!("{gate}{account}: {}", StatementAt { policy, index: *index })
                    }
                    BasisBy::Grant(grant) => format!("{gate}{account}: {} to {}", grant.id, grant.grantee),
                });
            }
        }
        not_asked(&mut page, self.found.not_asked, "principals");
        page.finish()
    }

    /// As programs read it. `docs/reference/explain.md` tells every field.
    #[must_use]
    pub fn json(&self) -> Value {
        let one = |access: &Access| {
            let basis = access.basis.iter().map(|basis| {
                let by = match &basis.by {
                    BasisBy::Statement { policy, index, .. } => json::statement_at(policy, *index),
                    BasisBy::Grant(grant) => json!({ "grant": grant.id }),
                };
                let account = basis.account.map(|id| id.to_string());
                json::both(by, json!({ "gate": basis.gate.as_str(), "account": account }))
            });
            json!({
                "principal": words::who(&access.principal),
                "verdict": json::verdict_word(&access.verdict),
                "allowedIff": json::residual(&access.verdict),
                "basis": basis.collect::<Vec<_>>(),
            })
        };
        json!({
            "action": self.action.as_str(),
            "resource": self.resource,
            "may": self.found.may.iter().map(one).collect::<Vec<_>>(),
            "asked": self.found.asked,
            "notAsked": self.found.not_asked,
        })
    }

    fn account(&self, id: AccountId) -> String {
        words::account(id, self.world)
    }
}

impl MayDo<'_> {
    /// As people read it.
    #[must_use]
    pub fn text(&self, theme: Theme) -> String {
        let mut page = Page::new(theme);
        let (sure, perhaps) = counted(self.found.may.iter().map(|capability| &capability.verdict));
        let asked = words::count(self.found.asked, "question", "questions");
        page.headline(
            theme.strong,
            "what can",
            format_args!("{}: {sure} of {asked}{perhaps}", words::who(self.principal)),
        );
        for capability in &self.found.may {
            let what = format!("{} on {}", capability.action, capability.resource);
            label(&mut page, &capability.verdict, &what);
        }
        not_asked(&mut page, self.found.not_asked, "questions");
        page.finish()
    }

    /// As programs read it. `docs/reference/explain.md` tells every field.
    #[must_use]
    pub fn json(&self) -> Value {
        let one = |capability: &Capability| {
            json!({
                "action": capability.action.as_str(),
                "resource": capability.resource,
                "verdict": json::verdict_word(&capability.verdict),
                "allowedIff": json::residual(&capability.verdict),
            })
        };
        json!({
            "principal": words::who(self.principal),
            "may": self.found.may.iter().map(one).collect::<Vec<_>>(),
            "asked": self.found.asked,
            "notAsked": self.found.not_asked,
        })
    }
}

/// How many surely, and a clause on how many perhaps.
fn counted<'a>(verdicts: impl Iterator<Item = &'a Verdict>) -> (usize, String) {
    let (mut sure, mut perhaps) = (0, 0);
    for verdict in verdicts {
        match verdict {
            Verdict::Allowed => sure += 1,
            Verdict::AllowedIff(_) => perhaps += 1,
            Verdict::Denied(_) => {}
        }
    }
    (sure, if perhaps == 0 { String::new() } else { format!(", {perhaps} more perhaps") })
}

fn label(page: &mut Page, verdict: &Verdict, what: &str) {
    let theme = page.theme;
    match verdict {
        Verdict::Allowed => page.entry(theme.good, "may", what),
        Verdict::AllowedIff(residual) => {
            page.entry(theme.open, "perhaps", what);
            page.more(format_args!("if {residual}"));
        }
        Verdict::Denied(_) => {}
    }
}

fn not_asked(page: &mut Page, count: usize, of: &str) {
    if count > 0 {
        page.faint("", format_args!("{count} more {of} were too many to ask about"));
    }
}
