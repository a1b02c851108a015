//! The metrics themselves: names, help, labels and buckets.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets, linear_buckets},
    },
    registry::Registry,
};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct OutcomeLabel {
    pub(super) outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ClusterLabel {
    pub(super) cluster: String,
}

#[derive(Debug)]
pub(super) struct Families {
    pub(super) requests: Family<OutcomeLabel, Counter>,
    pub(super) calls: Family<OutcomeLabel, Counter>,
    pub(super) call_seconds: Histogram,
    pub(super) packed: Histogram,
    pub(super) associations: Family<ClusterLabel, Gauge>,
    pub(super) associations_read: Family<OutcomeLabel, Counter>,
    pub(super) connections: Gauge,
    pub(super) failed_handshakes: Counter,
    pub(super) waiting: Gauge,
}

impl Families {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let families = Self {
            requests: Family::default(),
            calls: Family::default(),
            call_seconds: Histogram::new(exponential_buckets(0.001, 2.0, 14)),
            packed: Histogram::new(linear_buckets(10.0, 10.0, 10)),
            associations: Family::default(),
            associations_read: Family::default(),
            connections: Gauge::default(),
            failed_handshakes: Counter::default(),
            waiting: Gauge::default(),
        };
        let ours = registry.sub_registry_with_prefix("claviger_broker");
        ours.register("requests", "What agents asked for, by outcome", families.requests.clone());
        ours.register("role_calls", "Calls of STS to assume roles, by outcome", families.calls.clone());
        ours.register("role_call_duration_seconds", "How long they took", families.call_seconds.clone());
        ours.register(
            "packed_size_percent",
            "How much of what STS packs the tags and policies of sessions took",
            families.packed.clone(),
        );
        ours.register("associations", "Associations of a cluster now", families.associations.clone());
        ours.register(
            "associations_read",
            "How often associations were read, or could not be",
            families.associations_read.clone(),
        );
        ours.register("connections", "Connections now", families.connections.clone());
        ours.register("failed_handshakes", "Handshakes of TLS that failed", families.failed_handshakes.clone());
        ours.register("waiting", "Agents that wait to hear of changed associations", families.waiting.clone());
        families
    }
}
