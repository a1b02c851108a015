//! Associations that service accounts make themselves, by an annotation, as for IRSA: then it is the role's trust policy
//! that says whose pods may have it.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    pin::pin,
    sync::Arc,
};

use aws_model::Arn;
use eks_auth::{Association, Associations, NamePattern};
use futures_util::StreamExt as _;
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::{
    Api,
    core::{ObjectMeta, PartialObjectMeta},
    runtime::watcher::Event,
};
use tokio::sync::watch;

use super::{
    feed::AssociationsReceiver,
    spec::{id, is_role},
};
use crate::{Connection, changes::changes};

/// The annotation that names the role. IRSA's is another one, so that a service account says which of both it means.
pub const ROLE_ANNOTATION: &str = "pod-identity.claviger.dev/role-arn";

/// Source: AWS STS API Reference, "AssumeRole", `RoleArn`.
const LONGEST_ARN: usize = 2048;

/// By namespace and name. `None`: what its annotation says is no role, which has been told.
type Accounts = BTreeMap<(String, String), Option<Association>>;

/// The associations of the annotated service accounts of a cluster: `None` until all have been seen once. The future follows
/// them for as long as it is polled; it has no end.
pub fn follow_annotated_associations(
    connection: &Connection,
) -> (AssociationsReceiver, impl Future<Output = ()> + Send + use<>) {
    let (publish, receiver) = watch::channel(None);
    let api: Api<PartialObjectMeta<ServiceAccount>> = Api::all(connection.client());
    let following = async move {
        // What a list has so far: until it is whole, what was known before counts.
        let (mut accounts, mut listed) = (Accounts::new(), Accounts::new());
        let mut changes = pin!(changes(api, None));
        while let Some(change) = changes.next().await {
            let has_changed = match change {
                Event::Init => {
                    listed.clear();
                    false
                }
                Event::InitApply(account) => {
                    // A list has what was there before: what was told of that is told.
                    let is_told = is_told(&accounts, &account.metadata);
                    put(&mut listed, &account.metadata, is_told);
                    false
                }
                Event::InitDone => {
                    let former = std::mem::replace(&mut accounts, std::mem::take(&mut listed));
                    former != accounts || publish.borrow().is_none()
                }
                Event::Apply(account) => {
                    let is_told = is_told(&accounts, &account.metadata);
                    put(&mut accounts, &account.metadata, is_told)
                }
                Event::Delete(account) => accounts.remove(&key(&account.metadata)).is_some(),
            };
            if has_changed {
                let named = accounts.values().flatten().cloned();
                // Each is of another service account.
                publish.send_replace(Some(Arc::new(Associations::all_but_refused(named).0)));
            }
        }
    };
    (receiver, following)
}

/// Whether it has been told that the account's annotation is no role.
fn is_told(accounts: &Accounts, account: &ObjectMeta) -> bool {
    matches!(accounts.get(&key(account)), Some(None))
}

/// Whether anything is another than it was.
fn put(accounts: &mut Accounts, account: &ObjectMeta, is_told: bool) -> bool {
    let key = key(account);
    let Some(text) = account.annotations.as_ref().and_then(|all| all.get(ROLE_ANNOTATION)) else {
        return accounts.remove(&key).is_some();
    };
    let named = association(account, &key, text);
    if named.is_none() && !is_told {
        let (namespace, name) = &key;
        tracing::warn!(
            namespace,
            service_account = name,
            "its annotation {ROLE_ANNOTATION} is not the ARN of a role, as arn:aws:iam::111122223333:role/NAME"
        );
    }
    match accounts.entry(key) {
        Entry::Occupied(entry) if *entry.get() == named => false,
        entry => {
            entry.insert_entry(named);
            true
        }
    }
}

/// Whether an annotation's text is the ARN of a role.
#[must_use]
pub fn names_role(text: &str) -> bool {
    role(text).is_some()
}

fn role(text: &str) -> Option<Arn> {
    text.parse().ok().filter(|arn| text.len() <= LONGEST_ARN && is_role(arn))
}

fn association(account: &ObjectMeta, (namespace, name): &(String, String), text: &str) -> Option<Association> {
    let role = role(text)?;
    // With the six tags: without them no trust policy could tell namespaces apart.
    Some(Association::new(id(account), NamePattern::exact(namespace), NamePattern::exact(name), role))
}

fn key(account: &ObjectMeta) -> (String, String) {
    (account.namespace.clone().unwrap_or_default(), account.name.clone().unwrap_or_default())
}
