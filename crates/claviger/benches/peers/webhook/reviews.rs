//! What an apiserver asks about new pods.

use std::sync::Arc;

use serde_json::{Value, json};

use super::NAMESPACE;

/// The length of a pod's JSON.
const POD: usize = 6700;

/// A review of a new pod of each service account, as it goes over the wire.
pub(super) fn requests(accounts: &[String]) -> Arc<[Arc<[u8]>]> {
    accounts.iter().enumerate().map(|(number, account)| request(number, account).into()).collect()
}

fn request(number: usize, account: &str) -> Vec<u8> {
    let kind = json!({ "group": "", "version": "v1", "kind": "Pod" });
    let resource = json!({ "group": "", "version": "v1", "resource": "pods" });
    let review = json!({
        "kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": format!("{number:08}-6393-11e8-b7cc-42010a800002"),
            "kind": kind, "resource": resource, "requestKind": kind, "requestResource": resource,
            "namespace": NAMESPACE, "operation": "CREATE",
            "userInfo": {
                "username": "system:serviceaccount:kube-system:replicaset-controller",
                "uid": "5a7a2f5d-9e0b-4b4e-8e0a-0c8d3f5f0f3e",
                "groups": ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"],
            },
            "object": pod(number, account), "oldObject": null, "dryRun": false,
            "options": { "kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1" },
        },
    })
    .to_string();
    let length = review.len();
    format!(
        "POST /mutate?timeout=10s HTTP/1.1\r\nHost: webhook.kube-system.svc\r\nUser-Agent: kube-apiserver-admission\r\n\
         Content-Length: {length}\r\nAccept: application/json, */*\r\nContent-Type: application/json\r\n\
         Accept-Encoding: gzip\r\n\r\n{review}"
    )
    .into_bytes()
}

/// A service with a proxy and a log shipper beside it, as a ReplicaSet makes it.
fn pod(number: usize, account: &str) -> Value {
    let mut pod = json!({
        "kind": "Pod", "apiVersion": "v1",
        "metadata": {
            "generateName": format!("{account}-6d4b75cb6d-"), "creationTimestamp": null,
            "labels": { "app": account, "pod-template-hash": "6d4b75cb6d", "team": "checkout" },
            "annotations": { "prometheus.io/scrape": "true", "prometheus.io/port": "9090" },
            "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": format!("{account}-6d4b75cb6d"),
                "uid": format!("{number:08}-9e0b-4b4e-8e0a-0c8d3f5f0f3e"), "controller": true, "blockOwnerDeletion": true,
            }],
            "managedFields": [{
                "manager": "kube-controller-manager", "operation": "Update", "apiVersion": "v1",
                "time": "2026-11-30T12:00:00Z", "fieldsType": "FieldsV1",
                "fieldsV1": { "f:metadata": { "f:labels": { ".": {}, "f:app": {} } }, "f:spec": { "f:containers": {} } },
            }],
        },
        "spec": {
            "volumes": [
                { "name": "config", "configMap": { "name": "config", "defaultMode": 420 } },
                { "name": "scratch", "emptyDir": {} },
            ],
            "initContainers": [container("migrate", 8080)],
            "containers": [container("main", 8080), container("proxy", 15001), container("logs", 2020)],
            "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
            "serviceAccountName": account, "serviceAccount": account, "schedulerName": "default-scheduler",
            "securityContext": { "runAsNonRoot": true, "fsGroup": 65534 },
            "tolerations": [{ "key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute" }],
            "priority": 0, "enableServiceLinks": true, "preemptionPolicy": "PreemptLowerPriority",
        },
        "status": {},
    });
    // What is missing is somebody's settings.
    let missing = POD.checked_sub(pod.to_string().len()).unwrap();
    pod["metadata"]["annotations"]["example.com/settings"] = "x".repeat(missing.saturating_sub(26)).into();
    pod
}

fn container(name: &str, port: u16) -> Value {
    let probe = json!({
        "httpGet": { "path": "/healthz", "port": port, "scheme": "HTTP" },
        "initialDelaySeconds": 5, "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3,
    });
    json!({
        "name": name, "image": format!("registry.example.com/shop/{name}:v1.42.0"), "args": ["--config=/etc/app/config.yaml"],
        "ports": [{ "name": "http", "containerPort": port, "protocol": "TCP" }],
        "env": [
            { "name": "POD_NAME", "valueFrom": { "fieldRef": { "apiVersion": "v1", "fieldPath": "metadata.name" } } },
            { "name": "DATABASE", "valueFrom": { "secretKeyRef": { "name": "database", "key": "url" } } },
            { "name": "LOG_LEVEL", "value": "info" },
        ],
        "resources": { "limits": { "memory": "256Mi" }, "requests": { "cpu": "100m", "memory": "256Mi" } },
        "volumeMounts": [
            { "name": "config", "mountPath": "/etc/app" }, { "name": "scratch", "mountPath": "/tmp" },
        ],
        "livenessProbe": probe, "readinessProbe": probe,
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
        "securityContext": { "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } },
    })
}
