//! What the side port says of one key.

use daemon::http::Health;
use tokio::time::Instant;

use super::Engine;

impl Health for Engine {
    fn name(&self) -> &str {
        &self.name
    }

    /// Never errs because of what users or AWS do (disabled, denied, throttled, away): a restart would only throw
    /// away what still works. It errs when the prober is dead or stuck, or when bytes are being mangled here.
    fn live(&self) -> Result<(), String> {
        let snapshot = self.board.snapshot();
        let (in_force_for, stale_after) = {
            let in_force = self.in_force.borrow();
            (in_force.since.elapsed(), in_force.stale_after())
        };
        // Under an interval that was longer before, the last probe may be older than it would be now.
        let silent_for = snapshot.age(Instant::now()).map_or(in_force_for, |age| age.min(in_force_for));
        if self.prober.is_finished() {
            return Err("the task that probes the key has stopped".to_owned());
        }
        if silent_for > stale_after {
            return Err(format!("the key was last probed {} s ago: the task hangs", silent_for.as_secs()));
        }
        match snapshot.wants_restart() {
            Some(failure) => Err(format!("{}: {}", failure.class, failure.message)),
            None => Ok(()),
        }
    }

    /// As Status.
    fn ready(&self) -> Result<(), String> {
        let verdict = self.board.snapshot().verdict(Instant::now()).map(|_| ());
        verdict.map_err(|refusal| refusal.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use key_service::keyring::{self, Keyring};
    use prometheus_client::registry::Registry;

    use super::*;
    use crate::{
        audit::AuditLog,
        caller::Api,
        engine::{EngineSettings, Gate},
        metrics::Metrics,
    };

    #[tokio::test]
    async fn a_prober_that_has_ended_fails_livez() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keyring.json");
        keyring::create(&path).unwrap();
        let key = Arc::new(Keyring::open(&path).unwrap());
        let metrics = Metrics::register(&mut Registry::default());
        let engine = Engine::start(key, Gate::new(8, None), EngineSettings::default(), &metrics, AuditLog::disabled());
        engine.status(Api::V2).await.unwrap();
        assert_eq!(engine.live(), Ok(()));
        engine.prober.abort();
        while !engine.prober.is_finished() {
            tokio::task::yield_now().await;
        }
        assert_eq!(engine.live(), Err("the task that probes the key has stopped".to_owned()));
        assert_eq!(engine.ready(), Ok(()), "its last probe was good");
    }
}
