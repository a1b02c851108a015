//! What an engine needs to be told.

use std::time::Duration;

use tokio::time::Instant;

use crate::{peer_format::SealFormat, status::StatusSettings};

/// The settings of one engine. All of them can change while it runs: [`Engine::adjust`](super::Engine::adjust).
#[derive(Clone, Debug, PartialEq, Eq)]
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

impl EngineSettings {
    /// The same within bounds: no time so long that adding it to the clock overflows, no pause of
    /// nothing, and none longer while something is wrong than while all is well.
    pub(super) fn bounded(self) -> Self {
        const LEAST: Duration = Duration::from_millis(1);
        const DAY: Duration = Duration::from_secs(86_400);
        const YEAR: Duration = Duration::from_secs(365 * 86_400);
        let Self { deadline, format, status } = self;
        let settled_interval = status.settled_interval.clamp(LEAST, DAY);
        let unsettled_interval = status.unsettled_interval.clamp(LEAST, settled_interval);
        let status = StatusSettings {
            return_after: status.return_after.min(YEAR),
            coast: status.coast.min(YEAR),
            settled_interval,
            unsettled_interval,
            least_interval: status.least_interval.clamp(LEAST, unsettled_interval),
            ..status
        };
        Self { deadline: deadline.min(DAY), format, status }
    }
}

/// Settings, bounded, and since when they are in force.
#[derive(Clone, Debug)]
pub(crate) struct InForce {
    pub(crate) settings: EngineSettings,
    pub(crate) since: Instant,
}

impl InForce {
    pub(super) fn from_now(settings: EngineSettings) -> Self {
        Self { settings: settings.bounded(), since: Instant::now() }
    }

    /// When the background task has been silent for so long that it must be stuck.
    pub(super) fn stale_after(&self) -> Duration {
        const GRACE: Duration = Duration::from_secs(60);
        let EngineSettings { deadline, status, .. } = &self.settings;
        status.settled_interval.max(status.unsettled_interval) + 2 * *deadline + GRACE
    }
}
