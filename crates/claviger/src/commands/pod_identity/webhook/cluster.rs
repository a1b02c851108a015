//! What the webhook has of its cluster: service accounts, and associations that are custom resources.

use std::{env, future::pending, path::PathBuf, sync::Arc};

use async_trait::async_trait;
use kubernetes::{
    Annotations, ApiServer, AssociationsReceiver, ConfigMapFeed, Connection, ROLE_ANNOTATION, Reporter,
    follow_associations, follow_config_map, names_role,
};
use pod_identity::webhook::{MAP_KEY, MAP_NAME, MappedRoles, ServiceAccount, ServiceAccounts};
use tokio::sync::watch;

use super::{super::beside::Beside, flags::AssociationsFrom};
use crate::failure::Failure;

/// Kubernetes sets it in every pod.
const IN_POD: &str = "KUBERNETES_SERVICE_HOST";
/// How the annotation begins by which a service account names its association's role.
const ANNOTATION_PREFIX: &str = "pod-identity.claviger.dev";
/// Its own name, for those who read events.
const POD_NAME: &str = "HOSTNAME";

/// A cluster that is followed beside what asks for it.
pub(super) struct Cluster {
    pub(super) connection: Connection,
    pub(super) service_accounts: Arc<dyn ServiceAccounts>,
    pub(super) associations: Option<AssociationsReceiver>,
}

impl Cluster {
    /// The one of a kubeconfig, or of the pod that this is in; none, outside a pod.
    pub(super) async fn follow(
        kubeconfig: Option<PathBuf>,
        associations: &[AssociationsFrom],
        prefix: &str,
        map_namespace: Option<&str>,
        beside: &mut Beside,
    ) -> Result<Option<Self>, Failure> {
        let is_of_cluster =
            |from: &AssociationsFrom| matches!(from, AssociationsFrom::Kubernetes | AssociationsFrom::Annotations);
        let place = match kubeconfig {
            Some(path) => ApiServer::Kubeconfig(path),
            None if env::var_os(IN_POD).is_some() => ApiServer::InCluster,
            None if map_namespace.is_some() || associations.iter().any(is_of_cluster) => {
                return Err(Failure::new("there is no apiserver where associations or a ConfigMap could be watched")
                    .help("name it with --kubeconfig FILE"));
            }
            None => return Ok(None),
        };
        let connection = Connection::open(&place).await?;
        let is_annotated = associations.contains(&AssociationsFrom::Annotations);
        // One watch for both: what a review waits for is all of the service account.
        let prefixes: Vec<_> = [prefix].into_iter().chain(is_annotated.then_some(ANNOTATION_PREFIX)).collect();
        let (accounts, follow) = kubernetes::ServiceAccounts::follow(&connection, &prefixes);
        beside.spawn("the watch of service accounts", follow);
        let associations = associations.contains(&AssociationsFrom::Kubernetes).then(|| {
            let (associations, follow) = follow_associations(&connection);
            beside.spawn("the watch of PodIdentityAssociations", follow);
            associations
        });
        let mapped = map_namespace.map(|namespace| {
            let (map, follow) = follow_config_map(&connection, namespace, MAP_NAME);
            beside.spawn("the watch of the ConfigMap of roles", follow);
            let (publish, mapped) = watch::channel(None);
            beside.spawn("what reads the ConfigMap of roles", read_each(map, publish));
            mapped
        });
        let kept = Kept { accounts, prefix: prefix.to_owned(), is_annotated, mapped };
        let service_accounts: Arc<dyn ServiceAccounts> = Arc::new(kept);
        Ok(Some(Self { connection, service_accounts, associations }))
    }
}

/// Who tells, in events.
pub(super) fn reporter() -> Reporter {
    let instance = env::var(POD_NAME).ok().filter(|name| !name.is_empty());
    Reporter { controller: "claviger.dev/webhook", instance: instance.unwrap_or_else(|| "webhook".to_owned()) }
}

/// Service accounts as the webhook asks for them.
struct Kept {
    accounts: kubernetes::ServiceAccounts,
    prefix: String,
    /// Whether accounts may name the roles of their associations themselves.
    is_annotated: bool,
    /// Roles of those that name none, where a ConfigMap is watched.
    mapped: Option<MappedFeed>,
}

/// `None`: it is not known yet.
type MappedFeed = watch::Receiver<Option<Arc<MappedRoles>>>;

/// Reads the ConfigMap each time that it has changed; one that is none leaves the former in force.
async fn read_each(mut map: ConfigMapFeed, publish: watch::Sender<Option<Arc<MappedRoles>>>) {
    while map.changed().await.is_ok() {
        let Some(data) = map.borrow_and_update().clone() else { continue };
        match MappedRoles::parse(data.get(MAP_KEY).map_or("", String::as_str)) {
            Ok(roles) => {
                tracing::info!(entries = roles.len(), "read roles from the ConfigMap {MAP_NAME}");
                publish.send_replace(Some(Arc::new(roles)));
            }
            Err(error) => {
                tracing::error!(%error, "`{MAP_KEY}` of the ConfigMap {MAP_NAME} cannot be read; what was read before counts");
            }
        }
    }
}

/// Returns when the map has become another, from the first poll on.
async fn another_map(mapped: Option<&MappedFeed>) {
    let Some(mut mapped) = mapped.cloned() else { return pending().await };
    mapped.mark_unchanged();
    if mapped.changed().await.is_err() {
        pending::<()>().await;
    }
}

impl Kept {
    fn read(&self, annotations: &Annotations, namespace: &str, name: &str) -> Arc<ServiceAccount> {
        let is_associated = self.is_annotated && annotations.get(ROLE_ANNOTATION).is_some_and(|text| names_role(text));
        let annotations = annotations.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let mut account = ServiceAccount::of(annotations, &self.prefix);
        account.is_associated = is_associated;
        Arc::new(match self.mapped() {
            Some(roles) => account.or_mapped(&roles, namespace, name),
            None => account,
        })
    }

    fn mapped(&self) -> Option<Arc<MappedRoles>> {
        self.mapped.as_ref()?.borrow().clone()
    }
}

#[async_trait]
impl ServiceAccounts for Kept {
    fn known(&self, namespace: &str, name: &str) -> Option<Arc<ServiceAccount>> {
        if let Some(annotations) = self.accounts.known(namespace, name) {
            return Some(self.read(&annotations, namespace, name));
        }
        // One that has a role already is not waited for, as by the peer.
        let account = ServiceAccount::default().or_mapped(&*self.mapped()?, namespace, name);
        account.has_role().then(|| Arc::new(account))
    }

    async fn arrives(&self, namespace: &str, name: &str) -> Arc<ServiceAccount> {
        let annotations = self.accounts.arrives(namespace, name).await;
        self.read(&annotations, namespace, name)
    }

    async fn changed(&self) {
        tokio::select! {
            () = self.accounts.changed() => {}
            () = another_map(self.mapped.as_ref()) => {}
        }
    }

    fn are_complete(&self) -> bool {
        self.accounts.are_complete() && self.mapped.as_ref().is_none_or(|mapped| mapped.borrow().is_some())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn another_map_is_told_of_once_to_whoever_waits() {
        let (publish, mapped) = watch::channel(None);
        let maps = || Some(Arc::new(MappedRoles::default()));
        publish.send_replace(maps());
        let mut waits = Box::pin(another_map(Some(&mapped)));
        assert!(waits.as_mut().now_or_never().is_none(), "what there is already is no change");
        publish.send_replace(maps());
        assert!(waits.now_or_never().is_some());
        assert!(another_map(Some(&mapped)).now_or_never().is_none());
        assert!(another_map(None).now_or_never().is_none());
    }
}
