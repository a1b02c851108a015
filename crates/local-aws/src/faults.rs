//! Faults on request: latency, errors, throttles, a region that is gone, keys that change state, answers that are lost.
//!
//! ```text
//!   file, line, admin route --read--> FaultPlan --put, add--> Faults <--rule-- router, once a call is signed and read
//! ```
//!
//! Each fault counts the calls that it is about, from 1. What becomes of a call follows from its number, the fault's
//! name and the plan's seed, and from nothing else that is random: so the same calls in the same order fail alike, and of
//! concurrent ones as many and the same numbers, whoever gets them. The lock is held while that is decided, not while a
//! call waits.
//!
//! `docs/reference/faults.md` tells the format.

mod codes;
mod draw;
mod fault;
mod read;
#[cfg(test)]
mod tests;

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use aws_model::{KeyArn, Region};
use aws_wire::model::{Operation, ServiceId};
use jiff::Timestamp;
use serde::Serialize;

use self::{
    draw::Draws,
    fault::{Effect, Fault, Moment},
};
use crate::{
    caller::Caller,
    clock::Clock,
    error::ServiceError,
    kms::{Forced, Kms},
};

pub use self::fault::FaultPlan;
pub(crate) use self::fault::{ForcedState, KeyPattern, Loss, Silence};

/// How many faults there are at most: every call asks each of them.
pub const MOST_FAULTS: usize = 100;

/// The longest that a call is delayed, and that a silent answer is waited for: shorter than an idle connection lives.
pub const LONGEST_DELAY: Duration = Duration::from_secs(60);

/// The faults of one embedded AWS.
#[derive(Debug)]
pub(crate) struct Faults {
    clock: Clock,
    /// Whether there are any, so that a call without them takes no lock.
    any: AtomicBool,
    set: Mutex<Set>,
    /// Held while keys change state; who comes meanwhile waits until they have.
    forcing: Mutex<()>,
}

#[derive(Debug, Default)]
struct Set {
    seed: u64,
    faults: Vec<Live>,
    /// How many there ever were.
    added: u64,
    /// How many had no name of their own.
    unnamed: usize,
}

/// A fault, and what has come of it.
#[derive(Debug)]
struct Live {
    /// Told apart by this, since a name can be taken again.
    id: u64,
    fault: Fault,
    name: String,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    draws: Draws,
    /// The calls that it is about.
    calls: u64,
    /// How often it did something.
    fired: u64,
    /// The second that calls are counted in for a rate, and how many there were.
    second: (i64, u64),
    /// Where a fault of a key's state is.
    stage: Stage,
}

/// How far a fault of a key's state has come.
#[derive(Debug)]
enum Stage {
    /// No key that it means was there when it was looked last: [`Kms::changes_of_names`] told so.
    Awaited {
        looked_at: Option<u64>,
    },
    /// The keys that it means are in that state.
    Begun(Vec<Forced>),
    Over,
}

/// What a fault of a key's state has to do now.
enum Step {
    Force(KeyPattern, ForcedState),
    PutBack(Vec<Forced>),
}

/// A fault, and what has come of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FaultCount {
    /// Its name, or the one it was given.
    pub name: String,
    /// The fault in one line.
    pub fault: String,
    /// How many calls it was about.
    pub calls: u64,
    /// How many of them it came over; of a key's state, how often that changed.
    pub fired: u64,
}

/// A call, as far as faults look at it.
pub(crate) struct Called<'a> {
    pub(crate) service: ServiceId,
    pub(crate) operation: &'static Operation,
    pub(crate) caller: &'a Caller,
    pub(crate) region: &'a Region,
    /// The keys that it is on.
    pub(crate) keys: Vec<NamedKey>,
}

/// A key, and what it is called.
#[derive(Clone, Debug)]
pub(crate) struct NamedKey {
    pub(crate) arn: KeyArn,
    pub(crate) aliases: Vec<String>,
}

/// What becomes of a call.
#[derive(Debug, Default)]
pub(crate) struct Ruling {
    pub(crate) delay: Duration,
    pub(crate) fate: Fate,
}

/// What becomes of a call when it has waited.
#[derive(Debug, Default)]
pub(crate) enum Fate {
    /// It is answered as ever.
    #[default]
    Answered,
    /// It is answered with this, and does nothing.
    Refused(ServiceError),
    /// It does nothing and is not answered.
    Gone(Silence),
    /// It is done, and the caller does not learn that.
    Lost(Loss),
}

/// Faults that were asked for cannot be had.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PlanError {
    /// More than there can be.
    #[error("there are at most {MOST_FAULTS} faults; take some away (`DELETE /_claviger/faults/NAME`)")]
    TooMany,
    /// Two of one name.
    #[error("there is a fault `{0}` already; give this one another `name`, or take that one away")]
    Taken(String),
    /// A time that is none.
    #[error("the fault `{0}` begins or ends further from now than the clock can go")]
    OutOfTime(String),
}

impl Faults {
    /// With these to begin with.
    pub(crate) fn new(clock: Clock, plan: FaultPlan) -> Result<Self, PlanError> {
        let faults = Self { clock, any: AtomicBool::new(false), set: Mutex::default(), forcing: Mutex::default() };
        faults.put(plan)?;
        Ok(faults)
    }

    /// These instead of all that there were.
    pub(crate) fn put(&self, plan: FaultPlan) -> Result<(), PlanError> {
        let mut current = self.lock();
        let mut set = Set { added: current.added, ..Set::default() };
        set.add(plan, self.clock.now())?;
        *current = set;
        self.any.store(!current.faults.is_empty(), Ordering::Release);
        Ok(())
    }

    /// These beside those that there are. A seed that the plan tells is that of the new ones.
    pub(crate) fn add(&self, plan: FaultPlan) -> Result<(), PlanError> {
        let mut set = self.lock();
        set.add(plan, self.clock.now())?;
        self.any.store(!set.faults.is_empty(), Ordering::Release);
        Ok(())
    }

    /// Takes one away, or all. Says whether there was one.
    pub(crate) fn remove(&self, name: Option<&str>) -> bool {
        let mut set = self.lock();
        let before = set.faults.len();
        set.faults.retain(|live| name.is_some_and(|name| live.name != name));
        self.any.store(!set.faults.is_empty(), Ordering::Release);
        name.is_none() || set.faults.len() < before
    }

    /// What there is and what came of it.
    pub(crate) fn told(&self) -> Vec<FaultCount> {
        let told = |live: &Live| FaultCount {
            name: live.name.clone(),
            fault: live.fault.line.clone(),
            calls: live.calls,
            fired: live.fired,
        };
        self.lock().faults.iter().map(told).collect()
    }

    pub(crate) fn seed(&self) -> u64 {
        self.lock().seed
    }

    /// Whether a call has to ask at all.
    pub(crate) fn any(&self) -> bool {
        self.any.load(Ordering::Acquire)
    }

    /// Lets the keys change state whose time has come. No call that only asks what becomes of it waits for that.
    pub(crate) fn catch_up(&self, kms: &Kms, now: Timestamp) {
        if !self.any() || !self.lock().faults.iter().any(Live::is_of_keys) {
            return;
        }
        let _one = self.forcing.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((id, step)) = self.next_step(now, kms.changes_of_names()) {
            match step {
                Step::Force(keys, state) => self.begun(id, kms.force(&keys, state, now)),
                Step::PutBack(forced) => forced.iter().for_each(|forced| kms.put_back(forced, now)),
            }
        }
    }

    fn next_step(&self, now: Timestamp, changed: u64) -> Option<(u64, Step)> {
        self.lock().faults.iter_mut().find_map(|live| Some((live.id, live.step(now, changed)?)))
    }

    /// Notes the keys that a fault put into a state, if there were any.
    fn begun(&self, id: u64, forced: Vec<Forced>) {
        let mut set = self.lock();
        if let Some(live) = set.faults.iter_mut().find(|live| live.id == id && !forced.is_empty()) {
            live.stage = if live.until.is_some() { Stage::Begun(forced) } else { Stage::Over };
            live.fired += 1;
        }
    }

    /// What becomes of a call: each fault is asked in turn, delays add up, and the first one that does something else
    /// is the last that is asked.
    pub(crate) fn rule(&self, called: &Called<'_>) -> Ruling {
        let now = self.clock.now();
        let mut ruling = Ruling::default();
        for live in &mut self.lock().faults {
            let Some(number) = live.fires(called, now) else { continue };
            match &live.fault.effect {
                Effect::Latency { least, most } => {
                    let delay = live.draws.between(number, *least, *most);
                    ruling.delay = ruling.delay.saturating_add(delay).min(LONGEST_DELAY);
                    continue;
                }
                Effect::Error(injected) => ruling.fate = Fate::Refused(injected.of(called)),
                Effect::Throttle { message, .. } => {
                    ruling.fate = Fate::Refused(codes::throttled(called, message.as_deref()));
                }
                Effect::Gone(silence) => ruling.fate = Fate::Gone(*silence),
                Effect::Lost(loss) => ruling.fate = Fate::Lost(*loss),
                Effect::KeyState(..) => continue,
            }
            break;
        }
        ruling
    }

    fn lock(&self) -> MutexGuard<'_, Set> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Set {
    /// Adds all or none.
    fn add(&mut self, plan: FaultPlan, now: Timestamp) -> Result<(), PlanError> {
        let FaultPlan { seed, faults } = plan;
        let seed = seed.unwrap_or(self.seed);
        if self.faults.len() + faults.len() > MOST_FAULTS {
            return Err(PlanError::TooMany);
        }
        let mut unnamed = self.unnamed;
        let mut added: Vec<Live> = Vec::with_capacity(faults.len());
        for fault in faults {
            let name = fault.name.clone().unwrap_or_else(|| {
                unnamed += 1;
                format!("fault-{unnamed}")
            });
            if self.faults.iter().chain(&added).any(|live| live.name == name) {
                return Err(PlanError::Taken(name));
            }
            let at = |moment: Option<Moment>| moment.map(|moment| moment.after(now)).transpose();
            let (Ok(from), Ok(until)) = (at(fault.from), at(fault.until)) else {
                return Err(PlanError::OutOfTime(name));
            };
            let draws = Draws::new(seed, &name);
            let id = self.added.saturating_add(added.len() as u64);
            let stage = Stage::Awaited { looked_at: None };
            added.push(Live { id, fault, name, from, until, draws, calls: 0, fired: 0, second: (0, 0), stage });
        }
        self.seed = seed;
        self.added = self.added.saturating_add(added.len() as u64);
        self.unnamed = unnamed;
        self.faults.append(&mut added);
        Ok(())
    }
}

impl Live {
    /// What it has to do to keys at a time. It looks for them as often as they may have `changed`.
    fn step(&mut self, now: Timestamp, changed: u64) -> Option<Step> {
        let Effect::KeyState(keys, state) = &self.fault.effect else { return None };
        let has_begun = self.from.is_none_or(|from| from <= now);
        let has_ended = self.until.is_some_and(|until| until <= now);
        match &mut self.stage {
            // A fault whose whole time has passed between two calls is one that nobody saw.
            Stage::Awaited { .. } if has_ended => self.stage = Stage::Over,
            Stage::Awaited { looked_at } if has_begun && *looked_at != Some(changed) => {
                *looked_at = Some(changed);
                return Some(Step::Force(keys.clone(), *state));
            }
            Stage::Begun(forced) if has_ended => {
                let forced = std::mem::take(forced);
                self.stage = Stage::Over;
                self.fired += 1;
                return Some(Step::PutBack(forced));
            }
            Stage::Awaited { .. } | Stage::Begun(_) | Stage::Over => {}
        }
        None
    }

    /// Whether it has something to do to keys yet.
    fn is_of_keys(&self) -> bool {
        matches!(self.fault.effect, Effect::KeyState(..)) && !matches!(self.stage, Stage::Over)
    }

    /// Counts a call that it is about, and says its number if it does something to it.
    fn fires(&mut self, called: &Called<'_>, now: Timestamp) -> Option<u64> {
        let is_time = self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until);
        if !is_time || !self.fault.is_about(called) {
            return None;
        }
        self.calls += 1;
        let number = self.calls;
        let is_drawn = number > self.fault.after && self.draws.hits(number, self.fault.share);
        let fires = is_drawn && self.is_beyond_rate(now) && self.fault.times.is_none_or(|times| self.fired < times);
        self.fired += u64::from(fires);
        fires.then_some(number)
    }

    /// For a rate: whether this second of the embedded AWS's clock has had its calls already.
    fn is_beyond_rate(&mut self, now: Timestamp) -> bool {
        let Effect::Throttle { per_second, .. } = self.fault.effect else { return true };
        if self.second.0 != now.as_second() {
            self.second = (now.as_second(), 0);
        }
        self.second.1 += 1;
        self.second.1 > per_second
    }
}
