//! A Service of the cluster: its ready endpoints, its pods, and what their readiness probes say.

use diagnose::{
    chain::Known,
    pod::{Behind, Service},
};
use futures_util::future::join_all;
use kubernetes::Connection;
use serde_json::Value;

use super::super::cluster::{escaped, flat};

/// So many pods are asked.
const ASKED: usize = 5;
/// A probe's answer is told as far as this.
const TOLD: usize = 200;

/// The namespace and the name of a Service, by its name in the cluster.
///
/// Source: Kubernetes documentation, "DNS for Services and Pods" > "Services": `NAME.NAMESPACE.svc.ZONE`.
pub(super) fn named(host: &str) -> Option<(&str, &str)> {
    let mut labels = host.split('.');
    let (name, namespace) = (labels.next()?, labels.next()?);
    let is_service = labels.next() == Some("svc") && !name.is_empty() && !namespace.is_empty();
    is_service.then_some((namespace, name))
}

pub(super) async fn look(connection: &Connection, namespace: &str, name: &str) -> Service {
    let service = |ready, pods| Service { namespace: namespace.to_owned(), name: name.to_owned(), ready, pods };
    let found = match connection.get(&format!("/api/v1/namespaces/{namespace}/services/{name}")).await {
        Ok(Some(found)) => found,
        Ok(None) => return service(Known::Absent, Vec::new()),
        Err(error) => return service(Known::Unknown(error.to_string()), Vec::new()),
    };
    if let Some(host) = found.pointer("/spec/externalName").and_then(Value::as_str) {
        return service(Known::Unknown(format!("it only stands for {host}")), Vec::new());
    }
    let selector = escaped(&format!("kubernetes.io/service-name={name}"));
    let slices = format!("/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices?labelSelector={selector}");
    let ready = match connection.get(&slices).await {
        Ok(list) => Known::Is(ready(&list.map(flat).unwrap_or_default())),
        Err(error) => Known::Unknown(error.to_string()),
    };
    let Some(selector) = found.pointer("/spec/selector").and_then(Value::as_object) else {
        return service(ready, Vec::new());
    };
    let selector: Vec<_> =
        selector.iter().filter_map(|(name, value)| Some(format!("{name}={}", value.as_str()?))).collect();
    let pods = format!("/api/v1/namespaces/{namespace}/pods?labelSelector={}", escaped(&selector.join(",")));
    // Without them, what the endpoints tell stands for itself.
    let pods = connection.get(&pods).await.ok().flatten().map(flat).unwrap_or_default();
    let pods = join_all(pods.iter().take(ASKED).map(|pod| behind(connection, namespace, pod))).await;
    service(ready, pods)
}

/// Ready endpoints, each once: a pod of two families stands in two slices.
///
/// Source: Kubernetes API, `EndpointConditions.ready`, "a nil value should be interpreted as true".
fn ready(slices: &[Value]) -> usize {
    let endpoints = slices.iter().filter_map(|slice| slice.get("endpoints")?.as_array()).flatten();
    let ready = endpoints.filter(|it| it.pointer("/conditions/ready").and_then(Value::as_bool).unwrap_or(true));
    let mut ready: Vec<_> = ready.map(|it| it.pointer("/targetRef/uid").or_else(|| it.get("addresses"))).collect();
    ready.sort_by_key(|who| who.map(Value::to_string));
    ready.dedup();
    ready.len()
}

async fn behind(connection: &Connection, namespace: &str, pod: &Value) -> Behind {
    let name = pod.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
    let conditions = pod.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten();
    let is_ready = conditions.into_iter().any(|it| it["type"] == "Ready" && it["status"] == "True");
    let says = match probe(pod) {
        None => Known::Absent,
        Some((port, path)) => match connection.ask_pod(namespace, name, port, path).await {
            Ok(answer) => Known::Is((answer.status, answer.body.trim().chars().take(TOLD).collect())),
            Err(error) => Known::Unknown(error.to_string()),
        },
    };
    Behind { name: name.to_owned(), is_ready, says }
}

/// The first readiness probe that is an HTTP request at the pod's own address: its port, and its path.
fn probe(pod: &Value) -> Option<(u16, &str)> {
    let containers = pod.pointer("/spec/containers")?.as_array()?;
    containers.iter().find_map(|container| {
        let get = container.pointer("/readinessProbe/httpGet").filter(|get| get.get("host").is_none())?;
        let port = match get.get("port")? {
            Value::String(name) => {
                let mut ports = container.get("ports")?.as_array()?.iter();
                ports.find(|port| port["name"] == **name)?.get("containerPort")?
            }
            port => port,
        };
        let path = get.get("path").and_then(Value::as_str).unwrap_or("/");
        Some((u16::try_from(port.as_u64()?).ok()?, path.trim_start_matches('/')))
    })
}
