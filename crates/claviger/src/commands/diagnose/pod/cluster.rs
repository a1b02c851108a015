//! What the apiserver has of a pod: asked, or as `kubectl` printed it.

use std::{
    env,
    path::{Path, PathBuf},
};

use clap::Args;
use diagnose::{
    chain::Known,
    pod::{Agent, Pod, ServiceAccount},
};
use kubernetes::{ApiServer, Connection};
use serde_json::Value;

use super::PodName;
use crate::failure::{Failure, Problem};

/// The labels by which agents' pods are known: AWS's own and ours.
///
/// Source: the chart of eks-pod-identity-agent, and `deploy/helm/claviger/templates/_helpers.tpl`.
const AGENTS: [&[(&str, &str)]; 2] = [
    &[("app.kubernetes.io/name", "eks-pod-identity-agent")],
    &[("app.kubernetes.io/name", "claviger"), ("app.kubernetes.io/component", "agent")],
];

#[derive(Args, Debug)]
#[command(next_help_heading = "Cluster")]
pub(super) struct ClusterFlags {
    /// Kubeconfig whose current context is the cluster [default: KUBECONFIG, else ~/.kube/config; in a pod, its own
    /// service account]
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,

    /// What `kubectl get ... -o json` printed, in place of asking the apiserver: the pod, and as far as they are there
    /// its service account, the agents' pods and PodIdentityAssociations. Repeat it for more
    #[arg(long, value_name = "FILE", conflicts_with = "kubeconfig")]
    kubectl_output: Vec<PathBuf>,
}

/// What was seen.
pub(super) struct Seen {
    pub(super) pod: Pod,
    /// The pod, as the apiserver tells it.
    pub(super) object: Value,
    pub(super) service_account: Known<ServiceAccount>,
    pub(super) agent: Known<Agent>,
    /// Custom resources that are associations.
    pub(super) associations: Known<Vec<Value>>,
    /// The node's id in EC2.
    pub(super) instance: Known<String>,
    /// To the apiserver, where it was asked.
    pub(super) connection: Option<Connection>,
}

impl ClusterFlags {
    pub(super) async fn look(&self, name: &PodName) -> Result<Seen, Failure> {
        if self.kubectl_output.is_empty() {
            let connection = Connection::open(&self.apiserver()).await?;
            return asked(&connection, name).await;
        }
        let mut objects = Vec::new();
        for file in &self.kubectl_output {
            objects.extend(read(file)?);
        }
        printed(&objects, name)
    }

    fn apiserver(&self) -> ApiServer {
        let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        match (&self.kubeconfig, set("KUBECONFIG")) {
            (Some(file), _) => ApiServer::Kubeconfig(file.clone()),
            (None, Some(file)) => ApiServer::Kubeconfig(file.into()),
            (None, None) if set("KUBERNETES_SERVICE_HOST").is_some() => ApiServer::InCluster,
            (None, None) => {
                let home = set("HOME").map(PathBuf::from).unwrap_or_default();
                ApiServer::Kubeconfig(home.join(".kube/config"))
            }
        }
    }
}

async fn asked(connection: &Connection, name: &PodName) -> Result<Seen, Failure> {
    let PodName { namespace, name } = name;
    let pod = connection.get(&format!("/api/v1/namespaces/{namespace}/pods/{name}")).await?;
    let Some(object) = pod else { return Err(no_pod(namespace, name)) };
    let pod = Pod::of(&object)?;
    let account = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{}", pod.service_account);
    let service_account = match connection.get(&account).await {
        Ok(Some(account)) => Known::Is(ServiceAccount::of(&account)?),
        Ok(None) => Known::Absent,
        Err(error) => Known::Unknown(error.to_string()),
    };
    let associations = match connection.get("/apis/claviger.dev/v1alpha1/podidentityassociations").await {
        Ok(Some(list)) => Known::Is(flat(list)),
        Ok(None) => Known::Absent,
        Err(error) => Known::Unknown(error.to_string()),
    };
    let (agent, instance) = match &pod.node {
        None => (Known::Absent, Known::Absent),
        Some(name) => {
            let node = node_named(connection, name).await;
            let agent = match (agent_on(connection, name).await?, &node) {
                (Known::Absent, Known::Is(node)) if is_auto(node) => {
                    Known::Unknown("EKS runs it outside Kubernetes on nodes of Auto Mode".to_owned())
                }
                (agent, _) => agent,
            };
            let instance = match node {
                Known::Is(node) => instance(&node),
                Known::Absent => Known::Absent,
                Known::Unknown(why) => Known::Unknown(why),
            };
            (agent, instance)
        }
    };
    Ok(Seen { pod, object, service_account, agent, associations, instance, connection: Some(connection.clone()) })
}

async fn agent_on(connection: &Connection, node: &str) -> Result<Known<Agent>, Failure> {
    let mut agents = Vec::new();
    for labels in AGENTS {
        let labels: Vec<_> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let selectors = [("fieldSelector", format!("spec.nodeName={node}")), ("labelSelector", labels.join(","))];
        let query: Vec<_> = selectors.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        match connection.get(&format!("/api/v1/pods?{}", query.join("&"))).await {
            Err(error) => return Ok(Known::Unknown(error.to_string())),
            Ok(list) => agents.extend(list.map(flat).unwrap_or_default()),
        }
    }
    Ok(best(&agents)?.map_or(Known::Absent, Known::Is))
}

fn is_agent(pod: &Value) -> bool {
    let label = |name: &str| pod.pointer("/metadata/labels")?.get(name)?.as_str();
    AGENTS.iter().any(|labels| labels.iter().all(|(name, value)| label(name) == Some(value)))
}

async fn node_named(connection: &Connection, name: &str) -> Known<Value> {
    match connection.get(&format!("/api/v1/nodes/{name}")).await {
        Err(error) => Known::Unknown(error.to_string()),
        Ok(None) => Known::Absent,
        Ok(Some(node)) => Known::Is(node),
    }
}

/// Source: Amazon EKS User Guide, "Control if a workload is deployed on EKS Auto Mode nodes" (the label) and "Learn how EKS Auto
/// Mode works" (the Pod Identity agent is one of the components that are no add-ons there).
fn is_auto(node: &Value) -> bool {
    node.pointer("/metadata/labels/eks.amazonaws.com~1compute-type").and_then(Value::as_str) == Some("auto")
}

/// Source: cloud-provider-aws, "Prerequisites" (`aws:///ZONE/INSTANCE`).
fn instance(node: &Value) -> Known<String> {
    let id = node.pointer("/spec/providerID").and_then(Value::as_str).and_then(|id| id.rsplit('/').next());
    match id.filter(|id| id.starts_with("i-")) {
        Some(id) => Known::Is(id.to_owned()),
        None => Known::Unknown("the node has no providerID of an EC2 instance".to_owned()),
    }
}

/// Of several agents on a node one is enough that is ready.
fn best(pods: &[Value]) -> Result<Option<Agent>, Failure> {
    let agents = pods.iter().map(Agent::of).collect::<Result<Vec<_>, _>>()?;
    Ok(agents.into_iter().max_by_key(|agent| agent.is_ready))
}

fn printed(objects: &[Value], name: &PodName) -> Result<Seen, Failure> {
    let text = |object: &Value, pointer: &str| object.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let of_kind =
        |kind: &'static str| objects.iter().filter(move |object| text(object, "/kind").as_deref() == Some(kind));
    let is_named = |object: &Value, namespace: &str, name: &str| {
        text(object, "/metadata/namespace").as_deref() == Some(namespace)
            && text(object, "/metadata/name").as_deref() == Some(name)
    };
    let PodName { namespace, name } = name;
    let object = of_kind("Pod").find(|pod| is_named(pod, namespace, name)).ok_or_else(|| no_pod(namespace, name))?;
    let pod = Pod::of(object)?;
    let untold = |what: &str| format!("the files have no {what}");
    let service_account = match of_kind("ServiceAccount").find(|it| is_named(it, namespace, &pod.service_account)) {
        Some(account) => Known::Is(ServiceAccount::of(account)?),
        None => Known::Unknown(untold("such service account")),
    };
    let is_on_node = |object: &&Value| is_agent(object) && text(object, "/spec/nodeName") == pod.node;
    let agents: Vec<_> = of_kind("Pod").filter(is_on_node).cloned().collect();
    let agent = best(&agents)?.map_or_else(|| Known::Unknown(untold("agent's pod on it")), Known::Is);
    let associations: Vec<_> = of_kind("PodIdentityAssociation").cloned().collect();
    let node = pod.node.as_deref().unwrap_or_default();
    let node = of_kind("Node").find(|object| text(object, "/metadata/name").as_deref() == Some(node));
    Ok(Seen {
        service_account,
        agent,
        associations: if associations.is_empty() { Known::Absent } else { Known::Is(associations) },
        instance: node.map_or_else(|| Known::Unknown(untold("object of the pod's node")), instance),
        connection: None,
        object: object.clone(),
        pod,
    })
}

fn no_pod(namespace: &str, name: &str) -> Failure {
    Failure::new(format_args!("there is no pod {name} in namespace {namespace}"))
        .help(format_args!("see which there are: kubectl get pods --namespace {namespace}"))
}

/// The objects of a file: one, or a list of them.
fn read(file: &Path) -> Result<Vec<Value>, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::new(format_args!("cannot read `{}`: {error}", file.display())))?;
    let object = serde_json::from_str(&text).map_err(|error| {
        Failure::usage(vec![
            Problem::new(format_args!("`{}` is not what kubectl prints: {error}", file.display()))
                .help("print it with `kubectl get ... -o json`"),
        ])
    })?;
    Ok(flat(object))
}

/// A list's objects. The apiserver tells the kind of a list, not that of each of its objects.
pub(super) fn flat(mut object: Value) -> Vec<Value> {
    let kind = object.get("kind").and_then(Value::as_str).and_then(|kind| kind.strip_suffix("List")).map(str::to_owned);
    let Some(items) = object.get_mut("items").and_then(Value::as_array_mut) else { return vec![object] };
    let mut items = std::mem::take(items);
    for item in items.iter_mut().filter_map(Value::as_object_mut) {
        if let Some(kind) = kind.as_deref().filter(|kind| !kind.is_empty()) {
            item.entry("kind").or_insert_with(|| kind.into());
        }
    }
    items
}

/// A value within a query.
pub(super) fn escaped(value: &str) -> String {
    let mut escaped = String::new();
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => escaped.push(byte.into()),
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}
