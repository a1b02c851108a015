//! What an engine needs to be told.

use std::time::Duration;

use crate::{peer_format::SealFormat, status::StatusSettings};

/// The settings of one engine.
#[derive(Clone, Debug)]
pub struct EngineSettings {
    /// How long an Encrypt (two calls) or a Decrypt (one) may take, waiting and retries included. Below the 3 seconds
    /// after which an apiserver gives up by default, so that it hears the reason.
    pub deadline: Duration,
    /// The frame that Encrypt answers in.
    pub format: SealFormat,
    /// How Status comes about.
    pub status: StatusSettings,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self { deadline: Duration::from_millis(2700), format: SealFormat::default(), status: StatusSettings::default() }
    }
}

/// When the background task has been silent for so long that it must be stuck.
pub(super) fn stale_after(deadline: Duration, status: &StatusSettings) -> Duration {
    const GRACE: Duration = Duration::from_secs(60);
    status.settled_interval.max(status.unsettled_interval) + 2 * deadline + GRACE
}
