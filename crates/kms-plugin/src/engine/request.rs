//! One Encrypt or Decrypt, from its arrival to its line in the audit log.

use std::time::SystemTime;

use tokio::time::Instant;

use super::Engine;
use crate::{
    audit::{KeyId, Outcome, Record},
    caller::CallerInfo,
    metrics::Operation,
    policy::Refusal,
    status::PublishedKey,
};

/// A request under way. Dropped without an outcome, it was abandoned: that is told, too, for the key service may
/// have been called.
pub(super) struct Request<'a> {
    engine: &'a Engine,
    operation: Operation,
    caller: &'a CallerInfo,
    key_id: KeyId,
    material: Option<String>,
    outcome: Outcome,
    pub(super) started: Instant,
}

impl<'a> Request<'a> {
    pub(super) fn begin(engine: &'a Engine, operation: Operation, caller: &'a CallerInfo, key_id: KeyId) -> Self {
        let (material, outcome, started) = (None, Outcome::Abandoned, Instant::now());
        Self { engine, operation, caller, key_id, material, outcome, started }
    }

    pub(super) fn sealed(mut self, key_id: PublishedKey, material: Option<String>) {
        self.key_id = KeyId::Published(key_id);
        self.material = material;
        self.outcome = Outcome::Done;
    }

    pub(super) fn opened(mut self, material: Option<String>, shared: bool) {
        self.material = material;
        self.outcome = if shared { Outcome::Shared } else { Outcome::Done };
    }

    pub(super) fn refused(mut self, refusal: Refusal) -> Refusal {
        self.outcome = Outcome::Refused(refusal.clone());
        refusal
    }
}

impl Drop for Request<'_> {
    fn drop(&mut self) {
        let took = self.started.elapsed();
        let outcome = match &self.outcome {
            Outcome::Done | Outcome::Shared => "ok",
            Outcome::Refused(refusal) => refusal.class.as_str(),
            Outcome::Abandoned => "abandoned",
        };
        self.engine.metrics.requested(self.operation, self.caller.api, outcome, took);
        if self.engine.audit.is_kept() {
            self.engine.audit.record(Record {
                time: SystemTime::now(),
                operation: self.operation.as_str(),
                caller: self.caller.clone(),
                key: self.engine.name.clone(),
                key_id: std::mem::replace(&mut self.key_id, KeyId::None),
                material: self.material.take(),
                outcome: std::mem::replace(&mut self.outcome, Outcome::Abandoned),
                took,
            });
        }
    }
}
