//! What comes due by the clock though nobody calls: whoever looks at anything lets all of it happen first.

use std::sync::Arc;

use crate::{authorization::Authorizer, clock::Clock, faults::Faults, kms::Kms};

/// Everything that waits for a time.
#[derive(Clone)]
pub(crate) struct Due {
    clock: Clock,
    faults: Arc<Faults>,
    kms: Kms,
    authorizer: Arc<Authorizer>,
}

impl Due {
    pub(crate) fn new(clock: Clock, faults: Arc<Faults>, kms: Kms, authorizer: Arc<Authorizer>) -> Self {
        Self { clock, faults, kms, authorizer }
    }

    pub(crate) fn faults(&self) -> &Arc<Faults> {
        &self.faults
    }

    /// Lets happen what has come due by now: deletions, rotations and expiries of keys, the key states that faults ask
    /// for, and last the changes that have spread, since all of the former spread, too.
    pub(crate) fn catch_up(&self) {
        let now = self.clock.now();
        self.kms.catch_up(now);
        self.faults.catch_up(&self.kms, now);
        self.authorizer.catch_up();
    }
}
