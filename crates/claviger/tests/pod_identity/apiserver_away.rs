//! The apiserver is away under a broker that has its associations there and an agent that watches its pods.

use std::{fs, time::Duration};

use control_plane::{Process, Readiness};
use serde_json::json;
use test_support::{REGION, eventually};

use crate::{
    CLAVIGER,
    cluster::{Cluster, SOON, http},
    lending::{Lending, allow, logged},
};

const ASSOCIATIONS: &str = "/apis/claviger.dev/v1alpha1/podidentityassociations";

/// The agent's own pod, and the file with its token.
async fn agent_token(cluster: &Cluster, lending: &Lending) -> String {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "agent-0" },
        "spec": {
            "serviceAccountName": "claviger-agent", "nodeName": "node-a",
            "containers": [{ "name": "main", "image": "main" }],
        },
    });
    let pod = cluster.ask("POST", "/api/v1/namespaces/claviger/pods", Some(&pod)).await;
    let bound = json!({ "apiVersion": "v1", "kind": "Pod", "name": "agent-0", "uid": pod["metadata"]["uid"] });
    let request = json!({
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
        "spec": { "audiences": ["pod-identity.claviger.dev"], "boundObjectRef": bound },
    });
    let path = "/api/v1/namespaces/claviger/serviceaccounts/claviger-agent/token";
    let issued = cluster.ask("POST", path, Some(&request)).await;
    lending.file("agent-token", issued["status"]["token"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn agent_and_broker_go_on_without_the_apiserver_and_hear_afterwards_what_changed() {
    let lending = Lending::start(&[]).await;
    let folder = lending.folder.path();
    let actions = ["sts:AssumeRole", "sts:TagSession"];
    let (id, secret) = lending.user("broker", &allow(&actions, json!({ "Resource": "*" }))).await;
    let trust = allow(&actions, json!({ "Principal": { "AWS": "arn:aws:iam::111122223333:user/broker" } }));
    let role = lending.role("pods", &trust, &allow(&["kms:GenerateRandom"], json!({ "Resource": "*" }))).await;

    let mut cluster = Cluster::start(folder).await;
    let files = ["crds", "manifests/namespace.yaml", "manifests/broker-rbac.yaml", "manifests/agent-rbac.yaml"];
    cluster.apply(&files).await;
    let node = json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": "node-a" } });
    cluster.ask("POST", "/api/v1/nodes", Some(&node)).await;
    let (pod, kept) = cluster.new_pod("payments", "api", "node-a").await;
    let (_, anew) = cluster.new_pod("shop", "web", "node-a").await;
    for namespace in ["payments", "shop"] {
        let association = json!({
            "apiVersion": "claviger.dev/v1alpha1", "kind": "PodIdentityAssociation",
            "metadata": { "name": namespace },
            "spec": { "namespace": namespace, "serviceAccount": "*", "roleArn": role },
        });
        cluster.ask("POST", ASSOCIATIONS, Some(&association)).await;
    }
    let token = agent_token(&cluster, &lending).await;
    let keys = lending.file("jwks.json", &cluster.ask("GET", "/openid/v1/jwks", None).await.to_string());
    let flag = format!(
        "arn:aws:eks:{REGION}:111122223333:cluster/demo,issuer={},keys={keys},associations=kubernetes:{}",
        cluster.plane.apiserver_url(),
        cluster.kubeconfig_of("claviger-broker", folder).await,
    );
    let own = [("AWS_ACCESS_KEY_ID", &*id), ("AWS_SECRET_ACCESS_KEY", &*secret)];
    let agents = "--agent-service-account=claviger/claviger-agent";
    let broker = lending.broker_of("broker", agents, &[flag], &own).await;

    let mut command = std::process::Command::new(CLAVIGER);
    command.args(["pod-identity", "agent", "--cluster-name=demo", "--log-format=json", "--max-pod-qps=0"]);
    command.args(["--bind-hosts=127.0.0.1", "--port=0", "--probe-port=none", "--metrics-address=127.0.0.1"]);
    command.args(["--metrics-port=0", "--watch-pods=node-a", "--broker-token", &token]);
    command.arg(format!("--broker=http://{}", broker.address));
    command.args(["--kubeconfig", &cluster.kubeconfig_of("claviger-agent", folder).await]);
    let agent = Process::spawn(command, &folder.join("agent.log")).unwrap();
    let (pods, side_port) = (logged(&agent, "listening").await, logged(&agent, "health and metrics").await);
    let ask = async |token: &str| {
        let answer = http(pods, "GET /v1/credentials", &format!("Authorization: {token}\r\n"), "").await;
        if answer.starts_with("HTTP/1.1 200") { Ok(()) } else { Err(answer) }
    };
    let metrics = async |what: &str| {
        eventually(what, SOON, async || {
            let metrics = http(side_port, "GET /metrics", "", "").await;
            if metrics.contains(what) { Ok(()) } else { Err(metrics) }
        })
        .await;
    };
    // They are kept once the agent has been told of the associations.
    eventually("the first pod's credentials are kept", SOON, async || {
        ask(&kept).await?;
        let metrics = http(side_port, "GET /metrics", "", "").await;
        if metrics.contains("claviger_agent_cache_entries 1\n") { Ok(()) } else { Err(metrics) }
    })
    .await;
    let issued = || fs::read_to_string(broker.process.log()).unwrap().matches("credentials issued").count();
    let before = issued();
    metrics("claviger_apiserver_last_answer_timestamp_seconds{cluster=\"demo\"} 1").await;

    cluster.plane.stop_apiserver().await;
    ask(&kept).await.unwrap_or_else(|refused| panic!("{refused}"));
    ask(&anew).await.unwrap_or_else(|refused| panic!("{refused}"));
    metrics("claviger_agent_cache_entries 2\n").await;
    assert_eq!(issued(), before + 1, "{}", broker.process.log_tail());
    let ready = broker.ready().await;
    assert!(ready.starts_with("HTTP/1.1 200"), "{ready}");

    cluster.plane.start_apiserver(Readiness::Full).await.unwrap();
    cluster.ask("DELETE", &format!("{pod}?gracePeriodSeconds=0"), None).await;
    metrics("claviger_agent_cache_events_total{event=\"pod_gone\"} 1\n").await;
    cluster.ask("DELETE", &format!("{ASSOCIATIONS}/shop"), None).await;
    let refused =
        eventually("its association is gone", SOON, async || ask(&anew).await.err().ok_or("it still gets credentials"))
            .await;
    assert!(refused.contains("No Pod Identity association"), "{refused}");
    agent.stop(Duration::from_secs(20)).await;
    cluster.plane.stop().await;
}
