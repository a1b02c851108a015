//! What goes on by itself: renewing what is due, forgetting what is over.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::time::{MissedTickBehavior, interval, timeout};

use super::Shared;
use crate::agent::{metrics::CacheEvent, source::TakenBack};

const EVERY: Duration = Duration::from_secs(1);
/// A call that is dropped loses nothing: the source knows what it told.
const LOOK_UP: Duration = Duration::from_secs(120);

/// Runs until the last cache is gone.
pub(super) async fn renew(shared: Weak<Shared>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(shared) = shared.upgrade() else { return };
        tick(&shared);
    }
}

/// Forgets what the source takes back, until the last cache is gone.
pub(super) async fn take_back(shared: Weak<Shared>) {
    loop {
        let Some(source) = shared.upgrade().map(|shared| Arc::clone(&shared.source)) else { return };
        // Looks from time to time whether anybody is there yet.
        let Ok(taken) = timeout(LOOK_UP, source.taken_back()).await else { continue };
        let Some(shared) = shared.upgrade() else { return };
        let (forgotten, left) = {
            let mut state = shared.state();
            (state.take_back(&taken), state.len())
        };
        for _ in 0..forgotten {
            shared.metrics.cached(CacheEvent::TakenBack);
        }
        shared.metrics.kept(left, 0);
        tracing::info!(forgotten, all = taken == TakenBack::All, "associations changed: credentials are dropped");
    }
}

fn tick(shared: &Arc<Shared>) {
    let now = (shared.now)();
    let mut state = shared.state();
    for _ in 0..state.sweep(now, &shared.settings) {
        shared.metrics.cached(CacheEvent::Expired);
    }
    for (key, token, bearer) in state.due(now, shared.settings.renewals_per_second) {
        if shared.board(&mut state, key, &token, &bearer).is_some() {
            shared.metrics.cached(CacheEvent::Renewed);
        }
    }
    shared.metrics.kept(state.len(), 0);
}
