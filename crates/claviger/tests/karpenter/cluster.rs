//! The cluster: a real apiserver with Karpenter's own definitions, and what is asked of it.

use std::path::Path;

use control_plane::{Kubernetes, Running};
use serde_json::{Value, json};
use test_support::{control_plane, tools};
use tokio::process::Command;

use crate::{
    await_some,
    world::{DISCOVERY, NODE, Text as _},
};

pub(crate) const CLASSES: &str = "/apis/karpenter.k8s.aws/v1/ec2nodeclasses";
pub(crate) const POOLS: &str = "/apis/karpenter.sh/v1/nodepools";
pub(crate) const CLAIMS: &str = "/apis/karpenter.sh/v1/nodeclaims";
const EVENTS: &str = "/api/v1/events";
const NODES: &str = "/api/v1/nodes";
const PODS: &str = "/api/v1/namespaces/default/pods";

pub(crate) struct Cluster {
    pub(crate) plane: Running,
}

impl Cluster {
    pub(crate) async fn start(folder: &Path, version: &str) -> Self {
        let plane = control_plane(version, folder, Vec::new()).await;
        let definitions = tools().join("karpenter-crds");
        let mut kubectl = Command::new(tools().join("kubectl"));
        kubectl.env_clear().env("HOME", folder).arg("--kubeconfig").arg(plane.kubeconfig());
        let applied = kubectl.args(["create", "-f"]).arg(&definitions).output().await.unwrap();
        assert!(applied.status.success(), "{applied:?}");
        let cluster = Self { plane };
        for kind in [CLASSES, POOLS, CLAIMS] {
            await_some("the definition is served", async || cluster.get(kind).await.map(drop)).await;
        }
        // The controller that would make it does not run.
        let account = json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "default" } });
        cluster.create("/api/v1/namespaces/default/serviceaccounts", account).await;
        cluster
    }

    fn kubernetes(&self) -> &Kubernetes {
        self.plane.kubernetes()
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Value, Value> {
        self.ask("GET", path, None).await
    }

    pub(crate) async fn list(&self, path: &str) -> Vec<Value> {
        self.get(path).await.unwrap()["items"].as_array().unwrap().clone()
    }

    pub(crate) async fn create(&self, path: &str, object: Value) -> Value {
        self.ask("POST", path, Some(object)).await.unwrap()
    }

    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Result<Value, Value> {
        let answer = self.kubernetes().request(method.parse().unwrap(), path, body.as_ref()).await.unwrap();
        if (200..300).contains(&answer.status) { Ok(answer.body) } else { Err(answer.body) }
    }

    /// A class of nodes from an image, with these mappings of volumes beside those that Karpenter has itself.
    pub(crate) async fn new_class(&self, name: &str, image: &str, mappings: Option<Value>) {
        let discovered = json!([{ "tags": { DISCOVERY.0: DISCOVERY.1 } }]);
        let mut spec = json!({
            "amiFamily": "AL2023",
            "amiSelectorTerms": [{ "id": image }],
            "role": NODE,
            "subnetSelectorTerms": discovered,
            "securityGroupSelectorTerms": discovered,
        });
        if let Some(mappings) = mappings {
            spec["blockDeviceMappings"] = mappings;
        }
        let metadata = json!({ "name": name });
        let class =
            json!({ "apiVersion": "karpenter.k8s.aws/v1", "kind": "EC2NodeClass", "metadata": metadata, "spec": spec });
        self.create(CLASSES, class).await;
    }

    /// A pool of nodes of the class of its name.
    pub(crate) async fn new_pool(&self, name: &str) {
        let pool = json!({
            "apiVersion": "karpenter.sh/v1", "kind": "NodePool",
            "metadata": { "name": name },
            "spec": { "template": { "spec": {
                "nodeClassRef": { "group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": name },
                "requirements": [{ "key": "karpenter.sh/capacity-type", "operator": "In", "values": ["on-demand"] }],
            } } },
        });
        self.create(POOLS, pool).await;
    }

    /// A pod that only a node of this pool can take, marked as the scheduler marks what it cannot place.
    pub(crate) async fn new_pod(&self, pool: &str) {
        let requests = json!({ "cpu": "100m", "memory": "64Mi" });
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": pool },
            "spec": {
                "nodeSelector": { "karpenter.sh/nodepool": pool },
                "containers": [{ "name": "pause", "image": "pause", "resources": { "requests": requests } }],
            },
        });
        let mut pod = self.create(PODS, pod).await;
        pod["status"]["conditions"] = json!([{ "type": "PodScheduled", "status": "False", "reason": "Unschedulable" }]);
        self.ask("PUT", &format!("{PODS}/{pool}/status"), Some(pod)).await.unwrap();
    }

    /// Awaits that a condition of an object is so: `Status Reason`, or how that begins.
    pub(crate) async fn says(&self, path: &str, kind: &str, so: &str) -> Value {
        await_some(&format!("{path} says {kind} {so}"), async || {
            let object = self.get(path).await?;
            if Self::condition(&object, kind).starts_with(so) { Ok(object) } else { Err(object["status"].clone()) }
        })
        .await
    }

    /// A condition of an object, as `Status Reason`.
    fn condition(object: &Value, kind: &str) -> String {
        let conditions = object["status"]["conditions"].as_array().into_iter().flatten();
        let found = conditions.into_iter().find(|condition| condition["type"] == kind);
        found.map_or_else(String::new, |found| {
            let text = |member: &str| found[member].as_str().unwrap_or_default();
            format!("{} {}", text("status"), text("reason"))
        })
    }

    /// Has all claims deleted, as an administrator would.
    pub(crate) async fn delete_claims(&self) {
        for claim in self.list(CLAIMS).await {
            self.delete(&format!("{CLAIMS}/{}", claim["metadata"]["name"].text())).await;
        }
    }

    pub(crate) async fn delete(&self, path: &str) {
        self.ask("DELETE", path, None).await.unwrap();
    }

    /// Awaits that an object is not there.
    pub(crate) async fn is_gone(&self, path: &str) {
        await_some(&format!("{path} is gone"), async || self.get(path).await.map_or_else(|_| Ok(()), Err)).await;
    }

    /// The name of the claim of a pool that Karpenter says it deletes because of what the queue told.
    pub(crate) async fn claim_told_interrupted(&self, pool: &str) -> String {
        await_some("an event tells of an interruption", async || {
            let events = self.list(EVENTS).await;
            let names = |reason: &str| -> Vec<String> {
                let of_reason = events.iter().filter(|event| event["reason"] == reason);
                of_reason.map(|event| event["involvedObject"]["name"].text()).collect()
            };
            let (terminating, deleted) = (names("InstanceTerminating"), names("TerminatingOnInterruption"));
            let is_of_pool = |name: &&String| name.starts_with(&format!("{pool}-")) && terminating.contains(name);
            deleted.iter().find(is_of_pool).cloned().ok_or_else(|| events.clone())
        })
        .await
    }

    /// Has Karpenter look at a pod again, which it does by itself every ten seconds.
    pub(crate) async fn touch_pod(&self, name: &str) {
        let path = format!("{PODS}/{name}");
        await_some("the pod is changed", async || {
            let mut pod = self.get(&path).await?;
            pod["metadata"]["annotations"]["touched"] = pod["metadata"]["resourceVersion"].clone();
            self.ask("PUT", &path, Some(pod)).await
        })
        .await;
    }

    /// The node that an instance would make of itself, if anything booted.
    pub(crate) async fn new_node(&self, name: &str, provider_id: &str) {
        let taint = json!({ "key": "karpenter.sh/unregistered", "effect": "NoExecute" });
        let node = json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": { "name": name },
            "spec": { "providerID": provider_id, "taints": [taint] },
        });
        self.create(NODES, node).await;
    }
}
