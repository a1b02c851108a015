//! The search: gate after gate is opened on a copy of the world until the request is allowed.

use crate::{
    decide::{Facts, Standing},
    decision::{DenialEffect, Gate, Verdict},
    request::Request,
    rules::Assumptions,
    world::World,
};

use super::{
    Edit, How, Obstacle, PolicyPlace,
    candidates::{Candidate, Candidates},
};

/// A request that is refused by more gates than this is not looked at to the end.
const DEPTH: usize = 6;

/// So many combinations are tried.
const TRIES: usize = 400;

/// So many sets of changes are found before the search ends, and as many halves are kept: each is decided for everybody
/// whom the world knows, to tell what it opens.
const FOUND: usize = 24;

/// Changes that together let the request through.
pub(super) type Set = Vec<Candidate>;

/// Looks for sets of changes.
pub(super) struct Search<'a> {
    world: &'a World,
    request: &'a Request,
    assumptions: &'a Assumptions,
    tries: usize,
    pub(super) found: Vec<Set>,
    /// Sets with which it is not refused any more, and hangs on a side of which nothing is known; see
    /// [`super::Fixes::halves`].
    pub(super) halves: Vec<Set>,
    pub(super) obstacles: Vec<Obstacle>,
    pub(super) is_cut: bool,
}

impl<'a> Search<'a> {
    pub(super) fn new(world: &'a World, request: &'a Request, assumptions: &'a Assumptions) -> Self {
        let (found, halves, obstacles) = (Vec::new(), Vec::new(), Vec::new());
        Self { world, request, assumptions, tries: 0, found, halves, obstacles, is_cut: false }
    }

    /// Looks for every set, the short ones first, so that a bound cuts off the long ones.
    pub(super) fn run(&mut self) {
        let mut open = vec![(self.world.clone(), self.request.clone(), Set::new())];
        for _ in 0..DEPTH {
            let mut next = Vec::new();
            for (world, request, set) in open {
                let explanation = world.explain(&request, self.assumptions);
                let candidates = Candidates::of(&world, &request, self.assumptions, &explanation);
                for obstacle in candidates.obstacles {
                    if !self.obstacles.contains(&obstacle) {
                        self.obstacles.push(obstacle);
                    }
                }
                for candidate in candidates.found {
                    if set.iter().any(|earlier| excludes(earlier, &candidate)) {
                        continue;
                    }
                    if self.tries == TRIES || self.found.len() == FOUND {
                        self.is_cut = true;
                        return;
                    }
                    self.tries += 1;
                    next.extend(self.attempt(&world, &request, &set, candidate));
                }
            }
            open = next;
            if open.is_empty() {
                return;
            }
        }
        self.is_cut = true;
    }

    /// Applies one change more. What is allowed then is found; what is not, is returned to go on from, unless the
    /// change made no difference.
    fn attempt(
        &mut self,
        world: &World,
        request: &Request,
        set: &[Candidate],
        candidate: Candidate,
    ) -> Option<(World, Request, Set)> {
        let (mut changed, mut asked) = (world.clone(), request.clone());
        apply(&candidate.edit, &mut changed, &mut asked)?;
        let mut set = set.to_vec();
        set.push(candidate);
        let verdict = changed.decide(&asked, self.assumptions);
        if verdict == Verdict::Allowed {
            let set = self.without_superfluous(set);
            let is_known = |known: &Set| known.len() == set.len() && set.iter().all(|one| known.contains(one));
            if !self.found.iter().any(is_known) {
                self.found.push(set);
            }
            return None;
        }
        let before = world.decide(request, self.assumptions);
        if matches!((&before, &verdict), (Verdict::Denied(_), Verdict::AllowedIff(_))) && self.has_unknown_side() {
            // What holds a smaller one is no smaller half.
            let holds_one = self.halves.iter().any(|half| half.iter().all(|one| set.contains(one)));
            if !holds_one && self.halves.len() < FOUND {
                self.halves.push(set.clone());
            } else if !holds_one {
                self.is_cut = true;
            }
        }
        let helps = verdict != before || may_hide(&verdict, &set);
        helps.then_some((changed, asked, set))
    }

    /// Whether nothing is known of the caller's own policies, or of the resource's.
    fn has_unknown_side(&self) -> bool {
        let facts = Facts::of(self.world, self.request, self.assumptions);
        matches!(facts.caller.standing, Standing::Unknown) || facts.target.policy_is_unknown()
    }

    /// Leaves out every change that the others can do without. What a later one builds on stays as long as that one
    /// does.
    fn without_superfluous(&self, mut set: Set) -> Set {
        let mut at = 0;
        while let Some(one) = set.get(at) {
            let is_built_on = set.iter().skip(at + 1).any(|later| is_same_place(one, later));
            let mut others = set.clone();
            others.remove(at);
            if !is_built_on && self.allows(&others) {
                (set, at) = (others, 0);
            } else {
                at += 1;
            }
        }
        set
    }

    fn allows(&self, set: &[Candidate]) -> bool {
        let (mut world, mut request) = (self.world.clone(), self.request.clone());
        set.iter().all(|one| apply(&one.edit, &mut world, &mut request).is_some())
            && world.decide(&request, self.assumptions) == Verdict::Allowed
    }
}

/// Whether a verdict that stays the same may hide a change that helped: one of two statements that deny, one of two
/// levels of the organization, one of two things that the request has to tell.
fn may_hide(verdict: &Verdict, set: &[Candidate]) -> bool {
    let is_told = set.last().is_some_and(|last| matches!(last.edit, Edit::Request(_)));
    let Verdict::Denied(denial) = verdict else { return is_told };
    is_told || denial.effect == DenialEffect::Explicit || denial.gate == Gate::ServiceControl
}

/// Applies an edit; `None` where the world does not have what it changes.
pub(super) fn apply(edit: &Edit, world: &mut World, request: &mut Request) -> Option<()> {
    edit.apply(world, request).ok()
}

/// Whether a change is of no use after another: a second statement that allows, in the same policy.
fn excludes(earlier: &Candidate, later: &Candidate) -> bool {
    let narrows = |candidate: &Candidate| matches!(&candidate.edit, Edit::Policy(edit) if matches!(edit.how, How::DenyNarrowed | How::DenyRemoved));
    earlier == later || is_same_place(earlier, later) && !narrows(earlier)
}

fn is_same_place(one: &Candidate, other: &Candidate) -> bool {
    let place = |candidate: &Candidate| -> Option<PolicyPlace> {
        match &candidate.edit {
            Edit::Policy(edit) => Some(edit.place.clone()),
            Edit::Grant(_) | Edit::Request(_) => None,
        }
    };
    place(one).is_some_and(|place_of_one| place(other) == Some(place_of_one))
}
