//! Broker, webhook and agent run as the chart has them, each with the token of its own service account, and find each other.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use test_support::{NEWEST_KUBERNETES, eventually};

use crate::{
    helm::{Document, install, over_demo, render},
    kubelet::{Container, NODE, get},
    plane::{Plane, SOON},
};

const PODS: &str = "/api/v1/namespaces/shop/pods";
const WEBHOOKS: &str = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/claviger-webhook";

impl Plane {
    /// Has Helm install the chart with these values; what that is.
    pub(crate) fn install(&self, values: &Value) -> Vec<Document> {
        let values = over_demo(values.clone());
        install(self.running.kubeconfig(), &values);
        render(&values).unwrap()
    }

    /// The Secret that the chart's broker and agents take, for this machine.
    pub(crate) async fn new_broker_certificate(&self) {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let (certificate, key) = (STANDARD.encode(made.cert.pem()), STANDARD.encode(made.signing_key.serialize_pem()));
        let secret = json!({
            "metadata": { "name": "claviger-broker-tls" },
            "data": { "tls.crt": certificate, "tls.key": key, "ca.crt": certificate },
        });
        self.create("/api/v1/namespaces/claviger/secrets", &secret).await;
    }

    pub(crate) async fn new_namespace(&self, name: &str, labels: Value) {
        let namespace = json!({ "metadata": { "name": name, "labels": labels } });
        self.create("/api/v1/namespaces", &namespace).await;
        let account = json!({ "metadata": { "name": "default" } });
        self.create(&format!("/api/v1/namespaces/{name}/serviceaccounts"), &account).await;
    }
}

pub(crate) fn workload<'a>(rendered: &'a [Document], name: &str) -> &'a Document {
    rendered.iter().find(|document| document.name() == name && document.pod_spec().is_some()).unwrap()
}

pub(crate) fn pod(name: &str) -> Value {
    json!({
        "metadata": { "name": name },
        "spec": { "nodeName": NODE, "serviceAccountName": "default", "containers": [{ "name": "a", "image": "a" }] },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pods_token_goes_from_the_charts_agent_to_the_charts_broker() {
    let plane = Plane::start(NEWEST_KUBERNETES).await;
    plane.create("/api/v1/nodes", &json!({ "metadata": { "name": NODE } })).await;
    plane.new_broker_certificate().await;
    // Its owner is where the demo's apiserver is not.
    let cluster = json!({ "issuer": plane.running.apiserver_url() });
    let webhook = json!({ "enabled": false });
    let rendered = plane.install(&json!({ "cluster": cluster, "webhook": webhook }));
    let keys = [("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE".to_owned()), ("AWS_SECRET_ACCESS_KEY", "none".to_owned())];
    let broker = Container::start(&plane, workload(&rendered, "claviger-broker"), &keys).await;
    broker.is_ready().await;

    let port = broker.address("listening").await.port();
    let agent = json!({
        "bindHosts": ["127.0.0.1"], "extraArgs": ["--port=0"], "verifyTokens": true,
        "broker": { "url": format!("https://127.0.0.1:{port}") },
    });
    let rendered = plane.install(&json!({ "cluster": cluster, "webhook": webhook, "agent": agent }));
    let agent = Container::start(&plane, workload(&rendered, "claviger-agent"), &[]).await;
    agent.is_ready().await;

    // The broker has understood the agent's token, the pod's, and where both are; it knows of no association.
    plane.new_namespace("shop", json!({})).await;
    let made = plane.create(PODS, &pod("till")).await;
    let authorization = format!("Authorization: {}\r\n", plane.token(&made, Some("pods.eks.amazonaws.com")).await);
    let address = agent.address("listening").await;
    let answer = get(address, "/v1/credentials", &authorization).await;
    assert!(answer.starts_with("HTTP/1.1 404") && answer.contains("(ResourceNotFoundException)"), "{answer}");
    assert!(answer.contains("broker"), "it tells who said so: {answer}");
    for container in [agent, broker] {
        container.stop().await;
    }
    plane.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_charts_webhook_has_itself_trusted_and_is_missed_only_where_it_is_required() {
    let plane = Plane::start(NEWEST_KUBERNETES).await;
    let off = json!({ "enabled": false });
    let values = json!({ "agent": off, "broker": off });
    let rendered = plane.install(&values);
    let webhook = Container::start(&plane, workload(&rendered, "claviger-webhook"), &[]).await;
    webhook.is_ready().await;
    eventually("the apiserver is told whom to trust", SOON, async || {
        let found = plane.ask("GET", WEBHOOKS, None).await?;
        let all = found["webhooks"].as_array().unwrap();
        let is_told = all.iter().all(|webhook| webhook["clientConfig"]["caBundle"].is_string());
        if is_told && all.len() == 3 { Ok(()) } else { Err(found) }
    })
    .await;
    // An upgrade leaves the certificates where they are.
    let path = "/api/v1/namespaces/claviger/secrets/claviger-webhook-certificates";
    let before = plane.ask("GET", path, None).await.unwrap();
    plane.install(&values);
    let after = plane.ask("GET", path, None).await.unwrap();
    assert!(before["data"]["tls.crt"].is_string() && before["data"] == after["data"]);
    assert_eq!(before["metadata"]["annotations"], after["metadata"]["annotations"], "it is still Helm's");
    assert!(after["metadata"]["annotations"]["meta.helm.sh/release-name"].is_string());
    let found = plane.ask("GET", WEBHOOKS, None).await.unwrap();
    assert!(found["webhooks"][1]["clientConfig"]["caBundle"].is_string(), "{found}");
    webhook.stop().await;

    // From here on nobody answers the apiserver.
    plane.new_namespace("shop", json!({})).await;
    plane.create(PODS, &pod("ignored")).await;
    plane.new_namespace("bank", json!({ "claviger.dev/pod-identity": "required" })).await;
    let refused = plane.ask("POST", "/api/v1/namespaces/bank/pods", Some(&pod("required"))).await.unwrap_err();
    let message = refused["message"].as_str().unwrap();
    assert!(message.contains("required.pod-identity-webhook.claviger.dev"), "{refused}");
    // In kube-system nobody is refused, and about its own namespace it is never asked.

    for namespace in ["kube-system", "claviger"] {
        let path = format!("/api/v1/namespaces/{namespace}");
        let mut found = plane.ask("GET", &path, None).await.unwrap();
        found["metadata"]["labels"]["claviger.dev/pod-identity"] = "required".into();
        plane.ask("PUT", &path, Some(&found)).await.unwrap();
        let account = json!({ "metadata": { "name": "default" } });
        plane.create(&format!("{path}/serviceaccounts"), &account).await;
        plane.create(&format!("{path}/pods"), &pod("own")).await;
    }
    plane.running.stop().await;
}
