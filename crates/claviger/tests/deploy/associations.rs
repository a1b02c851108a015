//! Where the chart has broker and webhook take associations from.

use serde_json::{Value, json};
use test_support::{NEWEST_KUBERNETES, eventually};

use crate::{
    helm::{Document, over_demo, render},
    kubelet::{Container, NODE, get, put_config_map},
    plane::{Plane, SOON},
    runs::{pod, workload},
    sets::inline_association,
};

/// What the roles of one component permit, each as `group/resource`.
fn permitted(rendered: &[Document], component: &str) -> Vec<String> {
    let roles = rendered.iter().filter(|document| ["Role", "ClusterRole"].contains(&document.kind()));
    let rules = roles
        .filter(|role| role.name().starts_with(component))
        .flat_map(|role| role.object["rules"].as_array().unwrap());
    let mut all: Vec<String> = rules
        .map(|rule| format!("{}/{}", rule["apiGroups"][0].as_str().unwrap(), rule["resources"][0].as_str().unwrap()))
        .collect();
    all.sort();
    all
}

#[test]
fn a_source_that_is_not_chosen_takes_no_rights() {
    let webhooks = ["/pods", "/secrets", "/serviceaccounts", "events.k8s.io/events"];
    let registration = "admissionregistration.k8s.io/mutatingwebhookconfigurations";
    let custom = "claviger.dev/podidentityassociations";
    let status = "claviger.dev/podidentityassociations/status";
    let inline = json!({ "kubernetes": false, "inline": [inline_association("shop")] });
    let cases: [(Value, &[&str], bool); 4] = [
        (json!({}), &["/pods", custom, status, "events.k8s.io/events"], true),
        (json!({ "kubernetes": false, "annotations": true }), &["/pods", "/serviceaccounts"], false),
        (inline, &[], false),
        (json!({ "kubernetes": false, "eks": "demo" }), &[], false),
    ];
    for (associations, broker, has_custom) in cases {
        let rendered = render(&over_demo(json!({ "associations": associations }))).unwrap();
        assert_eq!(permitted(&rendered, "claviger-broker"), broker, "{associations}");
        let mut webhook = [&webhooks[..], &[registration]].concat();
        if has_custom {
            webhook.push(custom);
        }
        webhook.sort_unstable();
        assert_eq!(permitted(&rendered, "claviger-webhook"), webhook, "{associations}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn associations_of_the_values_are_taken_and_taken_again_with_no_right_on_custom_resources() {
    let plane = Plane::start(NEWEST_KUBERNETES).await;
    plane.create("/api/v1/nodes", &json!({ "metadata": { "name": NODE } })).await;
    plane.new_broker_certificate().await;
    for name in ["shop", "bank"] {
        plane.new_namespace(name, json!({})).await;
    }
    let values = |namespace: &str, broker: &str| {
        json!({
            "cluster": { "issuer": plane.running.apiserver_url() },
            "associations": { "kubernetes": false, "inline": [inline_association(namespace)] },
            // Nobody is there: what is asked here is only whether a role would be asked for.
            "broker": { "extraArgs": ["--sts-endpoint=http://127.0.0.1:1"] },
            "webhook": { "extraArgs": ["--tls-name=127.0.0.1"] },
            "agent": { "bindHosts": ["127.0.0.1"], "extraArgs": ["--port=0"], "broker": { "url": broker } },
        })
    };
    let rendered = plane.install(&values("shop", ""));
    let keys = [("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE".to_owned()), ("AWS_SECRET_ACCESS_KEY", "none".to_owned())];
    let broker = Container::start(&plane, workload(&rendered, "claviger-broker"), &keys).await;
    broker.is_ready().await;
    let url = format!("https://127.0.0.1:{}", broker.address("listening").await.port());
    let rendered = plane.install(&values("shop", &url));
    let agent = Container::start(&plane, workload(&rendered, "claviger-agent"), &[]).await;
    let webhook = Container::start(&plane, workload(&rendered, "claviger-webhook"), &[]).await;
    agent.is_ready().await;
    webhook.is_ready().await;
    plane.calls_the_webhook_at(webhook.address("listening").await.port()).await;
    let agent_address = agent.address("listening").await;

    plane.has_only("shop", "bank", "a", agent_address).await;
    // What `helm upgrade` does to it. Helm itself does not have the registration that calls the webhook here.
    let changed = render(&over_demo(values("bank", &url))).unwrap();
    let changed = changed.iter().find(|document| document.name() == "claviger-associations").unwrap();
    let path = "/api/v1/namespaces/claviger/configmaps/claviger-associations";
    plane.ask("PUT", path, Some(&changed.object)).await.unwrap();
    for name in ["claviger-broker", "claviger-webhook"] {
        let folder = plane.folder.path().join(name).join("claviger/associations");
        put_config_map(&plane, "claviger-associations", &folder).await;
    }
    plane.has_only("bank", "shop", "b", agent_address).await;
    for container in [webhook, agent, broker] {
        container.stop().await;
    }
    plane.running.stop().await;
}

impl Plane {
    /// Awaits that webhook and broker know an association of one namespace, and none of the other.
    async fn has_only(&self, namespace: &str, other: &str, name: &str, agent: std::net::SocketAddr) {
        for (namespace, is_associated) in [(namespace, true), (other, false)] {
            let path = format!("/api/v1/namespaces/{namespace}/pods");
            eventually("the webhook knows it", SOON, async || {
                let tried = self.ask("POST", &format!("{path}?dryRun=All"), Some(&pod(name))).await?;
                let is_injected = tried["metadata"]["labels"]["eks.amazonaws.com/pod-identity"] == "enabled";
                if is_injected == is_associated { Ok(()) } else { Err(tried) }
            })
            .await;
            let made = self.create(&path, &pod(name)).await;
            let token = self.token(&made, Some("pods.eks.amazonaws.com")).await;
            eventually("the broker knows it", SOON, async || {
                let answer = get(agent, "/v1/credentials", &format!("Authorization: {token}\r\n")).await;
                let is_unknown = answer.starts_with("HTTP/1.1 404") && answer.contains("(ResourceNotFoundException)");
                if is_unknown == is_associated { Err(answer) } else { Ok(()) }
            })
            .await;
        }
    }
}
