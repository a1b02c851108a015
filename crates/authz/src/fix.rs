//! The smallest fix: what to change so that a request is allowed, where, and who gains what else by it.
//!
//! ```text
//!   Request --explain--> the gate that refuses --> candidate changes ----.
//!      ^                                                                 | applied to a copy of the world,
//!      `----------------------- still refused? the next gate ------------' decided again
//!                                     |
//!                                  allowed --> what else it opens, who must apply it --> rank
//! ```
//!
//! Nothing is proposed that was not decided again and allowed.

mod applier;
mod blast;
mod candidates;
mod change;
mod command;
mod obstacle;
mod search;
mod statement;
mod text;
mod words;

use crate::{
    decision::{Gate, GateReport, Verdict},
    request::Request,
    rules::Assumptions,
    world::World,
};

pub use blast::{BlastRadius, Gain, NotAsked};
pub use change::{Change, Edit, How, NewKeyGrant, PolicyEdit, PolicyPlace, RequestEdit, WhoApplies};
pub use command::Command;
pub use obstacle::Obstacle;

use self::search::{Search, Set, apply};

/// What could be changed so that a request is allowed.
#[derive(Clone, Debug)]
pub struct Fixes {
    /// What is decided as long as nothing changes.
    pub before: Verdict,
    /// Sets of changes, the best first. Each was decided again and allows the request; none holds a change that it
    /// could do without. Empty for a request that is allowed, and where nothing helps.
    pub fixes: Vec<Fix>,
    /// Where nothing is known of the caller's own policies, or of the resource's: what the other side has to change, the
    /// best first. With that nothing that is known refuses the request any more, and [`Fix::verified`] says what it still
    /// hangs on: the unknown side, and whatever else of the request nobody told.
    pub halves: Vec<Fix>,
    /// Why what one might try first is not among them, or does not help.
    pub obstacles: Vec<Obstacle>,
    /// Whether there were more combinations than were tried, or are told.
    pub is_cut: bool,
}

/// A set of changes that together let the request through.
#[derive(Clone, Debug)]
pub struct Fix {
    /// The changes, each with who must apply it, in the order in which to apply them.
    pub changes: Vec<Change>,
    /// What is decided with all of them applied: [`Verdict::Allowed`]; of a half the condition that is left.
    pub verified: Verdict,
    /// Who else gains what.
    pub opens: BlastRadius,
    /// The limits that it leads around: with it applied they still do not surely let the request through, but are not
    /// asked any more.
    pub goes_around: Vec<Gate>,
    /// What it was ranked by.
    pub rank: Rank,
}

/// How good a fix is; the smaller, the better. Compared field by field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    /// Whether it leads around a limit that others set up, see [`Fix::goes_around`]. Never better than a fix that
    /// loosens the limit: who set it up sees that one, and may say no.
    pub goes_around: bool,
    /// Whether it loosens what others set up as a limit: a boundary, a session policy, a policy of the organization, a
    /// statement that denies. Never better than a fix that does not.
    pub loosens_limit: bool,
    /// How much else it opens, see [`BlastRadius::count`].
    pub opens: usize,
    /// How many policies and grants it changes; what the caller does otherwise is not counted.
    pub changes: usize,
    /// How wide what it adds is written: patterns instead of names, accounts instead of principals, actions that the
    /// request does not need, conditions that it could carry and does not.
    pub width: usize,
}

impl World {
    /// What could be changed so that a request is allowed, the best first.
    #[must_use]
    pub fn fixes(&self, request: &Request, assumptions: &Assumptions) -> Fixes {
        let before = self.decide(request, assumptions);
        let mut search = Search::new(self, request, assumptions);
        if before != Verdict::Allowed {
            search.run();
        }
        let Search { found, halves, obstacles, is_cut, .. } = search;
        let ranked = |sets: Vec<Set>, is_verified: fn(&Verdict) -> bool| {
            let sets = sets.into_iter().filter_map(|set| self.fix(set, request, assumptions));
            let mut fixes: Vec<Fix> = sets.filter(|fix| is_verified(&fix.verified)).collect();
            fixes.sort_by_key(|fix| fix.rank);
            fixes
        };
        let fixes = ranked(found, |verdict| *verdict == Verdict::Allowed);
        let halves = ranked(halves, |verdict| matches!(verdict, Verdict::AllowedIff(_)));
        Fixes { before, fixes, halves, obstacles, is_cut }
    }

    /// Applies a set of changes, decides again and looks at what else that does.
    fn fix(&self, set: Set, request: &Request, assumptions: &Assumptions) -> Option<Fix> {
        let (mut after, mut asked) = (self.clone(), request.clone());
        let mut changes = Vec::with_capacity(set.len());
        for candidate in &set {
            apply(&candidate.edit, &mut after, &mut asked)?;
            changes.push(Change { edit: candidate.edit.clone(), who: self.who_applies(&candidate.edit, assumptions) });
        }
        let verified = after.decide(&asked, assumptions);
        let opens = BlastRadius::of(&changes, (self, &after), (request, &asked), assumptions);
        let goes_around = after.explain(&asked, assumptions).gates.into_iter().filter(is_limit_in_the_way);
        let goes_around: Vec<Gate> = goes_around.map(|report| report.gate).collect();
        let rank = Rank {
            goes_around: !goes_around.is_empty(),
            loosens_limit: set.iter().any(|candidate| candidate.loosens_limit),
            opens: opens.count,
            changes: changes.iter().filter(|change| !matches!(change.edit, Edit::Request(_))).count(),
            width: set.iter().map(|candidate| candidate.width).sum(),
        };
        Some(Fix { changes, verified, opens, goes_around, rank })
    }
}

/// Whether a gate is a limit that does not surely let through.
fn is_limit_in_the_way(report: &GateReport) -> bool {
    let is_limit = match report.gate {
        Gate::ResourceControl | Gate::ServiceControl | Gate::Boundary | Gate::Session => true,
        Gate::Resource(_) | Gate::Grants | Gate::Identity => false,
    };
    is_limit && !report.allows.is_true()
}

impl Fixes {
    /// Whether every fix needs changes in more than one account: none is possible on one side alone.
    #[must_use]
    pub fn needs_both_sides(&self) -> bool {
        !self.fixes.is_empty() && self.fixes.iter().all(|fix| fix.accounts() > 1)
    }
}

impl Fix {
    /// In how many accounts it changes something.
    fn accounts(&self) -> usize {
        let mut accounts: Vec<_> = self.changes.iter().filter_map(|change| change.who.account()).collect();
        accounts.sort_unstable();
        accounts.dedup();
        accounts.len()
    }
}
