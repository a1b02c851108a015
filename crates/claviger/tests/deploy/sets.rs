//! The values that the chart is tried with.

use serde_json::{Value, json};

use crate::helm::over_demo;

/// Each by its name.
pub(crate) fn sets() -> Vec<(&'static str, Value)> {
    let off = json!({ "enabled": false });
    vec![
        ("default", over_demo(json!({}))),
        ("everything", everything()),
        // EKS has a webhook of its own, and EKS Auth for a broker.
        (
            "agent on EKS",
            json!({
                "cluster": { "name": "demo" },
                "agent": { "upstream": "eks", "watchPods": false }, "broker": off, "webhook": off,
            }),
        ),
        ("broker alone", over_demo(json!({ "agent": off, "webhook": off }))),
        (
            "IPv6",
            over_demo(json!({
                "agent": { "bindHosts": ["[fd00:ec2::23]"], "metrics": { "address": "[::]" } },
                "webhook": { "agentUrl": "http://[fd00:ec2::23]/v1/credentials" },
            })),
        ),
        (
            "associations of values alone",
            over_demo(json!({ "associations": { "kubernetes": false, "inline": [
                inline_association("shop"),
                {
                    "namespace": "pay*", "serviceAccount": "api", "roleArn": "arn:aws:iam::111122223333:role/pay",
                    "targetRoleArn": "arn:aws:iam::444455556666:role/other", "externalId": "any/text",
                    "sessionName": "pay@{namespace}", "sessionTags": { "team": "payments" },
                },
            ] } })),
        ),
        (
            "associations of EKS alone",
            over_demo(json!({
                "associations": { "kubernetes": false, "eks": "demo" },
                "webhook": { "aws": { "webIdentityRoleArn": "arn:aws:iam::111122223333:role/webhook" } },
                "networkPolicies": { "enabled": true },
            })),
        ),
        (
            "associations of annotations alone",
            over_demo(json!({ "associations": { "kubernetes": false, "annotations": true } })),
        ),
        (
            "certificates by hand",
            over_demo(json!({ "webhook": {
                "certificates": "secret", "caBundle": "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==", "tlsSecret": "webhook-tls",
            } })),
        ),
    ]
}

/// Gives the service accounts of a namespace a role.
pub(crate) fn inline_association(namespace: &str) -> Value {
    json!({ "namespace": namespace, "serviceAccount": "*", "roleArn": "arn:aws:iam::111122223333:role/shop" })
}

fn everything() -> Value {
    let common = json!({
        "podAnnotations": { "example.com/a": "b" }, "podLabels": { "example.com/c": "d" },
        "affinity": { "nodeAffinity": { "requiredDuringSchedulingIgnoredDuringExecution": { "nodeSelectorTerms": [
            { "matchExpressions": [{ "key": "example.com/none", "operator": "DoesNotExist" }] },
        ] } } },
        "tolerations": [{ "key": "example.com/taint", "operator": "Exists", "effect": "NoSchedule" }],
        "extraArgs": ["--drain-timeout=5s"],
    });
    let with = |more: Value| {
        let mut all = common.clone();
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let env = json!([{ "name": "AWS_STS_REGIONAL_ENDPOINTS", "value": "regional" }]);
    let on = json!({ "enabled": true });
    over_demo(json!({
        "image": { "repository": "registry.example.com/claviger", "digest": format!("sha256:{}", "0".repeat(64)) },
        "imagePullSecrets": [{ "name": "registry" }],
        "associations": { "annotations": true, "eks": "other", "inline": [inline_association("shop")] },
        "networkPolicies": { "enabled": true, "brokerExtraEgress": [{ "ports": [{ "port": 3128 }] }] },
        "monitoring": {
            "labels": { "release": "prometheus" },
            "serviceMonitors": on, "rules": on, "dashboards": on,
        },
        "agent": with(json!({ "verifyTokens": true, "env": env })),
        "broker": with(json!({
            "certificates": "certManager", "env": env, "replicas": 3,
            "aws": { "webIdentityRoleArn": "arn:aws:iam::111122223333:role/broker" },
            "extraVolumes": [{ "name": "aws", "configMap": { "name": "aws" } }],
            "extraVolumeMounts": [{ "name": "aws", "mountPath": "/etc/aws", "readOnly": true }],
        })),
        "webhook": with(json!({
            "aws": { "webIdentityRoleArn": "arn:aws:iam::111122223333:role/webhook" }, "env": env,
            "extraVolumes": [{ "name": "aws", "configMap": { "name": "aws" } }],
            "extraVolumeMounts": [{ "name": "aws", "mountPath": "/etc/aws", "readOnly": true }],
            "watchConfigMap": true, "certificates": "certManager", "failurePolicy": "Fail", "excludedNamespaces": ["kube-node-lease"],
        })),
    }))
}
