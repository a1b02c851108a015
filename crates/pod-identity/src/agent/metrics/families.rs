//! The metrics themselves: names, help, labels and buckets.

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

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct OutcomeLabel {
    pub(super) outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct EventLabel {
    pub(super) event: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct FamilyLabel {
    pub(super) host: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct CodeLabel {
    pub(super) code: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct StateLabel {
    pub(super) state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ErrorLabels {
    pub(super) r#type: &'static str,
    pub(super) code: String,
}

#[derive(Debug)]
pub(super) struct Families {
    pub(super) requests: Family<OutcomeLabel, Counter>,
    pub(super) cache_events: Family<EventLabel, Counter>,
    pub(super) cache_entries: Gauge,
    pub(super) calls: Family<OutcomeLabel, Counter>,
    pub(super) call_seconds: Histogram,
    pub(super) bound: Family<FamilyLabel, Gauge>,
    pub(super) connections: Gauge,
    pub(super) peer_responses: Family<CodeLabel, Gauge>,
    pub(super) peer_cache_state: Family<StateLabel, Gauge>,
    pub(super) peer_cache_errors: Family<ErrorLabels, Gauge>,
}

impl Families {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let families = Self {
            requests: Family::default(),
            cache_events: Family::default(),
            cache_entries: Gauge::default(),
            calls: Family::default(),
            call_seconds: Histogram::new(exponential_buckets(0.001, 2.0, 14)),
            bound: Family::default(),
            connections: Gauge::default(),
            peer_responses: Family::default(),
            peer_cache_state: Family::default(),
            peer_cache_errors: Family::default(),
        };
        let ours = registry.sub_registry_with_prefix("claviger_agent");
        ours.register("requests", "What pods asked for, by outcome", families.requests.clone());
        ours.register("cache_events", "What the cache did", families.cache_events.clone());
        ours.register("cache_entries", "Credentials kept", families.cache_entries.clone());
        ours.register("upstream_calls", "Calls of the source of credentials", families.calls.clone());
        ours.register("upstream_call_duration_seconds", "How long they took", families.call_seconds.clone());
        ours.register("bound", "Whether a host is bound", families.bound.clone());
        ours.register("connections", "Connections of pods now", families.connections.clone());
        // Names of the peer's counters, which end without `_total`: in OpenMetrics a counter cannot, a gauge can.
        registry.register(
            "pod_identity_http_response",
            "Answers by their status, as eks-pod-identity-agent counts them",
            families.peer_responses.clone(),
        );
        registry.register(
            "pod_identity_cache_state",
            "What the cache did, as eks-pod-identity-agent counts it",
            families.peer_cache_state.clone(),
        );
        registry.register(
            "pod_identity_cache_errors",
            "Credentials dropped since the source takes them back, as eks-pod-identity-agent counts them",
            families.peer_cache_errors.clone(),
        );
        families
    }
}
