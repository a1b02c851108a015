//! The broker with associations at a real apiserver: a pod's token in, its role's credentials out, with the broker's permissions.

use std::time::Duration;

use serde_json::{Value, json};
use test_support::eventually;

use crate::{
    cluster::{Cluster, SOON},
    outside::{Outside, ROLE, claviger},
};

const ASSOCIATIONS: &str = "/apis/claviger.dev/v1alpha1/podidentityassociations";

impl Cluster {
    /// What the chart gives the broker with `associations.annotations`.
    async fn lets_the_broker_see_service_accounts(&self) {
        const API: &str = "/apis/rbac.authorization.k8s.io/v1";
        let (version, metadata) = ("rbac.authorization.k8s.io/v1", json!({ "name": "accounts" }));
        let rules = json!([{ "apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["list", "watch"] }]);
        let role = json!({ "apiVersion": version, "kind": "ClusterRole", "metadata": metadata, "rules": rules });
        self.ask("POST", &format!("{API}/clusterroles"), Some(&role)).await;
        let binding = json!({
            "apiVersion": version, "kind": "ClusterRoleBinding", "metadata": metadata,
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "accounts" },
            "subjects": [{ "kind": "ServiceAccount", "namespace": "claviger", "name": "claviger-broker" }],
        });
        self.ask("POST", &format!("{API}/clusterrolebindings"), Some(&binding)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_has_the_role_of_an_association_at_the_apiserver_until_that_goes() {
    let mut outside = Outside::start().await;
    outside.cluster.apply(&["crds", "manifests/namespace.yaml", "manifests/broker-rbac.yaml"]).await;
    outside.cluster.lets_the_broker_see_service_accounts().await;
    let pod = outside.pod("payments", "api", "one").await;
    outside.write_agent_token().await;
    let keys = outside.write_keys().await.display().to_string();
    let kubeconfig = outside.cluster.kubeconfig_of("claviger-broker", outside.rig.folder.path()).await;
    let places = format!("kubernetes:{kubeconfig},associations=annotations:{kubeconfig}");
    let broker = claviger(&outside.broker(Some(&keys), &places));
    let broker = outside.start_broker("broker", broker, &[]).await;
    let agent = outside.start_agent("agent", broker.address, &[], &[]).await;

    let answers = async |what: &str, status: &str| {
        eventually(what, SOON, async || {
            let answer = outside.ask(&agent, pod).await;
            let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
            if answer.starts_with(&format!("HTTP/1.1 {status}")) { Ok(body.to_owned()) } else { Err(answer) }
        })
        .await
    };
    let refused = answers("it has no association", "404").await;
    assert!(refused.contains("ResourceNotFoundException"), "{refused}");
    let association = json!({
        "apiVersion": "claviger.dev/v1alpha1", "kind": "PodIdentityAssociation",
        "metadata": { "name": "payments" },
        "spec": { "namespace": "pay*", "serviceAccount": "*", "roleArn": ROLE },
    });
    let made = outside.cluster.ask("POST", ASSOCIATIONS, Some(&association)).await;
    let given = answers("it has one", "200").await;
    let given: Value = serde_json::from_str(&given).unwrap();
    assert!(given["AccessKeyId"].as_str().unwrap().starts_with("ASIA"), "{given}");
    let id: String = made["metadata"]["uid"].as_str().unwrap().replace('-', "").chars().take(17).collect();
    let log = agent.process.log_tail();
    assert!(log.contains(&format!("\"by\":\"a-{id}\"")), "{log}");
    let path = format!("{ASSOCIATIONS}/payments");
    eventually("it is told that it counts", SOON, async || {
        let told = outside.cluster.ask("GET", &path, None).await;
        if told["status"]["conditions"][0]["reason"] == "Accepted" { Ok(()) } else { Err(told) }
    })
    .await;
    // The agent has heard of it, too, and keeps what it is given: nothing but the deletion takes that back.
    eventually("it is kept", SOON, async || {
        let (first, second) = (answers("it has it", "200").await, answers("it has it still", "200").await);
        if first == second { Ok(()) } else { Err((first, second)) }
    })
    .await;

    outside.cluster.ask("DELETE", &path, None).await;
    answers("it has none again", "404").await;

    // And by its service account's own word.
    let account = "/api/v1/namespaces/payments/serviceaccounts/api";
    let mut named = outside.cluster.ask("GET", account, None).await;
    named["metadata"]["annotations"] = json!({ "pod-identity.claviger.dev/role-arn": ROLE });
    outside.cluster.ask("PUT", account, Some(&named)).await;
    answers("it names a role itself", "200").await;
    agent.process.stop(Duration::from_secs(20)).await;
    broker.process.stop(Duration::from_secs(20)).await;
    outside.cluster.plane.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_that_sts_may_refuse_are_told_of_before_a_pod_asks() {
    let outside = Outside::start().await;
    outside.cluster.apply(&["crds", "manifests/namespace.yaml", "manifests/broker-rbac.yaml"]).await;
    let keys = outside.write_keys().await.display().to_string();
    let kubeconfig = outside.cluster.kubeconfig_of("claviger-broker", outside.rig.folder.path()).await;
    let broker = claviger(&outside.broker(Some(&keys), &format!("kubernetes:{kubeconfig}")));
    let broker = outside.start_broker("broker", broker, &[]).await;

    let association = json!({
        "apiVersion": "claviger.dev/v1alpha1", "kind": "PodIdentityAssociation", "metadata": { "name": "payments" },
        "spec": {
            "namespace": "pay*", "serviceAccount": "*", "roleArn": ROLE,
            "sessionTags": { "CostCentre": "a".repeat(74), "Project": "b".repeat(80) },
        },
    });
    outside.cluster.ask("POST", ASSOCIATIONS, Some(&association)).await;
    let path = format!("{ASSOCIATIONS}/payments");
    let condition = async |what: &str, is_large: bool| {
        eventually(what, SOON, async || {
            let told = outside.cluster.ask("GET", &path, None).await;
            let condition = &told["status"]["conditions"][0];
            let is_current = condition["observedGeneration"] == told["metadata"]["generation"];
            let message = condition["message"].as_str().unwrap_or_default().to_owned();
            let is_told = is_current && condition["status"] == "True" && message.contains("STS may refuse") == is_large;
            if is_told { Ok((message, told)) } else { Err(told) }
        })
        .await
    };
    let (message, mut told) = condition("it counts, and may be too large", true).await;
    for words in ["an estimate", "some 112 %", "EKS's six 74 %", "Project 87 characters", "disableSessionTags"] {
        assert!(message.contains(words), "`{words}` is not in {message}");
    }
    let warnings = || broker.process.log_tail().matches("STS may refuse").count();
    eventually("the log tells it", SOON, async || if warnings() == 1 { Ok(()) } else { Err(warnings()) }).await;
    told["spec"]["disableSessionTags"] = true.into();
    outside.cluster.ask("PUT", &path, Some(&told)).await;
    condition("without the six it is not", false).await;
    assert_eq!(warnings(), 1, "{}", broker.process.log_tail());
    broker.process.stop(Duration::from_secs(20)).await;
    outside.cluster.plane.stop().await;
}
