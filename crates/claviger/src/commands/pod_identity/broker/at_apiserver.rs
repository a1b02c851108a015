//! Associations and pods as clusters' apiservers tell them.

use std::{
    collections::{HashMap, hash_map::Entry},
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use daemon::metrics::Registry;
use eks_auth::PodToken;
use kubernetes::{Connection, Reporter, follow_and_tell_associations, follow_annotated_associations};
use pod_identity::broker::{AssociationsFeed, Pods};

use super::super::beside::Beside;
use crate::{apiserver::Apiservers, failure::Failure};

/// The apiservers of those clusters whose associations lie there.
pub(super) struct AtApiserver {
    apiservers: Apiservers,
    /// By the clusters' names and the kubeconfigs.
    connections: HashMap<(String, Option<PathBuf>), Connection>,
    pods: HashMap<String, kubernetes::Pods>,
}

impl AtApiserver {
    pub(super) fn new(registry: &Registry) -> Self {
        Self { apiservers: Apiservers::register(registry), connections: HashMap::new(), pods: HashMap::new() }
    }

    /// The associations of a cluster, for as long as `following` goes on; it tells of each what became of it.
    pub(super) async fn follow(
        &mut self,
        cluster: &str,
        kubeconfig: Option<&Path>,
        following: &mut Beside,
    ) -> Result<AssociationsFeed, Failure> {
        let connection = self.connection(cluster, kubeconfig).await?;
        let reporter = Reporter { controller: "claviger.dev/broker", instance: instance() };
        let (feed, follow) = follow_and_tell_associations(&connection, reporter);
        following.spawn("the watch of PodIdentityAssociations", follow);
        Ok(feed)
    }

    /// Those that the service accounts of a cluster make themselves, by an annotation, as long as that.
    pub(super) async fn follow_annotations(
        &mut self,
        cluster: &str,
        kubeconfig: Option<&Path>,
        following: &mut Beside,
    ) -> Result<AssociationsFeed, Failure> {
        let (feed, follow) = follow_annotated_associations(&self.connection(cluster, kubeconfig).await?);
        following.spawn("the watch of annotated service accounts", follow);
        Ok(feed)
    }

    /// One for all that is asked of an apiserver; pods are looked up by the cluster's first, too.
    async fn connection(&mut self, cluster: &str, kubeconfig: Option<&Path>) -> Result<Connection, Failure> {
        let key = (cluster.to_owned(), kubeconfig.map(Path::to_owned));
        if let Some(connection) = self.connections.get(&key) {
            return Ok(connection.clone());
        }
        let connection = self.apiservers.connect(cluster, kubeconfig).await?;
        match self.pods.entry(cluster.to_owned()) {
            Entry::Vacant(place) => drop(place.insert(kubernetes::Pods::new(&connection))),
            Entry::Occupied(_) => tracing::warn!(
                cluster,
                kubeconfig = ?kubeconfig,
                "the cluster has several apiservers: its pods are looked up at the one that is named first, and not at this one"
            ),
        }
        self.connections.insert(key, connection.clone());
        Ok(connection)
    }

    /// Where pods are looked up, if anywhere.
    pub(super) fn pods(self) -> Option<Arc<dyn Pods>> {
        (!self.pods.is_empty()).then(|| Arc::new(PodsOf(self.pods)) as Arc<dyn Pods>)
    }
}

/// Of clusters, by their names.
#[derive(Debug)]
struct PodsOf(HashMap<String, kubernetes::Pods>);

#[async_trait]
impl Pods for PodsOf {
    fn knows(&self, cluster: &str) -> bool {
        self.0.contains_key(cluster)
    }

    async fn node_of(&self, cluster: &str, pod: &PodToken) -> Result<Option<String>, String> {
        let pods = self.0.get(cluster).ok_or_else(|| format!("the apiserver of cluster {cluster} is not known"))?;
        let node = pods.node_of(&pod.namespace, &pod.pod_name, &pod.pod_uid).await;
        node.map_err(|error| error.to_string())
    }
}

/// The pod that this runs in: Kubernetes has its name as its host's.
fn instance() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    if name.trim().is_empty() { "broker".to_owned() } else { name.trim().to_owned() }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn pods_are_looked_up_at_the_apiserver_that_is_named_first() {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) =
            (TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
        let mut apiservers = AtApiserver::new(&Registry::new());
        for (name, listener) in [("first", &first), ("second", &second)] {
            let kubeconfig = format!(
                "apiVersion: v1\nkind: Config\ncurrent-context: c\nusers: [{{ name: u, user: {{}} }}]\n\
                 clusters: [{{ name: c, cluster: {{ server: 'http://{}' }} }}]\n\
                 contexts: [{{ name: c, context: {{ cluster: c, user: u }} }}]\n",
                listener.local_addr().unwrap()
            );
            let path = folder.path().join(name);
            std::fs::write(&path, kubeconfig).unwrap();
            apiservers.connection("demo", Some(&path)).await.unwrap();
        }
        let pods = apiservers.pods().unwrap();
        let text = |text: &str| text.to_owned();
        let pod = PodToken {
            namespace: text("shop"),
            service_account: text("api"),
            pod_name: text("api-0"),
            pod_uid: text("uid"),
            node: None,
        };
        tokio::select! {
            node = pods.node_of("demo", &pod) => panic!("nobody has answered: {node:?}"),
            asked = first.accept() => drop(asked.unwrap()),
            _ = second.accept() => panic!("the last is asked"),
        }
    }
}
