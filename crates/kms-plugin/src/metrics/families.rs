//! The metrics themselves: names, help and buckets.

use std::sync::atomic::AtomicU64;

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

use super::labels::{CallDuration, CallLabels, KeyLabel, LaneLabels, PeerLabels, RequestDuration, RequestLabels};

type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;

#[derive(Debug)]
pub(super) struct Families {
    pub(super) requests: Family<RequestLabels, Counter>,
    pub(super) request_seconds: Histograms<RequestDuration>,
    pub(super) shared_decrypts: Family<KeyLabel, Counter>,
    pub(super) calls: Family<CallLabels, Counter>,
    pub(super) call_seconds: Histograms<CallDuration>,
    pub(super) queued: Family<LaneLabels, Counter>,
    pub(super) limit: Family<KeyLabel, Gauge>,
    pub(super) status_ok: Family<KeyLabel, Gauge>,
    pub(super) key_id_pending: Family<KeyLabel, Gauge>,
    pub(super) key_id_changes: Family<KeyLabel, Counter>,
    pub(super) last_good_probe: Family<KeyLabel, Gauge<f64, AtomicU64>>,
    pub(super) audit_records: Counter,
    pub(super) audit_dropped: Counter,
    pub(super) peer_operations: Family<PeerLabels, Counter>,
    pub(super) peer_latency: Histograms<PeerLabels>,
}

impl Families {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let families = Self {
            requests: Family::default(),
            request_seconds: histograms(|| Histogram::new(exponential_buckets(0.000_25, 2.0, 15))),
            shared_decrypts: Family::default(),
            calls: Family::default(),
            call_seconds: histograms(|| Histogram::new(exponential_buckets(0.000_25, 2.0, 15))),
            queued: Family::default(),
            limit: Family::default(),
            status_ok: Family::default(),
            key_id_pending: Family::default(),
            key_id_changes: Family::default(),
            last_good_probe: Family::default(),
            audit_records: Counter::default(),
            audit_dropped: Counter::default(),
            peer_operations: Family::default(),
            // aws-encryption-provider's own buckets: 2 ms, doubled 13 times.
            peer_latency: histograms(|| Histogram::new(exponential_buckets(2.0, 2.0, 14))),
        };
        families.register_ours(registry.sub_registry_with_prefix("claviger_kms"));
        registry.register(
            "aws_encryption_provider_kms_operations",
            "Calls to the key service, as aws-encryption-provider counts them",
            families.peer_operations.clone(),
        );
        registry.register(
            "aws_encryption_provider_kms_operation_latency_ms",
            "Milliseconds of the calls to the key service, as aws-encryption-provider measures them",
            families.peer_latency.clone(),
        );
        families
    }

    fn register_ours(&self, registry: &mut Registry) {
        registry.register(
            "requests",
            "What apiservers asked for, by outcome: ok, abandoned or a class of docs/reference/errors.md",
            self.requests.clone(),
        );
        registry.register("request_duration_seconds", "How long they took", self.request_seconds.clone());
        registry.register("shared_decrypts", "Decrypts that shared a call under way", self.shared_decrypts.clone());
        registry.register("key_service_calls", "Calls to the key service", self.calls.clone());
        registry.register("key_service_call_duration_seconds", "How long they took", self.call_seconds.clone());
        registry.register(
            "queued",
            "Calls that had to wait for a turn, or got none: decrypts go before encrypts before probes",
            self.queued.clone(),
        );
        registry.register("calls_in_flight_limit", "How many calls may be in flight now", self.limit.clone());
        registry.register("status_ok", "Whether Status is good, as of the last probe", self.status_ok.clone());
        registry.register(
            "key_id_pending",
            "Whether probes see another key_id than the published one",
            self.key_id_pending.clone(),
        );
        registry.register("key_id_changes", "Published key_ids, the first one included", self.key_id_changes.clone());
        registry.register(
            "last_good_probe_timestamp_seconds",
            "When a probe last sealed and opened, in seconds since 1970",
            self.last_good_probe.clone(),
        );
        registry.register("audit_records", "Audit records written", self.audit_records.clone());
        registry.register("audit_records_dropped", "Audit records lost to a slow disk", self.audit_dropped.clone());
    }
}

fn histograms<L: Clone + std::hash::Hash + Eq + EncodeLabelSet>(make: fn() -> Histogram) -> Histograms<L> {
    Family::new_with_constructor(make)
}
