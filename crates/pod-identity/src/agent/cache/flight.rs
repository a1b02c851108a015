//! One call for equal tokens that are asked about at the same time.

use std::{collections::HashMap, sync::Arc};

use tokio::sync::watch;

use super::{Denied, Shared, entry::State};
use crate::{
    agent::{
        credentials::Credentials,
        source::{Issued, SourceError},
        token::Bearer,
    },
    bearer::TokenKey,
};

/// Tokens that are asked about at once. Each holds up to 16 KiB; a node has at most a few hundred pods.
const MOST_FLIGHTS: usize = 2000;

/// What a flight brings home.
pub(super) type Outcome = Result<Credentials, Denied>;

type Told = Option<Outcome>;

/// The flights in the air that may be joined.
#[derive(Default)]
pub(super) struct Board {
    flights: HashMap<TokenKey, Flight>,
    /// How many are in the air, those that were called back among them: each holds its token until it lands.
    aloft: usize,
    begun: u64,
}

struct Flight {
    number: u64,
    bearer: Bearer,
    told: watch::Receiver<Told>,
}

/// Where a flight tells what it brings.
pub(super) struct Departure {
    number: u64,
    told: watch::Sender<Told>,
}

/// Where the outcome will be told.
pub(super) struct Landing(watch::Receiver<Told>);

/// A flight that is on the board until it is dropped (also when its call panics) or called back.
pub(super) struct Guard {
    departure: Departure,
    shared: Arc<Shared>,
    key: TokenKey,
    landed: bool,
}

impl Board {
    pub(super) fn has(&self, key: TokenKey) -> bool {
        self.flights.contains_key(&key)
    }

    pub(super) fn join(&self, key: TokenKey) -> Option<Landing> {
        self.flights.get(&key).map(|flight| Landing(flight.told.clone()))
    }

    /// `None`: there is no room.
    pub(super) fn start(&mut self, key: TokenKey, bearer: Bearer) -> Option<(Departure, Landing)> {
        if self.aloft >= MOST_FLIGHTS {
            return None;
        }
        self.aloft += 1;
        self.begun += 1;
        let (number, (told, landing)) = (self.begun, watch::channel(None));
        self.flights.insert(key, Flight { number, bearer, told: landing.clone() });
        Some((Departure { number, told }, Landing(landing)))
    }

    /// Takes those off the board whose bearers are meant: who boarded is told what comes, nobody else boards, and nothing of it
    /// is kept.
    pub(super) fn call_back(&mut self, is_meant: impl Fn(&Bearer) -> bool) {
        self.flights.retain(|_, flight| !is_meant(&flight.bearer));
    }

    /// One has landed: whether it was on the board still.
    fn leave(&mut self, key: TokenKey, number: u64) -> bool {
        self.aloft = self.aloft.saturating_sub(1);
        let is_there = self.flights.get(&key).is_some_and(|flight| flight.number == number);
        is_there && self.flights.remove(&key).is_some()
    }
}

impl Landing {
    pub(super) async fn outcome(mut self) -> Outcome {
        let told = self.0.wait_for(Option::is_some).await.ok().and_then(|told| told.clone());
        told.unwrap_or(Err(Denied::Crashed))
    }
}

impl Guard {
    pub(super) fn new(departure: Departure, shared: Arc<Shared>, key: TokenKey) -> Self {
        Self { departure, shared, key, landed: false }
    }

    /// Leaves the board, and lets `keep` keep what there is to keep, under one lock; then tells. `keep` is told whether anybody
    /// waits, and not asked where the flight was called back.
    pub(super) fn land(
        mut self,
        brought: Result<Issued, SourceError>,
        keep: impl FnOnce(&mut State, Result<Issued, SourceError>, bool) -> Outcome,
    ) {
        let outcome = {
            let mut state = self.shared.state();
            // One receiver is the board's.
            let is_awaited = self.departure.told.receiver_count() > 1;
            if state.flights.leave(self.key, self.departure.number) {
                keep(&mut state, brought, is_awaited)
            } else {
                brought.map(|issued| issued.credentials).map_err(Denied::Source)
            }
        };
        self.landed = true;
        self.departure.told.send_replace(Some(outcome));
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.landed {
            self.shared.state().flights.leave(self.key, self.departure.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn flights_that_were_called_back_take_room_until_they_land() {
        let key = |number: usize| TokenKey::of(&number.to_string());
        let subject = "system:serviceaccount:shop:api";
        let bearer = || Bearer { subject: subject.to_owned(), expires: Timestamp::MAX, pod_uid: None };
        let mut board = Board::default();
        let departures: Vec<_> = (0..MOST_FLIGHTS).map(|n| board.start(key(n), bearer()).unwrap().0).collect();
        board.call_back(|_| true);
        assert!(!board.has(key(0)) && board.start(key(0), bearer()).is_none());
        assert!(!board.leave(key(0), departures[0].number), "it was called back");
        assert!(board.start(key(0), bearer()).is_some());
    }
}
