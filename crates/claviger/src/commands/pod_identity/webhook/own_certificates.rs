//! Certificates of the webhook's own making, kept in a Secret that all replicas share.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use kubernetes::{CallError, Connection, SecretError, SecretStore, trust_authorities};
use pod_identity::{
    Certificate, CertificateError,
    webhook::{
        Metrics,
        certificates::{Kept, MakeError, NotOurs, after_loss, renewed},
    },
};
use tokio::time::sleep;

/// How often the Secret is looked at.
const LOOK: Duration = Duration::from_secs(60);
/// How soon it is looked at again after a failure, and while there is no certificate at all.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// What the certificates are for, and where they are kept.
pub(super) struct OwnCertificates {
    pub(super) connection: Connection,
    pub(super) store: SecretStore,
    /// The `MutatingWebhookConfiguration` whose caBundle is kept.
    pub(super) configuration: String,
    pub(super) names: Vec<String>,
    pub(super) certificate: Arc<Certificate>,
    pub(super) metrics: Metrics,
}

#[derive(Debug, thiserror::Error)]
enum KeepError {
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    NotOurs(#[from] NotOurs),
    #[error(transparent)]
    Make(#[from] MakeError),
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error("cannot write what is kept: {0}")]
    Json(#[from] serde_json::Error),
}

impl OwnCertificates {
    /// Keeps them good for as long as it is polled; it has no end.
    pub(super) async fn keep(self) {
        let mut held = None;
        loop {
            let kept = self.look(&mut held).await;
            if let Err(error) = &kept {
                tracing::error!(%error, "cannot see to the webhook's certificate; the former one stays in force");
                self.metrics.reloaded(false);
            }
            sleep(if kept.is_ok() { LOOK } else { LOOK_AGAIN }).await;
        }
    }

    /// `held` is what was taken last: where the Secret is emptied, replicas go on to speak by that.
    async fn look(&self, held: &mut Option<Kept>) -> Result<(), KeepError> {
        loop {
            let read = self.store.read().await?;
            let (kept, now) = (Kept::read(&read.data)?, Timestamp::now());
            let next = match (&kept, &held) {
                (None, Some(held)) => Some(after_loss(held, &self.names, now)?),
                (kept, _) => renewed(kept.as_ref(), &self.names, now)?,
            };
            let Some(next) = next else {
                let Some(kept) = kept else { return Ok(()) };
                self.take(&kept).await?;
                *held = Some(kept);
                return Ok(());
            };
            // Another replica may have been faster: then its word counts.
            if self.store.write(&read, next.write()?).await? {
                tracing::info!(ends = %next.ends(), "the webhook's certificates were renewed");
            }
        }
    }

    /// Speaks by it, and has the apiserver trust it. The first is spoken by only when it is trusted: until then this replica is
    /// not ready, and no review comes to one that the apiserver does not believe. A later one is by an authority that it does.
    async fn take(&self, kept: &Kept) -> Result<(), KeepError> {
        let is_first = !self.certificate.is_there();
        if is_first {
            self.trust(kept).await?;
        }
        if self.certificate.put(kept.certificate(), kept.key())? {
            self.metrics.reloaded(true);
            tracing::info!(ends = %kept.ends(), "a new certificate is in force");
        }
        if is_first { Ok(()) } else { self.trust(kept).await }
    }

    async fn trust(&self, kept: &Kept) -> Result<(), KeepError> {
        let authorities = kept.authorities();
        Ok(trust_authorities(&self.connection, &self.configuration, authorities.as_bytes()).await?)
    }
}
