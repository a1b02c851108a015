//! One ConfigMap, as it changes.

use std::{collections::BTreeMap, pin::pin, sync::Arc};

use futures_util::StreamExt as _;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{Api, runtime::watcher::Event};
use tokio::sync::watch;

use crate::{Connection, changes::changes};

/// What a ConfigMap holds, by its keys; nothing, where there is none.
pub type ConfigMapData = BTreeMap<String, String>;

/// Who hears of it. `None`: it is not known yet whether there is one.
pub type ConfigMapFeed = watch::Receiver<Option<Arc<ConfigMapData>>>;

/// The ConfigMap of this name, and a future that follows it for as long as it is polled; it has no end. It takes the rights to list
/// and to watch it by its name alone: a selector `metadata.name` is authorized so.
///
/// Source: Kubernetes documentation, "Using RBAC Authorization", "Referring to resources".
pub fn follow_config_map(
    connection: &Connection,
    namespace: &str,
    name: &str,
) -> (ConfigMapFeed, impl Future<Output = ()> + Send + use<>) {
    let (publish, feed) = watch::channel(None);
    let api: Api<ConfigMap> = Api::namespaced(connection.client(), namespace);
    let fields = format!("metadata.name={name}");
    (feed, async move {
        let mut listed = ConfigMapData::new();
        let mut changes = pin!(changes(api, Some(&fields)));
        while let Some(change) = changes.next().await {
            let data = match change {
                Event::Init => {
                    listed.clear();
                    continue;
                }
                Event::InitApply(map) => {
                    listed = map.data.unwrap_or_default();
                    continue;
                }
                Event::InitDone => std::mem::take(&mut listed),
                Event::Apply(map) => map.data.unwrap_or_default(),
                Event::Delete(_) => ConfigMapData::new(),
            };
            publish.send_replace(Some(Arc::new(data)));
        }
    })
}
