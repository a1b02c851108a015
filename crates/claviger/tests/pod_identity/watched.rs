//! `agent --watch-pods`: a real apiserver's pod and its token, and what becomes of its credentials when it goes.

use std::time::Duration;

use serde_json::json;
use test_support::{REGION, eventually};

use crate::{
    cluster::{Cluster, SOON, http},
    rig::Rig,
    sdks::PODS,
};

#[tokio::test(flavor = "multi_thread")]
async fn the_credentials_of_a_pod_go_with_the_pod() {
    let rig = Rig::start(&PODS[..1]).await;
    let folder = rig.folder.path();
    let cluster = Cluster::start(folder).await;
    cluster.apply(&["manifests/namespace.yaml", "manifests/agent-rbac.yaml"]).await;
    let (pod, token) = cluster.new_pod("payments", "api", "node-a").await;

    // From now on that apiserver is the one of the embedded EKS's cluster.
    let behind = json!({
        "cluster": format!("arn:aws:eks:{REGION}:111122223333:cluster/demo"),
        "issuer": cluster.plane.apiserver_url(),
        "jwks": cluster.ask("GET", "/openid/v1/jwks", None).await,
    });
    let json = "Content-Type: application/json\r\n";
    let told = http(rig.aws.address(), "POST /_claviger/eks/behind", json, &behind.to_string()).await;
    assert!(told.starts_with("HTTP/1.1 200"), "{told}");

    let kubeconfig = format!("--kubeconfig={}", cluster.kubeconfig_of("claviger-agent", folder).await);
    let agent = rig.agent(&["--watch-pods=node-a", &kubeconfig]).await;
    let side_port = agent.side_port().await;
    let metrics = async |what: &str| {
        eventually(&format!("metrics have {what}"), SOON, async || {
            let metrics = http(side_port, "GET /metrics", "", "").await;
            if metrics.contains(what) { Ok(()) } else { Err(metrics) }
        })
        .await;
    };
    let authorization = format!("Authorization: {token}\r\n");
    let answer = http(agent.address, "GET /v1/credentials", &authorization, "").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    metrics("claviger_agent_cache_entries 1\n").await;
    // The pods of the node have been seen.
    metrics("claviger_apiserver_last_answer_timestamp_seconds{cluster=\"demo\"} 1").await;

    cluster.ask("DELETE", &format!("{pod}?gracePeriodSeconds=0"), None).await;
    metrics("claviger_agent_cache_events_total{event=\"pod_gone\"} 1\n").await;
    metrics("claviger_agent_cache_entries 0\n").await;
    agent.process.stop(Duration::from_secs(20)).await;
    cluster.plane.stop().await;
}
