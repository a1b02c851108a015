//! What the webhook has of the cluster itself: custom resources, annotations, its own certificates; and what it tells of pods
//! that came past it.

use serde_json::json;
use test_support::NEWEST_KUBERNETES;

use crate::cluster::{Cluster, Webhook, pod};

#[tokio::test]
async fn a_cluster_without_files_has_its_pods_injected_and_told_where_they_were_not() {
    let cluster = Cluster::start(NEWEST_KUBERNETES).await;
    cluster.define_associations().await;
    // Before anybody asks a webhook.
    let early = cluster.create_pod(&pod("api")).await.unwrap();

    let webhook = Webhook::start_in(&cluster).await;
    cluster.register_service(&webhook).await;
    cluster.trusts_the_webhook().await;
    let association = json!({
        "apiVersion": "claviger.dev/v1alpha1", "kind": "PodIdentityAssociation", "metadata": { "name": "api" },
        "spec": { "namespace": "def*", "serviceAccount": "api", "roleArn": "arn:aws:iam::111122223333:role/api" },
    });
    cluster.create("/apis/claviger.dev/v1alpha1/podidentityassociations", &association).await;
    cluster.until_injected().await;

    // The pod that is older than its association is told so.
    let uid = early["metadata"]["uid"].as_str().unwrap();
    let event = cluster.event_of(uid).await;
    assert_eq!((&event["reason"], &event["type"]), (&json!("NotInjected"), &json!("Warning")), "{event}");
    assert!(event["note"].as_str().unwrap().contains("delete the pod, so that it is made anew"), "{event}");
    webhook.until_counted("claviger_webhook_pods_missed_total{why=\"not_injected\"} 1").await;

    // A service account that names the role of its association itself, made together with its pod.
    let own = json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": { "name": "own", "annotations": { "pod-identity.claviger.dev/role-arn": "arn:aws:iam::111122223333:role/own" } },
    });
    cluster.create("/api/v1/namespaces/default/serviceaccounts", &own).await;
    let made = cluster.create_pod(&pod("own")).await.unwrap();
    assert_eq!(made["spec"]["volumes"][0]["name"], "eks-pod-identity-token", "{made}");

    // A pod that is older than the annotation of its account.
    let early = cluster.create_pod(&pod("other")).await.unwrap();
    let role = json!({ "pod-identity.claviger.dev/role-arn": "arn:aws:iam::111122223333:role/other" });
    cluster.annotate("other", &role).await;
    let event = cluster.event_of(early["metadata"]["uid"].as_str().unwrap()).await;
    assert_eq!(event["reason"], "NotInjected", "{event}");
    webhook.until_counted("claviger_webhook_pods_missed_total{why=\"not_injected\"} 2").await;

    // Annotations of a service account that is made together with its pod.
    let role = json!({ "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/irsa" });
    let account = json!({
        "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "irsa", "annotations": role },
    });
    cluster.create("/api/v1/namespaces/default/serviceaccounts", &account).await;
    let made = cluster.create_pod(&pod("irsa")).await.unwrap();
    assert_eq!(made["spec"]["volumes"][0]["name"], "aws-iam-token", "{made}");
}
