//! What the plugin counts: ours, and aws-encryption-provider's names beside them, so that dashboards and alerts
//! written for it go on working.

mod families;
mod labels;

use std::{sync::Arc, time::Duration};

use key_service::ErrorClass;
use prometheus_client::{metrics::counter::Counter, registry::Registry};

use self::{
    families::Families,
    labels::{CallDuration, CallLabels, KeyLabel, LaneLabels, PeerLabels, RequestDuration, RequestLabels},
};
use crate::{caller::Api, engine::Lane};

/// What was asked of the plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Operation {
    Status,
    Encrypt,
    Decrypt,
}

/// What was asked of the key service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    Seal,
    Open,
}

/// What a call to the key service was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Purpose {
    Request,
    Proof,
    Probe,
}

/// Every metric of every key of the process.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Families>);

/// The metrics of one key.
#[derive(Debug)]
pub(crate) struct KeyMetrics {
    families: Arc<Families>,
    key: Arc<str>,
}

impl Metrics {
    /// Registers every metric.
    pub fn register(registry: &mut Registry) -> Self {
        Self(Arc::new(Families::register(registry)))
    }

    pub(crate) fn of_key(&self, key: &str) -> KeyMetrics {
        KeyMetrics { families: self.0.clone(), key: key.into() }
    }

    /// The audit writer's counters: records written, records dropped.
    pub(crate) fn audit(&self) -> (Counter, Counter) {
        (self.0.audit_records.clone(), self.0.audit_dropped.clone())
    }
}

impl KeyMetrics {
    fn key(&self) -> KeyLabel {
        KeyLabel { key: self.key.clone() }
    }

    /// `outcome`: `ok`, the class of a refusal, or `abandoned` when the caller did not wait.
    pub(crate) fn requested(&self, operation: Operation, api: Api, outcome: &'static str, took: Duration) {
        let operation = operation.as_str();
        let labels = RequestLabels { key: self.key.clone(), operation, api: api.as_str(), outcome };
        self.families.requests.get_or_create(&labels).inc();
        let labels = RequestDuration { key: self.key.clone(), operation };
        self.families.request_seconds.get_or_create(&labels).observe(took.as_secs_f64());
    }

    pub(crate) fn shared(&self) {
        self.families.shared_decrypts.get_or_create(&self.key()).inc();
    }

    pub(crate) fn called(&self, call: Call, purpose: Purpose, api: Api, error: Option<ErrorClass>, took: Duration) {
        let outcome = error.map_or("ok", ErrorClass::as_str);
        let (name, purpose) = (call.as_str(), purpose.as_str());
        let labels = CallLabels { key: self.key.clone(), call: name, purpose, outcome };
        self.families.calls.get_or_create(&labels).inc();
        let labels = CallDuration { key: self.key.clone(), call: name };
        self.families.call_seconds.get_or_create(&labels).observe(took.as_secs_f64());

        let labels = PeerLabels::new(self.key.clone(), call, api, error);
        self.families.peer_operations.get_or_create(&labels).inc();
        self.families.peer_latency.get_or_create(&labels).observe(took.as_secs_f64() * 1000.0);
    }

    pub(crate) fn limited_to(&self, calls: usize) {
        self.families.limit.get_or_create(&self.key()).set(i64::try_from(calls).unwrap_or(i64::MAX));
    }

    pub(crate) fn queued(&self, lane: Lane) {
        self.families.queued.get_or_create(&LaneLabels { key: self.key.clone(), lane: lane.as_str() }).inc();
    }

    pub(crate) fn key_id_published(&self) {
        self.families.key_id_changes.get_or_create(&self.key()).inc();
    }

    pub(crate) fn probed(&self, status_ok: bool, well: bool, pending: bool) {
        let key = self.key();
        self.families.status_ok.get_or_create(&key).set(status_ok.into());
        self.families.key_id_pending.get_or_create(&key).set(pending.into());
        if well {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            self.families.last_good_probe.get_or_create(&key).set(now.as_secs_f64());
        }
    }
}

impl Operation {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Encrypt => "encrypt",
            Self::Decrypt => "decrypt",
        }
    }
}

impl Call {
    fn as_str(self) -> &'static str {
        match self {
            Self::Seal => "seal",
            Self::Open => "open",
        }
    }
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Proof => "proof",
            Self::Probe => "probe",
        }
    }
}

impl Lane {
    fn as_str(self) -> &'static str {
        match self {
            Self::Decrypt => "decrypt",
            Self::Encrypt => "encrypt",
            Self::Probe => "probe",
        }
    }
}
