//! One call for equal tokens that are asked about at the same time.

use std::{collections::HashMap, sync::Arc};

use tokio::sync::watch;

use super::{Denied, Shared, entry::State};
use crate::{agent::credentials::Credentials, bearer::TokenKey};

/// Tokens that are asked about at once. Each holds up to 16 KiB; a node has at most a few hundred pods.
const MOST_FLIGHTS: usize = 2000;

/// What a flight brings home.
pub(super) type Outcome = Result<Credentials, Denied>;

type Told = Option<Outcome>;

/// The flights in the air.
#[derive(Default)]
pub(super) struct Board(HashMap<TokenKey, watch::Receiver<Told>>);

/// Where the outcome will be told.
pub(super) struct Landing(watch::Receiver<Told>);

/// A flight that is on the board until it is dropped: also when its call panics.
pub(super) struct Guard {
    told: watch::Sender<Told>,
    shared: Arc<Shared>,
    key: TokenKey,
    landed: bool,
}

impl Board {
    pub(super) fn has(&self, key: TokenKey) -> bool {
        self.0.contains_key(&key)
    }

    pub(super) fn join(&self, key: TokenKey) -> Option<Landing> {
        self.0.get(&key).cloned().map(Landing)
    }

    /// `None`: there is no room.
    pub(super) fn start(&mut self, key: TokenKey) -> Option<(watch::Sender<Told>, Landing)> {
        if self.0.len() >= MOST_FLIGHTS {
            return None;
        }
        let (told, landing) = watch::channel(None);
        self.0.insert(key, landing.clone());
        Some((told, Landing(landing)))
    }
}

impl Landing {
    pub(super) async fn outcome(mut self) -> Outcome {
        let told = self.0.wait_for(Option::is_some).await.ok().and_then(|told| told.clone());
        told.unwrap_or(Err(Denied::Crashed))
    }
}

impl Guard {
    pub(super) fn new(told: watch::Sender<Told>, shared: Arc<Shared>, key: TokenKey) -> Self {
        Self { told, shared, key, landed: false }
    }

    /// Lets `keep` keep what there is to keep, and leaves the board, under one lock; then tells. `keep` is told whether
    /// anybody waits.
    pub(super) fn land(mut self, keep: impl FnOnce(&mut State, bool) -> Outcome) {
        let outcome = {
            let mut state = self.shared.state();
            // One receiver is the board's.
            let outcome = keep(&mut state, self.told.receiver_count() > 1);
            state.flights.0.remove(&self.key);
            outcome
        };
        self.landed = true;
        self.told.send_replace(Some(outcome));
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.landed {
            self.shared.state().flights.0.remove(&self.key);
        }
    }
}
