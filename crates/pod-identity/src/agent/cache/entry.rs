//! What is kept, and what that is worth at a time.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use super::{flight::Board, lru::Lru, settings::CacheSettings};
use crate::{
    agent::{
        credentials::Credentials,
        source::{Issued, SourceError, SourceErrorClass, TakenBack},
        token::Bearer,
    },
    bearer::{BearerToken, TokenKey},
};

/// Renewed so long before their end, since SDKs ask for new ones up to 15 minutes before it.
///
/// Source: botocore, `credentials.py`, `RefreshableCredentials._advisory_refresh_timeout`.
const AHEAD: SignedDuration = SignedDuration::from_mins(20);

/// Pods that have gone and are remembered, since a call for one may be under way: more than end at once on a node.
const GONE_REMEMBERED: usize = 1024;

pub(super) struct State {
    entries: Lru<Entry>,
    /// Apart from the entries, so that no number of bad tokens pushes out a good one.
    refusals: Lru<(SourceError, Timestamp)>,
    pub(super) flights: Board,
    /// The unique ids of pods that have gone, the newest last.
    gone: VecDeque<String>,
}

pub(super) struct Entry {
    pub(super) token: BearerToken,
    pub(super) bearer: Bearer,
    credentials: Credentials,
    /// When they are to be renewed.
    due: Timestamp,
    /// Whether a pod had them since they were fetched. A dead one asks no more, and is renewed once at most.
    asked: bool,
}

pub(super) enum Freshness {
    Fresh(Credentials),
    /// Good yet, and to be renewed.
    Due(Credentials),
}

impl Entry {
    pub(super) fn new(
        settings: &CacheSettings,
        token: &BearerToken,
        bearer: &Bearer,
        credentials: Credentials,
        now: Timestamp,
        asked: bool,
    ) -> Self {
        let left = credentials.expires().duration_since(now);
        let after = (left - AHEAD.min(left / 2)).min(settings.retention);
        // Up to a tenth sooner, so that what was fetched together is not renewed together.
        let due = now.saturating_add(after - at_random(after / 10)).unwrap_or(now);
        Self { token: token.clone(), bearer: bearer.clone(), credentials, due, asked }
    }

    fn is_over(&self, now: Timestamp, settings: &CacheSettings) -> bool {
        self.bearer.expires <= now || self.credentials.expires().duration_since(now) <= settings.least_left
    }
}

impl State {
    pub(super) fn new(settings: &CacheSettings) -> Self {
        let most = settings.entries;
        let (entries, refusals) = (Lru::new(most), Lru::new(most.max(1)));
        Self { entries, refusals, flights: Board::default(), gone: VecDeque::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn look_up(&mut self, key: TokenKey, now: Timestamp, settings: &CacheSettings) -> Option<Freshness> {
        let entry = self.entries.get(key)?;
        if entry.is_over(now, settings) {
            self.entries.remove(key);
            return None;
        }
        entry.asked = true;
        let credentials = entry.credentials.clone();
        Some(if now < entry.due { Freshness::Fresh(credentials) } else { Freshness::Due(credentials) })
    }

    pub(super) fn remembered(&mut self, key: TokenKey, now: Timestamp) -> Option<SourceError> {
        let (error, until) = self.refusals.get(key)?;
        if *until > now {
            return Some(error.clone());
        }
        self.refusals.remove(key);
        None
    }

    pub(super) fn remember(&mut self, key: TokenKey, now: Timestamp, error: &SourceError, settings: &CacheSettings) {
        let long = if error.is_lasting() { settings.remember_refusal } else { settings.remember_failure };
        if let Ok(until) = now.saturating_add(long) {
            self.refusals.insert(key, (error.clone(), until));
        }
    }

    /// Says how many others were forgotten for it.
    pub(super) fn keep(&mut self, key: TokenKey, entry: Entry) -> usize {
        self.refusals.remove(key);
        self.entries.insert(key, entry)
    }

    /// Whether there was something to forget.
    pub(super) fn forget(&mut self, key: TokenKey) -> bool {
        self.entries.remove(key).is_some()
    }

    /// Forgets what is taken back, and every refusal: there may be something now. Says how much it was.
    pub(super) fn take_back(&mut self, taken: &TakenBack) -> usize {
        let before = self.entries.len();
        self.entries.retain(|entry| !taken.has(&entry.bearer.subject));
        self.refusals.retain(|_| false);
        self.flights.call_back(|bearer| taken.has(&bearer.subject));
        before - self.entries.len()
    }

    /// Whether it is of a pod that is known to have gone.
    pub(super) fn has_gone(&self, bearer: &Bearer) -> bool {
        bearer.pod_uid.as_ref().is_some_and(|uid| self.gone.contains(uid))
    }

    /// How many were forgotten. What is asked for at this moment is not kept either.
    pub(super) fn forget_pod(&mut self, uid: &str) -> usize {
        if self.gone.len() >= GONE_REMEMBERED {
            self.gone.pop_front();
        }
        self.gone.push_back(uid.to_owned());
        self.flights.call_back(|bearer| bearer.pod_uid.as_deref() == Some(uid));
        let before = self.entries.len();
        self.entries.retain(|entry| entry.bearer.pod_uid.as_deref() != Some(uid));
        before - self.entries.len()
    }

    /// A renewal failed: the next is some time away, and till then what is kept counts as fresh.
    pub(super) fn postpone(&mut self, key: TokenKey, now: Timestamp, settings: &CacheSettings) {
        if let Some(entry) = self.entries.peek(key) {
            entry.due = now.saturating_add(settings.retry + at_random(settings.retry)).unwrap_or(now);
        }
    }

    /// Forgets what is over. Says how much that was.
    pub(super) fn sweep(&mut self, now: Timestamp, settings: &CacheSettings) -> usize {
        let before = self.entries.len();
        self.entries.retain(|entry| !entry.is_over(now, settings));
        self.refusals.retain(|(_, until)| *until > now);
        before - self.entries.len()
    }

    /// What is to be renewed: what is due, and was asked for since it was fetched.
    pub(super) fn due(&self, now: Timestamp, most: usize) -> Vec<(TokenKey, BearerToken, Bearer)> {
        let is_due = |(key, entry): &(TokenKey, &Entry)| entry.asked && entry.due <= now && !self.flights.has(*key);
        let due = self.entries.iter().filter(is_due).take(most);
        due.map(|(key, entry)| (key, entry.token.clone(), entry.bearer.clone())).collect()
    }
}

/// What was issued, if it can be true: for this service account, and good for a while.
pub(super) fn check(
    issued: Issued,
    bearer: &Bearer,
    now: Timestamp,
    settings: &CacheSettings,
) -> Result<Issued, SourceError> {
    let untrue = |message: String| SourceError {
        class: SourceErrorClass::Untrue,
        status: http::StatusCode::INTERNAL_SERVER_ERROR,
        code: None,
        message,
    };
    if issued.subject != bearer.subject {
        return Err(untrue("the credentials that were issued are of another service account".to_owned()));
    }
    let left = issued.credentials.expires().duration_since(now);
    if left <= settings.least_left {
        // The peer's words.
        let seconds = left.as_secs_f64();
        return Err(untrue(format!(
            "fetched credentials are expired or will expire within the next {seconds:.2} seconds"
        )));
    }
    Ok(issued)
}

/// Up to `most`.
fn at_random(most: SignedDuration) -> SignedDuration {
    let mut drawn = [0; 4];
    // Without randomness nothing is spread, which is no reason to stop.
    let _ = getrandom::fill(&mut drawn);
    most.mul_f64(f64::from(u32::from_le_bytes(drawn)) / f64::from(u32::MAX))
}
