//! What may change while the plugin runs.

use std::time::Duration;

use daemon::unix_socket::AllowedUids;
use kms_plugin::{
    engine::{EngineSettings, Rate},
    server::Limits,
    status::StatusSettings,
};

use crate::{
    commands::kms_plugin::flags::{Flags, SealFormat},
    logging::Filter,
};

/// These settings, as the flags say, or the settings file in their place. Named as the flags are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Changeable {
    pub(super) probe_interval: Duration,
    pub(super) agreeing_probes: u32,
    pub(super) coast: Duration,
    pub(super) call_timeout: Duration,
    pub(super) seal_format: SealFormat,
    pub(super) allow_uid: Vec<u32>,
    /// Calls to a key service at once.
    pub(crate) max_calls: usize,
    pub(super) qps_limit: u32,
    pub(super) burst_limit: u32,
    /// What is logged, where it is not what the command line asks for.
    pub(crate) log: Option<Filter>,
}

impl Changeable {
    pub(super) fn of(flags: &Flags) -> Self {
        Self {
            probe_interval: flags.probe_interval,
            agreeing_probes: flags.agreeing_probes,
            coast: flags.coast,
            call_timeout: flags.call_timeout,
            seal_format: flags.seal_format,
            allow_uid: flags.allow_uid.clone(),
            max_calls: flags.max_calls,
            qps_limit: flags.qps_limit,
            burst_limit: flags.burst_limit,
            log: None,
        }
    }

    /// How each key is used.
    pub(crate) fn engine(&self) -> EngineSettings {
        EngineSettings {
            deadline: self.call_timeout,
            format: self.seal_format.into(),
            status: StatusSettings {
                agreement: self.agreeing_probes,
                settled_interval: self.probe_interval,
                coast: self.coast,
                ..StatusSettings::default()
            },
        }
    }

    /// Calls to AWS KMS a second.
    pub(crate) fn rate(&self) -> Option<Rate> {
        let (per_second, burst) = (self.qps_limit.into(), self.burst_limit.into());
        (self.qps_limit > 0).then_some(Rate { per_second, burst })
    }

    /// The longest `call_timeout`: by then the server has given a request up, and its caller long before.
    pub(super) fn longest_call() -> Duration {
        Limits::default().request
    }

    /// Whether a rate is asked for by which nothing could ever be called.
    pub(super) fn lacks_burst(&self) -> bool {
        self.qps_limit > 0 && self.burst_limit == 0
    }

    /// Who may connect.
    pub(crate) fn allowed(&self) -> AllowedUids {
        AllowedUids::default().and(self.allow_uid.iter().copied())
    }
}
