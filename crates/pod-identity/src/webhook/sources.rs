//! Who has an association, and what service accounts say: ports, and what is found by asking them.

mod identities;
mod mapped;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use eks_auth::Associations;
use futures_util::{FutureExt as _, future::select_all};
use tokio::{sync::watch, time::timeout};

pub use self::{
    identities::{Identities, InvalidIdentities},
    mapped::{InvalidMappedRoles, MAP_KEY, MAP_NAME, MappedRoles},
};
use super::annotations::ServiceAccount;

/// The service accounts of the cluster, kept up to date by who implements this.
///
/// Who does so with a watch answers from what it has kept, and asks the apiserver only about what it does not have: a
/// service account that was made a moment ago.
#[async_trait]
pub trait ServiceAccounts: Send + Sync {
    /// The service account, at once, if it is known.
    fn known(&self, namespace: &str, name: &str) -> Option<Arc<ServiceAccount>>;

    /// The service account, as soon as it is known. Who asks gives up by dropping this, which costs nothing.
    async fn arrives(&self, namespace: &str, name: &str) -> Arc<ServiceAccount>;

    /// Returns when an account that is known already says something else, from the first poll on.
    async fn changed(&self);

    /// Whether all that exist are known: until then the webhook is not ready.
    fn are_complete(&self) -> bool;
}

/// Where the webhook knows from whom to inject. Each may be absent; a pod is injected if any of them says so.
#[derive(Clone, Default)]
pub struct Sources {
    /// Associations, with globs.
    pub associations: Vec<watch::Receiver<Option<Arc<Associations>>>>,
    /// The peer's file.
    pub identities: Option<watch::Receiver<Option<Arc<Identities>>>>,
    /// The cluster's service accounts. Without them there is no IRSA.
    pub service_accounts: Option<Arc<dyn ServiceAccounts>>,
    /// How long a service account that is not known yet is waited for.
    pub patience: Duration,
}

impl Sources {
    /// Whether a service account has an association.
    #[must_use]
    pub fn is_associated(&self, namespace: &str, service_account: &str) -> bool {
        let by_file = self.identities.as_ref().is_some_and(|identities| {
            identities.borrow().as_ref().is_some_and(|identities| identities.contains(namespace, service_account))
        });
        by_file
            || self.associations.iter().any(|associations| {
                let associations = associations.borrow();
                associations.as_ref().is_some_and(|all| all.find(namespace, service_account).is_some())
            })
    }

    /// A service account, if it is known.
    pub(super) fn known_service_account(&self, namespace: &str, name: &str) -> Option<Arc<ServiceAccount>> {
        self.service_accounts.as_ref()?.known(namespace, name)
    }

    /// Returns when who is to be injected may be somebody else than it was. A source that has ended tells nothing any more.
    pub async fn changed(&mut self) {
        let mut waits: Vec<_> = self.associations.iter_mut().map(|source| told(source).boxed()).collect();
        waits.extend(self.identities.iter_mut().map(|source| told(source).boxed()));
        waits.extend(self.service_accounts.iter().map(|accounts| accounts.changed()));
        if waits.is_empty() {
            std::future::pending::<()>().await;
        }
        select_all(waits).await;
    }

    /// A service account, waited for if it is not known yet.
    pub(super) async fn service_account(&self, namespace: &str, name: &str) -> Option<Arc<ServiceAccount>> {
        let accounts = self.service_accounts.as_ref()?;
        match accounts.known(namespace, name) {
            Some(account) => Some(account),
            None if self.patience.is_zero() => None,
            None => timeout(self.patience, accounts.arrives(namespace, name)).await.ok(),
        }
    }

    /// What is not known yet, if anything.
    #[must_use]
    pub fn awaited(&self) -> Option<&'static str> {
        if self.associations.iter().any(|associations| associations.borrow().is_none()) {
            return Some("the associations are not known yet");
        }
        if self.identities.as_ref().is_some_and(|identities| identities.borrow().is_none()) {
            return Some("the file of identities could not be read yet");
        }
        let are_complete = self.service_accounts.as_ref().is_none_or(|accounts| accounts.are_complete());
        (!are_complete).then_some("the service accounts are not known yet")
    }
}

async fn told<T>(source: &mut watch::Receiver<T>) {
    if source.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}
