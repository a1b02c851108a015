//! The other directions: who may do something, what somebody may do.

use std::collections::HashMap;

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
        for group in groups(self.found) {
            group.tell(&mut page);
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

/// So many actions are named on the line of their resource.
const ACTIONS: usize = 4;

/// So many resources are listed.
const RESOURCES: usize = 20;

/// So wide a line of actions may be.
const WIDTH: usize = 100;

/// Actions of one service that somebody may do, all of them on each of some resources.
struct Group<'a> {
    verdict: &'a Verdict,
    service: &'a str,
    actions: Vec<&'a str>,
    /// Whether it is all that was asked about there.
    is_all: bool,
    resources: Vec<&'a str>,
}

/// What was found, with what is the same of several actions or resources told once.
fn groups(found: &WhatCan) -> Vec<Group<'_>> {
    let mut by_resource: Vec<Group<'_>> = Vec::new();
    for Capability { action, resource, verdict } in &found.may {
        let is_same = |group: &&mut Group<'_>| {
            *group.verdict == *verdict && group.service == action.service() && group.resources == [&**resource]
        };
        // Of one resource there are few verdicts, and they are next to one another.
        let known = by_resource.iter_mut().rev().take_while(|group| group.resources == [&**resource]).find(is_same);
        match known {
            Some(group) => group.actions.push(action.name()),
            None => by_resource.push(Group {
                verdict,
                service: action.service(),
                actions: vec![action.name()],
                is_all: false,
                resources: vec![resource],
            }),
        }
    }
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut places: HashMap<(&str, Vec<&str>, bool), Vec<usize>> = HashMap::new();
    for mut group in by_resource {
        let on: Option<&&str> = group.resources.first();
        let asked = on.and_then(|on| found.asked_on.get(&(group.service.into(), (*on).into())));
        group.is_all = asked == Some(&group.actions.len());
        let alike = places.entry((group.service, group.actions.clone(), group.is_all)).or_default();
        let same = alike.iter().copied().find(|at| groups.get(*at).is_some_and(|known| known.verdict == group.verdict));
        match same.and_then(|at| groups.get_mut(at)) {
            Some(known) => known.resources.append(&mut group.resources),
            None => {
                alike.push(groups.len());
                groups.push(group);
            }
        }
    }
    groups
}

impl Group<'_> {
    fn tell(&self, page: &mut Page) {
        let Self { verdict, service, actions, is_all, resources } = self;
        let what = match actions.as_slice() {
            _ if *is_all && actions.len() > ACTIONS => {
                format!("{service}, all {} actions asked about,", actions.len())
            }
            _ if actions.len() > ACTIONS => format!("{service}, {} actions,", actions.len()),
            _ => format!("{service}:{}", actions.join(", ")),
        };
        let on = match resources.as_slice() {
            [resource] => (*resource).to_owned(),
            _ => words::count(resources.len(), "resource", "resources"),
        };
        label(page, verdict, &format!("{what} on {on}"));
        if actions.len() > ACTIONS && !is_all {
            lines(actions).iter().for_each(|line| page.more(format_args!("  {line}")));
        }
        if resources.len() > 1 {
            resources.iter().take(RESOURCES).for_each(|resource| page.more(format_args!("  on {resource}")));
        }
        if resources.len() > RESOURCES {
            page.more(format_args!("  and {} more, which `-o json` lists", resources.len() - RESOURCES));
        }
    }
}

/// Names, in lines of some width.
fn lines(names: &[&str]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for name in names {
        match lines.last_mut() {
            Some(line) if line.len() + name.len() + 2 <= WIDTH => {
                line.push_str(", ");
                line.push_str(name);
            }
            _ => lines.push((*name).to_owned()),
        }
    }
    lines
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
