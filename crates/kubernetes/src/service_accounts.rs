//! The cluster's service accounts, as far as they say what their pods are to get.
//!
//! Of each is kept that it is there, and those of its annotations that say so: there may be a hundred thousand, and whoever may
//! make one may give it a quarter of a megabyte of annotations.

use std::{
    collections::{BTreeMap, HashMap},
    pin::pin,
    sync::{Arc, PoisonError, RwLock},
};

use futures_util::StreamExt as _;
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::{
    Api,
    core::{ObjectMeta, PartialObjectMeta},
    runtime::watcher::Event,
};
use tokio::sync::watch;

use crate::{Connection, changes::changes};

/// What is kept of one account. None of those that EKS knows comes near it: the longest is the ARN of a role, 2,048 octets.
const MOST_ANNOTATIONS: usize = 16;
const LONGEST_VALUE: usize = 2048;
const LONGEST_KEY: usize = 64;

/// Annotations of a service account, by their keys.
pub type Annotations = BTreeMap<String, String>;

/// By namespace and name; `None`: it has no annotation that is kept.
type Accounts = HashMap<Box<str>, HashMap<Box<str>, Option<Arc<Annotations>>>>;

/// The service accounts of a cluster. Clones are the same.
#[derive(Clone, Debug)]
pub struct ServiceAccounts(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    accounts: RwLock<Accounts>,
    /// Whether all have been seen once; told with each change.
    complete: watch::Sender<bool>,
    /// Told when one that was there already says something else.
    said: watch::Sender<()>,
    none: Arc<Annotations>,
    /// How the annotations begin that are kept.
    prefixes: Vec<String>,
}

impl ServiceAccounts {
    /// The service accounts of a cluster, with their annotations that begin with one of the `prefixes` and a slash. The future
    /// follows them for as long as it is polled; it has no end.
    pub fn follow(connection: &Connection, prefixes: &[&str]) -> (Self, impl Future<Output = ()> + Send + use<>) {
        let accounts = Self(Arc::new(Inner {
            accounts: RwLock::default(),
            complete: watch::channel(false).0,
            said: watch::channel(()).0,
            none: Arc::default(),
            prefixes: prefixes.iter().map(|prefix| format!("{prefix}/")).collect(),
        }));
        let api: Api<PartialObjectMeta<ServiceAccount>> = Api::all(connection.client());
        let following = accounts.clone();
        (accounts, async move {
            // What a list has so far: until it is whole, what was known before counts.
            let mut listed = Accounts::new();
            let mut changes = pin!(changes(api, None));
            while let Some(change) = changes.next().await {
                following.take(change, &mut listed);
            }
        })
    }

    /// The annotations of an account, if it is known to be there.
    #[must_use]
    pub fn known(&self, namespace: &str, name: &str) -> Option<Arc<Annotations>> {
        let accounts = self.0.accounts.read().unwrap_or_else(PoisonError::into_inner);
        let account = accounts.get(namespace)?.get(name)?;
        Some(Arc::clone(account.as_ref().unwrap_or(&self.0.none)))
    }

    /// The annotations of an account, as soon as it is known to be there.
    pub async fn arrives(&self, namespace: &str, name: &str) -> Arc<Annotations> {
        let mut changes = self.0.complete.subscribe();
        loop {
            if let Some(annotations) = self.known(namespace, name) {
                return annotations;
            }
            if changes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Returns when the annotations of an account that is there already have become others, from the first poll on.
    pub async fn changed(&self) {
        if self.0.said.subscribe().changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Whether all have been seen once.
    #[must_use]
    pub fn are_complete(&self) -> bool {
        *self.0.complete.borrow()
    }

    fn take(&self, change: Event<PartialObjectMeta<ServiceAccount>>, listed: &mut Accounts) {
        let write = || self.0.accounts.write().unwrap_or_else(PoisonError::into_inner);
        match change {
            Event::Init => return listed.clear(),
            Event::InitApply(account) => {
                put(listed, account.metadata, &self.0.prefixes);
                return;
            }
            Event::InitDone => {
                let former = std::mem::replace(&mut *write(), std::mem::take(listed));
                self.0.complete.send_replace(true);
                if self.says_else(&former) {
                    self.0.said.send_replace(());
                }
                return;
            }
            Event::Apply(account) => {
                let says_else = put(&mut write(), account.metadata, &self.0.prefixes);
                if says_else {
                    self.0.said.send_replace(());
                }
            }
            Event::Delete(account) => remove(&mut write(), &account.metadata),
        }
        self.0.complete.send_modify(|_| ());
    }

    /// Whether one of the former accounts has other annotations now.
    fn says_else(&self, former: &Accounts) -> bool {
        let accounts = self.0.accounts.read().unwrap_or_else(PoisonError::into_inner);
        former.iter().any(|(namespace, former)| {
            let Some(accounts) = accounts.get(namespace) else { return false };
            former.iter().any(|(name, former)| accounts.get(name).is_some_and(|now| now != former))
        })
    }
}

/// Whether the account was there already, with other annotations.
fn put(accounts: &mut Accounts, account: ObjectMeta, prefixes: &[String]) -> bool {
    let (Some(namespace), Some(name)) = (account.namespace, account.name) else { return false };
    let is_kept = |key: &str, value: &str| {
        let is_asked_for = prefixes.iter().any(|prefix| key.starts_with(prefix));
        is_asked_for && key.len() <= LONGEST_KEY && value.len() <= LONGEST_VALUE
    };
    let kept = account.annotations.into_iter().flatten().filter(|(key, value)| is_kept(key, value));
    let kept: Annotations = kept.take(MOST_ANNOTATIONS).collect();
    let kept = (!kept.is_empty()).then(|| Arc::new(kept));
    let former = accounts.entry(namespace.into()).or_default().insert(name.into(), kept.clone());
    former.is_some_and(|former| former != kept)
}

fn remove(accounts: &mut Accounts, account: &ObjectMeta) {
    let (Some(namespace), Some(name)) = (&account.namespace, &account.name) else { return };
    if let Some(of_namespace) = accounts.get_mut(namespace.as_str()) {
        of_namespace.remove(name.as_str());
        if of_namespace.is_empty() {
            accounts.remove(namespace.as_str());
        }
    }
}
