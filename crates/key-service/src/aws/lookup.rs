//! Looking something up that may take longer than a call waits.

use std::{future::Future, sync::Arc};

use aws_credential_types::{
    Credentials,
    provider::{self, ProvideCredentials, SharedCredentialsProvider, error::CredentialsError, future},
};
use tokio::{
    sync::Mutex,
    task::{JoinError, JoinHandle},
};

/// One lookup at a time. It goes on when whoever asked for it gives up, and its outcome is for who asks next.
///
/// A call gives up within seconds. Instance metadata that is out of reach and a slow credential process take longer: a
/// lookup that every call begins anew would never end, and nobody would hear what is wrong.
#[derive(Debug)]
pub(super) struct Lookup<T>(Mutex<Option<JoinHandle<T>>>);

impl<T> Default for Lookup<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Send + 'static> Lookup<T> {
    /// The outcome of the lookup that is under way, or else of `begun`.
    ///
    /// # Errors
    /// When the lookup crashed.
    pub(super) async fn outcome(&self, begun: impl Future<Output = T> + Send + 'static) -> Result<T, JoinError> {
        let mut under_way = self.0.lock().await;
        // Dropped while it waits here, it leaves the task to the next.
        let outcome = under_way.get_or_insert_with(|| tokio::spawn(begun)).await;
        *under_way = None;
        outcome
    }

    /// Whether there is one that has not ended.
    pub(super) fn is_under_way(&self) -> bool {
        // Locked: somebody waits for it.
        self.0.try_lock().map_or(true, |task| task.as_ref().is_some_and(|task| !task.is_finished()))
    }
}

/// Credentials from `source`, looked up apart from the calls that need them.
#[derive(Clone, Debug)]
pub(super) struct LookedUpCredentials {
    source: SharedCredentialsProvider,
    lookup: Arc<Lookup<provider::Result>>,
}

impl LookedUpCredentials {
    pub(super) fn new(source: SharedCredentialsProvider) -> Self {
        Self { source, lookup: Arc::default() }
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.lookup.is_under_way()
    }

    pub(super) async fn look_up(&self) -> provider::Result {
        let source = self.source.clone();
        let outcome = self.lookup.outcome(async move { source.provide_credentials().await }).await;
        outcome.unwrap_or_else(|crashed| Err(CredentialsError::provider_error(crashed)))
    }
}

impl ProvideCredentials for LookedUpCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.look_up())
    }

    fn fallback_on_interrupt(&self) -> Option<Credentials> {
        self.source.fallback_on_interrupt()
    }
}
