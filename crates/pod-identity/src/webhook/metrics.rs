//! What the webhook counts: ours, and the peer's names beside them where they mean something.

use std::{sync::Arc, time::Duration};

use daemon::log_pace::LogPace;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

use super::inject::{Left, Method, Missed};

/// Every metric of the webhook. Clones are the same.
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
    /// It was given what it lacked.
    Injected(Method),
    /// It lacked nothing.
    Complete,
    Left(Left),
    /// No pod's making.
    NoPod,
    Invalid,
    TooLarge,
    /// What is to be known is not known yet.
    NotReady,
    /// There was no room for its body in time, or it did not come in time.
    Late,
    NotFound,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReviewLabels {
    outcome: &'static str,
    dry_run: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MethodLabel {
    method: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WhyLabel {
    why: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Debug)]
struct Families {
    reviews: Family<ReviewLabels, Counter>,
    review_seconds: Histogram,
    pods_injected: Family<MethodLabel, Counter>,
    pods_missed: Family<WhyLabel, Counter>,
    connections: Gauge,
    handshakes_failed: Counter,
    reloads: Family<OutcomeLabel, Counter>,
    peer_used: Gauge,
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

    pub(super) fn reviewed(&self, outcome: Outcome, dry_run: bool, took: Duration) {
        let families = &self.0.families;
        let dry = if dry_run { "true" } else { "false" };
        families.reviews.get_or_create(&ReviewLabels { outcome: outcome.as_str(), dry_run: dry }).inc();
        families.review_seconds.observe(took.as_secs_f64());
        if let (Outcome::Injected(method), false) = (outcome, dry_run) {
            families.pods_injected.get_or_create(&MethodLabel { method: name(method) }).inc();
            families.peer_used.set(1);
        }
    }

    /// A pod was found that should have been injected.
    pub fn missed(&self, missed: Missed) {
        let why = match missed {
            Missed::NotInjected(_) => "not_injected",
            Missed::VolumeTaken => "volume_taken",
        };
        self.0.families.pods_missed.get_or_create(&WhyLabel { why }).inc();
    }

    /// A file, or the certificate, was read again.
    pub fn reloaded(&self, is_well: bool) {
        let outcome = if is_well { "ok" } else { "failed" };
        self.0.families.reloads.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    pub(super) fn connections(&self, open: usize) {
        self.0.families.connections.set(i64::try_from(open).unwrap_or(i64::MAX));
    }

    pub(super) fn handshake_failed(&self) {
        self.0.families.handshakes_failed.inc();
    }
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Injected(_) => "injected",
            Self::Complete => "complete",
            Self::Left(Left::NotAsked) => "not_asked",
            Self::Left(Left::OptedOut) => "opted_out",
            Self::Left(Left::Fargate) => "fargate",
            Self::Left(Left::VolumeTaken) => "volume_taken",
            Self::NoPod => "no_pod",
            Self::Invalid => "invalid",
            Self::TooLarge => "too_large",
            Self::NotReady => "not_ready",
            Self::Late => "late",
            Self::NotFound => "not_found",
        }
    }
}

/// As the peer calls them.
fn name(method: Method) -> &'static str {
    match method {
        Method::PodIdentity => "container_credentials",
        Method::WebIdentity => "sts_web_identity",
    }
}

impl Families {
    fn register(registry: &mut Registry) -> Self {
        let families = Self {
            reviews: Family::default(),
            review_seconds: Histogram::new(exponential_buckets(0.000_05, 2.0, 16)),
            pods_injected: Family::default(),
            pods_missed: Family::default(),
            connections: Gauge::default(),
            handshakes_failed: Counter::default(),
            reloads: Family::default(),
            peer_used: Gauge::default(),
        };
        let ours = registry.sub_registry_with_prefix("claviger_webhook");
        ours.register("reviews", "Requests, by what became of them", families.reviews.clone());
        ours.register("review_duration_seconds", "How long they took", families.review_seconds.clone());
        ours.register("pods_injected", "Pods that were given what they lacked", families.pods_injected.clone());
        ours.register(
            "pods_missed",
            "Pods found that should have been injected and were not",
            families.pods_missed.clone(),
        );
        ours.register("connections", "Connections now", families.connections.clone());
        ours.register("handshakes_failed", "Handshakes of TLS that failed", families.handshakes_failed.clone());
        ours.register("reloads", "Files that were read again", families.reloads.clone());
        registry.register(
            "pod_identity_webhook_used",
            "Whether a pod was injected, as amazon-eks-pod-identity-webhook tells it",
            families.peer_used.clone(),
        );
        families
    }
}
