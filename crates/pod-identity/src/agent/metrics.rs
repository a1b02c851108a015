//! What the agent counts: ours, and the peer's names beside them, so that dashboards and alerts written for it go on working.

mod families;

use std::{sync::Arc, time::Duration};

use daemon::log_pace::LogPace;
use http::StatusCode;
use prometheus_client::registry::Registry;

use self::families::{CodeLabel, ErrorLabels, EventLabel, Families, FamilyLabel, OutcomeLabel, StateLabel};
use super::source::{SourceError, SourceErrorClass};

/// Every metric of the agent. Clones are the same.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Counted>);

#[derive(Debug)]
struct Counted {
    families: Families,
    refusals: LogPace,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestOutcome {
    Ok,
    WrongHost,
    InvalidToken,
    HeldBack,
    Refused,
    Failed,
    NotFound,
}

/// What the cache did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CacheEvent {
    Hit,
    Miss,
    Due,
    Shared,
    Remembered,
    Renewed,
    Expired,
    Evicted,
    TakenBack,
    PodGone,
}

impl Metrics {
    /// Registers every metric.
    pub fn register(registry: &mut Registry) -> Self {
        Self(Arc::new(Counted { families: Families::register(registry), refusals: LogPace::default() }))
    }

    /// Whether to log a refusal, of which any pod can cause as many as it likes; and how many were left out.
    pub(super) fn log_refusal(&self) -> Option<u64> {
        self.0.refusals.line()
    }

    pub(super) fn answered(&self, outcome: RequestOutcome, status: StatusCode) {
        self.0.families.requests.get_or_create(&OutcomeLabel { outcome: outcome.as_str() }).inc();
        // The peer counts what its handler answers, not what never reaches it.
        if !matches!(outcome, RequestOutcome::NotFound | RequestOutcome::HeldBack) {
            self.0.families.peer_responses.get_or_create(&CodeLabel { code: status.as_u16() }).inc();
        }
    }

    pub(super) fn cached(&self, event: CacheEvent) {
        self.0.families.cache_events.get_or_create(&EventLabel { event: event.as_str() }).inc();
        let state = match event {
            CacheEvent::Hit => "hit",
            CacheEvent::Miss => "miss",
            CacheEvent::Renewed => "refresh",
            CacheEvent::Evicted | CacheEvent::Expired | CacheEvent::TakenBack | CacheEvent::PodGone => "evicted",
            CacheEvent::Due | CacheEvent::Shared | CacheEvent::Remembered => return,
        };
        self.0.families.peer_cache_state.get_or_create(&StateLabel { state }).inc();
    }

    /// How many credentials are kept now, and how many made way.
    pub(super) fn kept(&self, entries: usize, evicted: usize) {
        self.0.families.cache_entries.set(i64::try_from(entries).unwrap_or(i64::MAX));
        for _ in 0..evicted {
            self.cached(CacheEvent::Evicted);
        }
    }

    /// Credentials were dropped, since the source takes them back.
    pub(super) fn dropped(&self, error: &SourceError) {
        let code = error.code.clone().unwrap_or_default();
        let labels = ErrorLabels { r#type: "irrecoverable", code };
        self.0.families.peer_cache_errors.get_or_create(&labels).inc();
    }

    pub(super) fn called(&self, error: Option<SourceErrorClass>, took: Duration) {
        let outcome = error.map_or("ok", SourceErrorClass::as_str);
        self.0.families.calls.get_or_create(&OutcomeLabel { outcome }).inc();
        self.0.families.call_seconds.observe(took.as_secs_f64());
    }

    /// Whether a host is bound.
    pub(super) fn bound(&self, host: &str, is_bound: bool) {
        self.0.families.bound.get_or_create(&FamilyLabel { host: host.to_owned() }).set(is_bound.into());
    }

    pub(super) fn connections(&self, open: usize) {
        self.0.families.connections.set(i64::try_from(open).unwrap_or(i64::MAX));
    }
}

impl RequestOutcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::WrongHost => "wrong_host",
            Self::InvalidToken => "invalid_token",
            Self::HeldBack => "held_back",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::NotFound => "not_found",
        }
    }
}

impl CacheEvent {
    fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Due => "due",
            Self::Shared => "shared",
            Self::Remembered => "remembered_refusal",
            Self::Renewed => "renewed",
            Self::Expired => "expired",
            Self::Evicted => "evicted",
            Self::TakenBack => "taken_back",
            Self::PodGone => "pod_gone",
        }
    }
}
