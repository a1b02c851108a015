//! What the webhook has of its cluster: service accounts, and associations that are custom resources.

use std::{env, path::PathBuf, sync::Arc};

use async_trait::async_trait;
use kubernetes::{
    Annotations, ApiServer, AssociationsReceiver, Connection, Reporter, follow_annotated_associations,
    follow_associations,
};
use pod_identity::webhook::{ServiceAccount, ServiceAccounts};
use tokio::task::JoinSet;

use super::flags::AssociationsFrom;
use crate::failure::Failure;

/// Kubernetes sets it in every pod.
const IN_POD: &str = "KUBERNETES_SERVICE_HOST";
/// Its own name, for those who read events.
const POD_NAME: &str = "HOSTNAME";

/// A cluster that is followed for as long as this is kept.
pub(super) struct Cluster {
    pub(super) connection: Connection,
    pub(super) service_accounts: Arc<dyn ServiceAccounts>,
    pub(super) associations: Vec<AssociationsReceiver>,
    _following: JoinSet<()>,
}

impl Cluster {
    /// The one of a kubeconfig, or of the pod that this is in; none, outside a pod.
    pub(super) async fn follow(
        kubeconfig: Option<PathBuf>,
        associations: &[AssociationsFrom],
        prefix: &str,
    ) -> Result<Option<Self>, Failure> {
        let is_of_cluster =
            |from: &&AssociationsFrom| matches!(from, AssociationsFrom::Kubernetes | AssociationsFrom::Annotations);
        let place = match kubeconfig {
            Some(path) => ApiServer::Kubeconfig(path),
            None if env::var_os(IN_POD).is_some() => ApiServer::InCluster,
            None if associations.iter().any(|from| is_of_cluster(&from)) => {
                return Err(Failure::new("there is no apiserver whose associations could be watched")
                    .help("name it with --kubeconfig FILE"));
            }
            None => return Ok(None),
        };
        let connection = Connection::open(&place).await?;
        let mut following = JoinSet::new();
        let (accounts, follow) = kubernetes::ServiceAccounts::follow(&connection, prefix);
        following.spawn(follow);
        let followed = associations.iter().filter(is_of_cluster).map(|from| {
            if *from == AssociationsFrom::Annotations {
                let (associations, follow) = follow_annotated_associations(&connection);
                following.spawn(follow);
                return associations;
            }
            let (associations, follow) = follow_associations(&connection);
            following.spawn(follow);
            associations
        });
        let associations = followed.collect();
        let service_accounts: Arc<dyn ServiceAccounts> = Arc::new(Kept { accounts, prefix: prefix.to_owned() });
        Ok(Some(Self { connection, service_accounts, associations, _following: following }))
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
}

impl Kept {
    fn read(&self, annotations: &Annotations) -> Arc<ServiceAccount> {
        let annotations = annotations.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Arc::new(ServiceAccount::of(annotations, &self.prefix))
    }
}

#[async_trait]
impl ServiceAccounts for Kept {
    fn known(&self, namespace: &str, name: &str) -> Option<Arc<ServiceAccount>> {
        self.accounts.known(namespace, name).map(|annotations| self.read(&annotations))
    }

    async fn arrives(&self, namespace: &str, name: &str) -> Arc<ServiceAccount> {
        let annotations = self.accounts.arrives(namespace, name).await;
        self.read(&annotations)
    }

    fn are_complete(&self) -> bool {
        self.accounts.are_complete()
    }
}
