//! Who may call the key service next: Decrypts before Encrypts before probes.
//!
//! A Secret that cannot be read stops what runs; one that cannot be written delays what is to come; a probe that
//! comes late only makes a cached answer older. So whenever there is less room than demand (calls in flight at
//! their limit, a limit that throttling has lowered, a configured rate), the lanes are served in that order.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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

/// Calls that wait beyond this many are refused at once: they would only time out later.
const MOST_WAITING: usize = 1024;

/// Throttled answers of one burst lower the limit once.
const BETWEEN_CUTS: Duration = Duration::from_millis(100);

/// Limits on the calls of one or more engines to one key service. Shared between engines whose keys share a quota,
/// as all keys of an AWS account and region do.
#[derive(Debug)]
pub struct Gate {
    most: usize,
    state: Mutex<State>,
    pace: Option<Pace>,
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
    rate: Rate,
    bucket: Mutex<Bucket>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

/// Leave to call, given back when dropped. Empty once it was taken back.
#[derive(Debug)]
pub(crate) struct Permit(Option<Arc<Gate>>);

/// No leave was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoPermit {
    Overloaded,
    OutOfTime,
}

impl Gate {
    /// At most `most` calls in flight (never less than 1), at most `rate` a second.
    pub fn new(most: usize, rate: Option<Rate>) -> Arc<Self> {
        let pace = rate.map(|rate| Pace {
            turn: Self::new(1, None),
            rate,
            bucket: Mutex::new(Bucket { tokens: rate.burst.max(1.0), filled: Instant::now() }),
        });
        let most = most.max(1);
        let state = State { limit: most, in_flight: 0, waiting: Default::default(), good: 0, last_cut: None };
        Arc::new(Self { most, state: Mutex::new(state), pace })
    }

    /// Waits for leave to make `calls` calls, one after the other. Also tells whether there was a queue.
    pub(crate) async fn enter(
        self: &Arc<Self>,
        lane: Lane,
        calls: u32,
        deadline: Instant,
    ) -> Result<(Permit, bool), NoPermit> {
        let mut queued = false;
        if let Some(pace) = &self.pace {
            let (turn, waited) = pace.turn.leave(lane, deadline).await?;
            queued |= waited | pace.token(calls, deadline).await?;
            drop(turn);
        }
        let (permit, waited) = self.leave(lane, deadline).await?;
        Ok((permit, queued | waited))
    }

    async fn leave(self: &Arc<Self>, lane: Lane, deadline: Instant) -> Result<(Permit, bool), NoPermit> {
        let turn = {
            let mut state = self.lock();
            if state.in_flight < state.limit {
                // INVARIANT: nobody waits while there is room, so this overtakes nobody.
                state.in_flight += 1;
                return Ok((Permit(Some(self.clone())), false));
            }
            if state.waiting.iter().map(VecDeque::len).sum::<usize>() >= MOST_WAITING {
                return Err(NoPermit::Overloaded);
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
            if state.limit == self.most {
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
    fn lane(&mut self, lane: Lane) -> &mut VecDeque<oneshot::Sender<Permit>> {
        let [decrypts, encrypts, probes] = &mut self.waiting;
        match lane {
            Lane::Decrypt => decrypts,
            Lane::Encrypt => encrypts,
            Lane::Probe => probes,
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
    /// Takes tokens for `calls` calls, waiting for them. Returns whether it had to.
    async fn token(&self, calls: u32, deadline: Instant) -> Result<bool, NoPermit> {
        let ready = {
            let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            let gained = now.duration_since(bucket.filled).as_secs_f64() * self.rate.per_second;
            let tokens = (bucket.tokens + gained).min(self.rate.burst.max(1.0));
            let missing = 1.0 - tokens;
            let ready = if missing > 0.0 {
                let wait = Duration::try_from_secs_f64(missing / self.rate.per_second).ok();
                let ready = wait.and_then(|wait| now.checked_add(wait)).filter(|ready| *ready <= deadline);
                Some(ready.ok_or(NoPermit::OutOfTime)?)
            } else {
                None
            };
            // Debt is allowed: what needs two tokens of a bucket that holds one must not wait for ever.
            *bucket = Bucket { tokens: tokens - f64::from(calls), filled: now };
            ready
        };
        if let Some(ready) = ready {
            sleep_until(ready).await;
        }
        Ok(ready.is_some())
    }
}

#[cfg(test)]
mod tests;
