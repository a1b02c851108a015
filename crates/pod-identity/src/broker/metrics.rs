//! What the broker counts.

mod families;

use std::{sync::Arc, time::Duration};

use daemon::log_pace::LogPace;
use prometheus_client::registry::Registry;

use self::families::{ClusterLabel, Families, OutcomeLabel};
use super::assumer::AssumeErrorKind;

/// Every metric of the broker. Clones are the same.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Counted>);

#[derive(Debug)]
struct Counted {
    families: Families,
    refusals: LogPace,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Ok,
    InvalidRequest,
    InvalidToken,
    ExpiredToken,
    AgentRefused,
    OtherNode,
    PodGone,
    NodeUnknown,
    UnknownCluster,
    NoAssociation,
    HeldBack,
    RoleRefused,
    Throttled,
    OwnCredentials,
    Away,
    Untrue,
    NotReady,
    NotFound,
}

impl Metrics {
    /// Registers every metric.
    pub fn register(registry: &mut Registry) -> Self {
        Self(Arc::new(Counted { families: Families::register(registry), refusals: LogPace::default() }))
    }

    /// Whether to log a refusal, of which anybody can cause as many as it likes; and how many were left out.
    pub(super) fn log_refusal(&self) -> Option<u64> {
        self.0.refusals.line()
    }

    pub(super) fn answered(&self, outcome: Outcome) {
        self.0.families.requests.get_or_create(&OutcomeLabel { outcome: outcome.as_str() }).inc();
    }

    pub(super) fn called(&self, error: Option<AssumeErrorKind>, took: Duration) {
        let outcome = error.map_or("ok", AssumeErrorKind::as_str);
        self.0.families.calls.get_or_create(&OutcomeLabel { outcome }).inc();
        self.0.families.call_seconds.observe(took.as_secs_f64());
    }

    /// How much of what STS packs a session's tags and policies take.
    pub(super) fn packed(&self, percent: u32) {
        self.0.families.packed.observe(f64::from(percent));
    }

    pub(super) fn connections(&self, open: usize) {
        self.0.families.connections.set(i64::try_from(open).unwrap_or(i64::MAX));
    }

    /// One agent more waits, until what is returned is dropped.
    pub(super) fn waiting(&self) -> impl Drop + use<> {
        struct Waiting(Metrics);
        impl Drop for Waiting {
            fn drop(&mut self) {
                self.0.0.families.waiting.dec();
            }
        }
        self.0.families.waiting.inc();
        Waiting(self.clone())
    }

    pub(super) fn handshake_failed(&self) {
        self.0.families.failed_handshakes.inc();
    }

    /// Associations were read anew, or could not be: then those in force stay so.
    pub fn associations_read(&self, is_good: bool) {
        let outcome = if is_good { "ok" } else { "failed" };
        self.0.families.associations_read.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    /// How many associations a cluster has.
    pub fn associations(&self, cluster: &str, count: usize) {
        let label = ClusterLabel { cluster: cluster.to_owned() };
        self.0.families.associations.get_or_create(&label).set(i64::try_from(count).unwrap_or(i64::MAX));
    }
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidToken => "invalid_token",
            Self::ExpiredToken => "expired_token",
            Self::AgentRefused => "agent_refused",
            Self::OtherNode => "other_node",
            Self::PodGone => "pod_gone",
            Self::NodeUnknown => "node_unknown",
            Self::UnknownCluster => "unknown_cluster",
            Self::NoAssociation => "no_association",
            Self::HeldBack => "held_back",
            Self::RoleRefused => "role_refused",
            Self::Throttled => "throttled",
            Self::OwnCredentials => "own_credentials",
            Self::Away => "away",
            Self::Untrue => "untrue",
            Self::NotReady => "not_ready",
            Self::NotFound => "not_found",
        }
    }
}
