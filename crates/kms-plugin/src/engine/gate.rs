//! Who may call the key service next: Decrypts before Encrypts before probes.
//!
//! A Secret that cannot be read stops what runs; one that cannot be written delays what is to come; a probe that
//! comes late only makes a cached answer older. So whenever there is less room than demand (calls in flight at
//! their limit, a limit that throttling has lowered, a configured rate), the lanes are served in that order.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use tokio::{
    sync::oneshot,
    time::{Instant, sleep_until, timeout_at},
};

/// Which calls go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Lane {
    Decrypt,
    Encrypt,
    Probe,
}

/// Calls behind this many in their own and better lanes are refused at once: they would only time out later.
const MOST_WAITING: usize = 1024;

/// Throttled answers of one burst lower the limit once.
const BETWEEN_CUTS: Duration = Duration::from_millis(100);

/// Limits on the calls of one or more engines to one key service. Shared between engines whose keys share a quota,
/// as all keys of an AWS account and region do.
#[derive(Debug)]
pub struct Gate {
    state: Mutex<State>,
    /// Set since there first was a rate.
    pace: OnceLock<Pace>,
}

/// How fast calls may start, whatever the key service would take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Calls a second, on the long run.
    pub per_second: f64,
    /// Calls at once after a quiet time; at least 1.
    pub burst: f64,
}

#[derive(Debug)]
struct State {
    most: usize,
    limit: usize,
    in_flight: usize,
    waiting: [VecDeque<oneshot::Sender<Permit>>; 3],
    /// Good answers since the limit last changed.
    good: usize,
    last_cut: Option<Instant>,
}

/// A second, narrow gate: its only permit waits for the next token, so that whoever comes later in a better lane
/// is behind one waiter at most.
#[derive(Debug)]
struct Pace {
    turn: Arc<Gate>,
    bucket: Mutex<Bucket>,
}

#[derive(Debug)]
struct Bucket {
    /// `None`: no longer limited.
    rate: Option<Rate>,
    tokens: f64,
    filled: Instant,
}

/// Leave to make some calls, one after the other.
#[derive(Debug)]
pub(crate) struct Turn {
    _permit: Permit,
    fare: Option<Fare>,
}

/// A place among the calls in flight, given back when dropped. Empty once it was taken back.
#[derive(Debug)]
struct Permit(Option<Arc<Gate>>);

/// Tokens that were taken and not used yet. When dropped they go back: a call that was never made costs no other one
/// its token.
#[derive(Debug)]
struct Fare {
    /// INVARIANT: one that has a pace.
    gate: Arc<Gate>,
    tokens: u32,
}

/// No leave was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoPermit {
    Overloaded,
    OutOfTime,
}

impl Gate {
    /// At most `most` calls in flight (never less than 1), at most `rate` a second.
    pub fn new(most: usize, rate: Option<Rate>) -> Arc<Self> {
        let pace = rate.map_or_else(OnceLock::new, |rate| Pace::new(rate).into());
        let most = most.max(1);
        let state = State { most, limit: most, in_flight: 0, waiting: Default::default(), good: 0, last_cut: None };
        Arc::new(Self { state: Mutex::new(state), pace })
    }

    /// Puts other limits in force, for calls that wait as well; only the one that a rate has given a time already keeps
    /// it. Calls in flight go on, and a limit that throttling has lowered stays as low.
    pub fn adjust(self: &Arc<Self>, most: usize, rate: Option<Rate>) {
        match (self.pace.get(), rate) {
            (Some(pace), rate) => pace.adjust(rate),
            // Adjusted even so: by now another caller's rate may be there.
            (None, Some(rate)) => self.pace.get_or_init(|| Pace::new(rate)).adjust(Some(rate)),
            (None, None) => (),
        }
        {
            let mut state = self.lock();
            let most = most.max(1);
            state.limit = if state.limit == state.most { most } else { state.limit.min(most) };
            state.most = most;
        }
        self.admit(0);
    }

    /// Waits for leave to make `calls` calls, one after the other. Also tells whether there was a queue.
    pub(crate) async fn enter(
        self: &Arc<Self>,
        lane: Lane,
        calls: u32,
        deadline: Instant,
    ) -> Result<(Turn, bool), NoPermit> {
        let (mut queued, mut fare) = (false, None);
        if let Some(pace) = self.pace.get().filter(|pace| pace.is_limited()) {
            let (turn, waited) = pace.turn.leave(lane, deadline).await?;
            queued |= waited;
            if let Some(ready) = pace.take(calls, deadline)? {
                fare = Some(Fare { gate: self.clone(), tokens: calls });
                if ready > Instant::now() {
                    queued = true;
                    sleep_until(ready).await;
                }
            }
            drop(turn);
        }
        let (permit, waited) = self.leave(lane, deadline).await?;
        Ok((Turn { _permit: permit, fare }, queued | waited))
    }

    async fn leave(self: &Arc<Self>, lane: Lane, deadline: Instant) -> Result<(Permit, bool), NoPermit> {
        let turn = {
            let mut state = self.lock();
            if state.in_flight < state.limit {
                // INVARIANT: nobody waits while there is room, so this overtakes nobody.
                state.in_flight += 1;
                return Ok((Permit(Some(self.clone())), false));
            }
            if state.ahead_of(lane) >= MOST_WAITING {
                // Those who gave up keep their place until it is their turn.
                state.waiting.iter_mut().for_each(|waiting| waiting.retain(|waiter| !waiter.is_closed()));
                if state.ahead_of(lane) >= MOST_WAITING {
                    return Err(NoPermit::Overloaded);
                }
            }
            let (sender, turn) = oneshot::channel();
            state.lane(lane).push_back(sender);
            turn
        };
        match timeout_at(deadline, turn).await {
            Ok(Ok(permit)) => Ok((permit, true)),
            _ => Err(NoPermit::OutOfTime),
        }
    }

    /// The key service took a call: room grows again, by one for each full round of good answers.
    pub(crate) fn answered(self: &Arc<Self>) {
        {
            let mut state = self.lock();
            if state.limit == state.most {
                return;
            }
            state.good += 1;
            if state.good < state.limit {
                return;
            }
            state.good = 0;
            state.limit += 1;
        }
        self.admit(0);
    }

    /// The key service asked for fewer calls: half as many may be in flight.
    pub(crate) fn throttled(&self, now: Instant) {
        let mut state = self.lock();
        if state.last_cut.is_none_or(|cut| now.duration_since(cut) >= BETWEEN_CUTS) {
            state.last_cut = Some(now);
            state.limit = (state.limit / 2).max(1);
            state.good = 0;
        }
    }

    /// How many calls may be in flight now.
    pub(crate) fn limit(&self) -> usize {
        self.lock().limit
    }

    /// Takes `returned` permits back and hands out what there is room for, best lane first.
    fn admit(self: &Arc<Self>, mut returned: usize) {
        loop {
            let next = {
                let mut state = self.lock();
                state.in_flight -= std::mem::take(&mut returned);
                if state.in_flight >= state.limit {
                    return;
                }
                let Some(next) = state.waiting.iter_mut().find_map(VecDeque::pop_front) else { return };
                state.in_flight += 1;
                next
            };
            // Whoever gave up waiting hands the permit back; dropping it here would recurse once for each of them.
            if let Err(mut permit) = next.send(Permit(Some(self.clone()))) {
                permit.0 = None;
                returned = 1;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// How many wait whose turn comes before that of the next one in `lane`.
    fn ahead_of(&self, lane: Lane) -> usize {
        let lanes = [Lane::Decrypt, Lane::Encrypt, Lane::Probe].into_iter().zip(&self.waiting);
        lanes.filter(|(other, _)| *other <= lane).map(|(_, waiting)| waiting.len()).sum()
    }

    fn lane(&mut self, lane: Lane) -> &mut VecDeque<oneshot::Sender<Permit>> {
        let [decrypts, encrypts, probes] = &mut self.waiting;
        match lane {
            Lane::Decrypt => decrypts,
            Lane::Encrypt => encrypts,
            Lane::Probe => probes,
        }
    }
}

impl Turn {
    /// A call is about to be made: its token is used.
    pub(crate) fn calls(&mut self) {
        if let Some(fare) = &mut self.fare {
            fare.tokens = fare.tokens.saturating_sub(1);
        }
    }
}

impl Drop for Fare {
    fn drop(&mut self) {
        if self.tokens > 0
            && let Some(pace) = self.gate.pace.get()
        {
            pace.give_back(self.tokens);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(gate) = self.0.take() {
            gate.admit(1);
        }
    }
}

impl Pace {
    fn new(rate: Rate) -> Self {
        let bucket = Bucket { rate: Some(rate), tokens: rate.burst.max(1.0), filled: Instant::now() };
        Self { turn: Gate::new(1, None), bucket: Mutex::new(bucket) }
    }

    fn adjust(&self, rate: Option<Rate>) {
        let mut bucket = self.lock();
        bucket.fill(Instant::now());
        let full = rate.map_or(0.0, |rate| rate.burst.max(1.0));
        // After a time without any limit the bucket is full, as after a quiet one.
        bucket.tokens = if bucket.rate.is_some() { bucket.tokens.min(full) } else { full };
        bucket.rate = rate;
    }

    fn is_limited(&self) -> bool {
        self.lock().rate.is_some()
    }

    /// Takes tokens for `calls` calls, and tells when they may be used. Without a limit none are taken.
    fn take(&self, calls: u32, deadline: Instant) -> Result<Option<Instant>, NoPermit> {
        let mut bucket = self.lock();
        let now = Instant::now();
        let Some(rate) = bucket.fill(now) else { return Ok(None) };
        let missing = 1.0 - bucket.tokens;
        let ready = if missing > 0.0 {
            let wait = Duration::try_from_secs_f64(missing / rate.per_second).ok();
            let ready = wait.and_then(|wait| now.checked_add(wait)).filter(|ready| *ready <= deadline);
            ready.ok_or(NoPermit::OutOfTime)?
        } else {
            now
        };
        // Debt is allowed: what needs two tokens of a bucket that holds one must not wait for ever.
        bucket.tokens -= f64::from(calls);
        Ok(Some(ready))
    }

    fn give_back(&self, tokens: u32) {
        let mut bucket = self.lock();
        if let Some(rate) = bucket.fill(Instant::now()) {
            bucket.tokens = (bucket.tokens + f64::from(tokens)).min(rate.burst.max(1.0));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Bucket> {
        self.bucket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bucket {
    /// Adds what the time since the last call has earned. Gives the rate.
    fn fill(&mut self, now: Instant) -> Option<Rate> {
        let rate = self.rate?;
        let gained = now.duration_since(self.filled).as_secs_f64() * rate.per_second;
        self.tokens = (self.tokens + gained).min(rate.burst.max(1.0));
        self.filled = now;
        Some(rate)
    }
}

#[cfg(test)]
mod tests;
