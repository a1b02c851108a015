//! What goes on by itself: renewing what is due, forgetting what is over.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::time::{MissedTickBehavior, interval};

use super::Shared;
use crate::agent::metrics::CacheEvent;

const EVERY: Duration = Duration::from_secs(1);

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
