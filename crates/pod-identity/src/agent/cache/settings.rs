//! How long what is kept.

use jiff::SignedDuration;
use std::time::Duration;

/// How much and how long credentials are kept.
#[derive(Clone, Debug)]
pub struct CacheSettings {
    /// The most credentials; 0 keeps none.
    pub entries: usize,
    /// The longest that credentials are handed out before they are renewed, however long they last; 0 keeps none.
    pub retention: SignedDuration,
    /// The most renewals that are begun in a second.
    pub renewals_per_second: usize,
    /// The most calls of the source at once.
    pub calls_at_once: usize,
    /// Credentials that end sooner than this are neither kept nor handed out.
    pub least_left: SignedDuration,
    /// How long a refusal is remembered that the next call would get again.
    pub remember_refusal: SignedDuration,
    /// The same for other failures: as long as a burst of equal requests may take to arrive.
    pub remember_failure: SignedDuration,
    /// How long after a failed renewal the next one is tried, and by how much that is put off at random.
    pub retry: SignedDuration,
    /// How long somebody who asks for what is due waits for the renewal before he gets what is kept.
    pub wait_for_renewal: Duration,
}

/// Source of those that the peer has, too: eks-pod-identity-agent, `internal/credsretriever/refreshing_cache.go` and
/// `cmd/server.go`.
impl Default for CacheSettings {
    fn default() -> Self {
        Self {
            entries: 2000,
            retention: SignedDuration::from_hours(3),
            renewals_per_second: 3,
            calls_at_once: 64,
            least_left: SignedDuration::from_secs(15),
            remember_refusal: SignedDuration::from_secs(5),
            remember_failure: SignedDuration::from_secs(1),
            retry: SignedDuration::from_mins(1),
            wait_for_renewal: Duration::from_millis(500),
        }
    }
}

impl CacheSettings {
    pub(super) fn keeps(&self) -> bool {
        self.entries > 0 && self.retention > SignedDuration::ZERO
    }
}
