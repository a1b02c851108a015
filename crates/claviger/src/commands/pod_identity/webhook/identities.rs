//! The peer's file of identities, read again when it changes.

use std::{path::PathBuf, sync::Arc};

use pod_identity::webhook::Identities;
use tokio::sync::watch;

/// The file, and who hears of what is in it.
pub(super) struct IdentitiesFile {
    path: PathBuf,
    publish: watch::Sender<Option<Arc<Identities>>>,
}

impl IdentitiesFile {
    pub(super) fn new(path: PathBuf) -> (Self, watch::Receiver<Option<Arc<Identities>>>) {
        let (publish, identities) = watch::channel(None);
        (Self { path, publish }, identities)
    }

    /// Reads it. What was read before goes on to count where it cannot be read or is none. Says whether all is well.
    pub(super) fn load(&self) -> bool {
        let read = std::fs::read(&self.path).map_err(|error| error.to_string());
        match read.and_then(|text| Identities::parse(&text).map_err(|error| error.to_string())) {
            Ok(identities) => {
                tracing::info!(file = %self.path.display(), identities = identities.len(), "identities read");
                self.publish.send_replace(Some(Arc::new(identities)));
                true
            }
            Err(error) => {
                tracing::error!(file = %self.path.display(), error, "cannot read the identities; what was read before counts");
                false
            }
        }
    }
}
