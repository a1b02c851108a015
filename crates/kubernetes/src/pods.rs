//! Pods: on which node one runs, which of a node have gone, and all of them for who looks at each.

mod feed;

use std::{borrow::Cow, collections::HashSet, fmt, pin::pin};

use futures_util::StreamExt as _;
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api, Client, Resource,
    core::{NamespaceResourceScope, ObjectMeta, PartialObjectMeta},
    runtime::watcher::Event,
};
use serde::Deserialize;

pub use self::feed::follow_pods;

use crate::{
    Connection,
    call::{CallError, call},
    changes::changes,
};

/// A pod as far as it says where it runs: the rest of it is not read.
#[derive(Clone, Debug, Deserialize)]
struct Placed {
    metadata: ObjectMeta,
    #[serde(default)]
    spec: Place,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    node_name: Option<String>,
}

/// Asks for pods. Clones share its connection.
#[derive(Clone)]
pub struct Pods(Client);

impl Pods {
    /// The pods of a cluster.
    #[must_use]
    pub fn new(connection: &Connection) -> Self {
        Self(connection.client())
    }

    /// The name of the node of the pod of this name and unique id. `None`: there is no such pod (any more), or it runs on none
    /// yet.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn node_of(&self, namespace: &str, name: &str, uid: &str) -> Result<Option<String>, CallError> {
        // Names come from tokens, and become part of a path: what is no name is of no pod.
        if !is_name(namespace) || !is_name(name) {
            return Ok(None);
        }
        let api: Api<Placed> = Api::namespaced(self.0.clone(), namespace);
        let pod = call("look up a pod", api.get_opt(name)).await?;
        let pod = pod.filter(|pod| pod.metadata.uid.as_deref() == Some(uid));
        Ok(pod.and_then(|pod| pod.spec.node_name).filter(|node| !node.is_empty()))
    }
}

impl fmt::Debug for Pods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pods")
    }
}

/// Tells the unique id of each pod of a node that was there and has gone, for as long as it is polled; it has no end. A pod
/// that has not been seen yet is never told of: it may be newer than what the apiserver has said.
pub async fn follow_gone_pods(connection: &Connection, node: &str, gone: impl Fn(&str) + Send) {
    let api: Api<PartialObjectMeta<Pod>> = Api::all(connection.client());
    let mut changes = pin!(changes(api, Some(&format!("spec.nodeName={node}"))));
    let mut known = HashSet::new();
    let mut listed = HashSet::new();
    while let Some(change) = changes.next().await {
        match change {
            Event::Init => listed.clear(),
            Event::InitApply(pod) => listed.extend(pod.metadata.uid),
            Event::InitDone => {
                let now = std::mem::take(&mut listed);
                known.difference(&now).for_each(|uid: &String| gone(uid));
                known = now;
            }
            Event::Apply(pod) => known.extend(pod.metadata.uid),
            Event::Delete(pod) => {
                if let Some(uid) = pod.metadata.uid.filter(|uid| known.remove(uid)) {
                    gone(&uid);
                }
            }
        }
    }
}

/// Source: Kubernetes documentation, "Object Names and IDs" > "DNS Subdomain Names".
fn is_name(text: &str) -> bool {
    let is_taken = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    !text.is_empty() && text.len() <= 253 && text.bytes().all(is_taken) && text.starts_with(|c: char| c != '.')
}

impl Resource for Placed {
    type DynamicType = ();
    type Scope = NamespaceResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        Pod::kind(&())
    }

    fn group((): &()) -> Cow<'_, str> {
        Pod::group(&())
    }

    fn version((): &()) -> Cow<'_, str> {
        Pod::version(&())
    }

    fn plural((): &()) -> Cow<'_, str> {
        Pod::plural(&())
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}
