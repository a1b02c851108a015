//! Pods are created through the webhook, and read back.

use serde_json::{Value, json};
use test_support::{NEWEST_KUBERNETES, OLDEST_KUBERNETES};

use crate::cluster::{Cluster, Webhook, pod};

const IDENTITIES: &str = r#"{"identities":[{"namespace":"default","serviceAccount":"api"}]}"#;

fn variables(pod: &Value) -> Vec<&str> {
    let env = pod["spec"]["containers"][0]["env"].as_array().into_iter().flatten();
    env.map(|variable| variable["name"].as_str().unwrap()).collect()
}

/// The names of the volumes that are not the apiserver's own.
fn volumes(pod: &Value) -> Vec<&str> {
    let volumes = pod["spec"]["volumes"].as_array().into_iter().flatten();
    let names = volumes.map(|volume| volume["name"].as_str().unwrap());
    names.filter(|name| !name.starts_with("kube-api-access")).collect()
}

async fn pods_are_injected(version: &str) {
    let cluster = Cluster::start(version).await;
    let webhook = Webhook::start(&cluster, IDENTITIES).await;
    cluster.register(&webhook, "Fail", "v1").await;
    cluster.until_injected().await;

    let mut asked = pod("api");
    asked["metadata"]["generateName"] = json!("web-");
    asked["spec"]["initContainers"] = json!([{ "name": "migrate", "image": "i" }]);
    let made = cluster.create_pod(&asked).await.unwrap();
    let made = cluster.pod(made["metadata"]["name"].as_str().unwrap()).await;
    assert_eq!(made["metadata"]["labels"], json!({ "eks.amazonaws.com/pod-identity": "enabled" }));
    assert_eq!(volumes(&made), ["eks-pod-identity-token"]);
    let token = &made["spec"]["volumes"][0]["projected"]["sources"][0]["serviceAccountToken"];
    assert_eq!(
        (&token["audience"], &token["path"]),
        (&json!("pods.eks.amazonaws.com"), &json!("eks-pod-identity-token"))
    );
    let expected = [
        "AWS_STS_REGIONAL_ENDPOINTS",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    ];
    assert_eq!(variables(&made), expected);
    assert_eq!(made["spec"]["initContainers"][0]["env"], made["spec"]["containers"][0]["env"]);
    let mounts = |container: &Value| container["volumeMounts"].as_array().unwrap().len();
    assert_eq!(mounts(&made["spec"]["containers"][0]), 2, "the apiserver's own, and the token's");
    assert_eq!(mounts(&made["spec"]["initContainers"][0]), 2);

    let other = cluster.create_pod(&pod("other")).await.unwrap();
    assert_eq!((variables(&other), volumes(&other)), (vec![], vec![]));
    let mut opted_out = pod("api");
    opted_out["metadata"]["labels"] = json!({ "eks.amazonaws.com/skip-pod-identity-webhook": "true" });
    assert_eq!(variables(&cluster.create_pod(&opted_out).await.unwrap()), [""; 0]);

    // Who is in the file is injected as soon as the file says so.
    webhook.write(r#"{"identities":[{"namespace":"default","serviceAccount":"other"}]}"#);
    cluster.until("the other is injected", "other", |pod| !variables(pod).is_empty()).await;
    assert_eq!(variables(&cluster.create_pod(&pod("api")).await.unwrap()), [""; 0]);
}

#[tokio::test]
async fn kubernetes_1_31_has_its_pods_injected() {
    pods_are_injected(OLDEST_KUBERNETES).await;
}

#[tokio::test]
async fn kubernetes_1_37_has_its_pods_injected() {
    pods_are_injected(NEWEST_KUBERNETES).await;
}

/// Without the file the webhook does not know whom to inject: it starts all the same, and lets no pod through in silence.
#[tokio::test]
async fn until_it_knows_whom_to_inject_the_failure_policy_decides() {
    let cluster = Cluster::start(NEWEST_KUBERNETES).await;
    let webhook = Webhook::start_without_file(&cluster).await;
    cluster.register(&webhook, "Fail", "v1beta1").await;
    let refused = cluster.until_refused().await;
    assert!(refused["message"].as_str().unwrap().contains("could not be read yet"), "{refused}");
    webhook.write(IDENTITIES);
    cluster.until_injected().await;

    // With the peer's own policy, pods are made without it when it is away.
    cluster.register(&webhook, "Ignore", "v1").await;
    webhook.stop().await;
    cluster.until("a pod is let through", "api", |pod| variables(pod).is_empty()).await;
}
