//! Credentials, looked up once and kept while they last.

use std::time::{Duration, SystemTime};

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider, error::CredentialsError},
};
use tokio::sync::Mutex;

/// Credentials that end sooner are looked up anew: a call with its retries takes a while.
const SPARE: Duration = Duration::from_secs(60);

/// Why a call cannot be signed.
#[derive(Debug, thiserror::Error)]
pub enum NoCredentials {
    /// The settings name no source of any.
    #[error("no source of AWS credentials is configured")]
    NoSource,
    /// The source has none.
    #[error("{}", told(.0))]
    Source(#[source] CredentialsError),
}

/// The errors of sources have their reason inside.
fn told(error: &CredentialsError) -> String {
    let mut text = error.to_string();
    let mut inner = std::error::Error::source(error);
    while let Some(error) = inner {
        text = format!("{text}: {error}");
        inner = error.source();
    }
    text
}

/// The source, and what it gave last. One call looks up, the others of the moment wait for it.
pub(crate) struct Known {
    source: Option<SharedCredentialsProvider>,
    last: Mutex<Option<Credentials>>,
}

impl Known {
    pub(crate) fn new(source: Option<SharedCredentialsProvider>) -> Self {
        Self { source, last: Mutex::new(None) }
    }

    pub(crate) async fn get(&self) -> Result<Credentials, NoCredentials> {
        let source = self.source.as_ref().ok_or(NoCredentials::NoSource)?;
        let mut last = self.last.lock().await;
        let soon = SystemTime::now().checked_add(SPARE);
        let lasts = |known: &&Credentials| known.expiry().is_none_or(|end| soon.is_some_and(|soon| end > soon));
        if let Some(known) = last.as_ref().filter(lasts) {
            return Ok(known.clone());
        }
        let fresh = source.provide_credentials().await.map_err(NoCredentials::Source)?;
        *last = Some(fresh.clone());
        Ok(fresh)
    }
}
