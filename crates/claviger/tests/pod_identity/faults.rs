//! An agent that is killed, and an apiserver that is away from the broker.

use std::fs;

use test_support::eventually;

use crate::{
    cluster::SOON,
    outside::{Outside, claviger},
    rig::Agent,
    sdks::run_with,
};

#[tokio::test(flavor = "multi_thread")]
async fn an_sdk_gets_over_an_agent_that_is_killed_and_comes_back() {
    let mut outside = Outside::start().await;
    let pod = outside.pod("payments", "api", "one").await;
    outside.write_agent_token().await;
    let keys = outside.write_keys().await.display().to_string();
    let associations = outside.associate(&["payments"]).display().to_string();
    let broker = claviger(&outside.broker(Some(&keys), &associations));
    let broker = outside.start_broker("broker", broker, &[]).await;
    let agent = outside.start_agent("agent", broker.address, &[], &[]).await;
    let at = agent.address;
    // A connection that the kernel keeps after its end does not keep the next agent from the address.
    let held = tokio::net::TcpStream::connect(at).await.unwrap();
    assert!(outside.ask(&agent, pod).await.starts_with("HTTP/1.1 200"));
    let Agent { process, .. } = agent;
    process.kill().await;
    // botocore asks a container's credentials three times more, a second apart (`ContainerMetadataFetcher`).
    let environment = Agent::environment_at(at, &outside.rig, pod);
    let port = format!("--port={}", at.port());
    let (told, agent) = tokio::join!(run_with("boto3", &outside.rig, environment), async {
        outside.start_agent("agent-again", broker.address, &[&port], &[]).await
    });
    assert_eq!(agent.address, at);
    assert_eq!(told.unwrap_or_else(|error| panic!("{error}"))["random"], 8);
    drop(held);
    agent.process.stop(SOON).await;
    broker.process.stop(SOON).await;
    outside.cluster.plane.stop().await;
}

/// Keys and associations are those that were had last; pods cannot be looked up, and their tokens say where they run.
#[tokio::test(flavor = "multi_thread")]
async fn a_broker_goes_on_while_its_apiserver_is_away() {
    let mut outside = Outside::start().await;
    outside.cluster.apply(&["crds", "manifests/namespace.yaml", "manifests/broker-rbac.yaml"]).await;
    let (before, during) = (outside.pod("payments", "api", "one").await, outside.pod("payments", "late", "one").await);
    let elsewhere = outside.pod("payments", "elsewhere", "two").await;
    outside.write_agent_token().await;
    let keys = outside.write_keys().await.display().to_string();
    let kubeconfig = outside.cluster.kubeconfig_of("claviger-broker", outside.rig.folder.path()).await;
    let association = serde_json::json!({
        "apiVersion": "claviger.dev/v1alpha1", "kind": "PodIdentityAssociation", "metadata": { "name": "payments" },
        "spec": { "namespace": "payments", "serviceAccount": "*", "roleArn": crate::outside::ROLE },
    });
    let path = "/apis/claviger.dev/v1alpha1/podidentityassociations";
    outside.cluster.ask("POST", path, Some(&association)).await;
    let broker = claviger(&outside.broker(Some(&keys), &format!("kubernetes:{kubeconfig}")));
    let broker = outside.start_broker("broker", broker, &[]).await;
    let agent = outside.start_agent("agent", broker.address, &[], &[]).await;
    let answers = async |outside: &Outside, pod: usize, status: &str| {
        eventually(&format!("{status} for {pod}"), SOON, async || {
            let answer = outside.ask(&agent, pod).await;
            if answer.starts_with(&format!("HTTP/1.1 {status}")) { Ok(answer) } else { Err(answer) }
        })
        .await
    };
    answers(&outside, before, "200").await;

    outside.cluster.plane.stop_apiserver().await;
    // What nobody asked for before.
    answers(&outside, during, "200").await;
    let refused = answers(&outside, elsewhere, "400").await;
    assert!(refused.contains("does not run on the agent's node"), "{refused}");
    let log = fs::read_to_string(broker.process.log()).unwrap();
    assert_eq!(log.matches("credentials issued").count(), 2, "{log}");
    // It is told by what could not be had, not by each connection.
    assert!(log.contains("what was known before stays in force"), "{log}");
    assert!(!log.contains(r#""ERROR""#), "{log}");
    agent.process.stop(SOON).await;
    broker.process.stop(SOON).await;
    outside.cluster.plane.stop().await;
}
