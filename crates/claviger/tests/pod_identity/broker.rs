//! A cluster outside EKS: a real apiserver's tokens, the agent, the broker and the embedded AWS's STS behind it.

use std::time::Duration;

use test_support::eventually;

use crate::{
    cluster::SOON,
    outside::{Outside, claviger},
    sdks::run_with,
};

#[tokio::test(flavor = "multi_thread")]
async fn pods_of_a_cluster_outside_eks_get_credentials_whose_tags_decide() {
    let mut outside = Outside::start().await;
    let payments = outside.pod("payments", "api", "one").await;
    let other = outside.pod("other", "api", "one").await;
    let elsewhere = outside.pod("payments", "elsewhere", "two").await;
    outside.write_agent_token().await;
    let keys = outside.write_keys().await.display().to_string();
    let associations = outside.associate(&["payments", "other"]).display().to_string();
    let broker = claviger(&outside.broker(Some(&keys), &associations));
    let broker = outside.start_broker("broker", broker, &[]).await;
    let agent = outside.start_agent("agent", broker.address, &[], &[]).await;

    let run = async |client: &str, pod| run_with(client, &outside.rig, agent.environment(&outside.rig, pod)).await;
    for client in ["boto3", "go", "javascript", "rust"] {
        let told = run(client, payments).await.unwrap_or_else(|error| panic!("{client}: {error}"));
        let arn = told["arn"].as_str().unwrap();
        assert!(arn.starts_with("arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-"), "{client}: {told}");
        let (random, denied) = (&told["random"], &told["denied"]);
        assert_eq!((random, denied), (&8.into(), &"AccessDeniedException".into()), "{client}: {told}");
    }
    // The same role in another namespace: the role's policy looks at the session's tag.
    let told = run("boto3", other).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(told["random"], 0, "{told}");
    for client in ["go", "javascript", "rust"] {
        let refused = run(client, other).await.unwrap_err();
        assert!(refused.contains("AccessDenied") && refused.contains("kms:GenerateRandom"), "{client}: {refused}");
    }
    // A pod of another node, whose token this node's agent has got hold of. Two SDKs keep the reason to themselves.
    let told = "does not run on the agent's node";
    for (client, told) in
        [("boto3", told), ("go", told), ("javascript", "Could not load credentials"), ("rust", "StatusCode(400)")]
    {
        let refused = run(client, elsewhere).await.unwrap_err();
        assert!(refused.contains(told), "{client}: {refused}");
    }

    // A deleted association takes back what the agent keeps.
    outside.associate(&["other"]);
    eventually("the association is gone", SOON, async || match run("boto3", payments).await {
        Err(refused) if refused.contains("No Pod Identity association found") => Ok(()),
        answered => Err(format!("{answered:?}")),
    })
    .await;
    let log = broker.process.log_tail();
    // One for each of the two pods, and one more where the first came before the agent had heard of the associations' state.
    assert!(matches!(log.matches("credentials issued").count(), 2 | 3), "{log}");
    assert!(!log.contains("eyJ") && !log.contains(outside.secret()), "{log}");
    agent.process.stop(Duration::from_secs(20)).await;
    broker.process.stop(Duration::from_secs(20)).await;
    outside.cluster.plane.stop().await;
}
