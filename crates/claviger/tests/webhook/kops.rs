//! The webhook in the place of the one that kops installs, with the very flags that kops gives it.

use serde_json::{Value, json};
use test_support::NEWEST_KUBERNETES;

use crate::cluster::{Cluster, Webhook, pod};

const MAPS: &str = "/api/v1/namespaces/claviger/configmaps";

/// As kops renders them, but for the namespace.
///
/// Source: kops, `upup/models/cloudup/resources/addons/eks-pod-identity-webhook.addons.k8s.io/k8s-1.16.yaml.template`.
const FLAGS: [&str; 9] = [
    "--in-cluster=false",
    "--namespace=claviger",
    "--service-name=pod-identity-webhook",
    "--annotation-prefix=eks.amazonaws.com",
    "--token-audience=amazonaws.com",
    "--logtostderr",
    "--watch-config-map",
    "--sts-regional-endpoint",
    "--v=5",
];

fn role(name: &str) -> String {
    format!("arn:aws:iam::111122223333:role/{name}")
}

fn map(config: &Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "pod-identity-webhook" },
        "data": { "config": config.to_string() },
    })
}

/// What a pod has for STS: role, audience, seconds, and whether it is told to call the region's.
fn given(pod: &Value) -> Option<(String, String, i64, bool)> {
    let variables = pod["spec"]["containers"][0]["env"].as_array()?;
    let value = |name: &str| variables.iter().find(|variable| variable["name"] == name)?["value"].as_str();
    let token =
        &pod["spec"]["volumes"].as_array()?.iter().find(|volume| volume["name"] == "aws-iam-token")?["projected"];
    let token = &token["sources"][0]["serviceAccountToken"];
    let (audience, seconds) = (token["audience"].as_str()?, token["expirationSeconds"].as_i64()?);
    let is_regional = value("AWS_STS_REGIONAL_ENDPOINTS") == Some("regional");
    Some((value("AWS_ROLE_ARN")?.to_owned(), audience.to_owned(), seconds, is_regional))
}

#[tokio::test]
async fn roles_come_from_the_configmap_that_kops_writes() {
    let cluster = Cluster::start(NEWEST_KUBERNETES).await;
    let kubeconfig = cluster.kubeconfig_of_kops_webhook().await;
    let config = json!({
        "default/api": { "RoleARN": role("api"), "Audience": "amazonaws.com", "UseRegionalSTS": true, "TokenExpiration": 3600 },
        "*/other": { "RoleARN": role("every"), "Audience": "theirs", "UseRegionalSTS": false, "TokenExpiration": 0 },
        "default/own": { "RoleARN": role("mapped"), "Audience": "theirs", "UseRegionalSTS": true, "TokenExpiration": 700 },
    });
    cluster.create(MAPS, &map(&config)).await;
    let flags: Vec<String> = FLAGS.iter().map(|flag| (*flag).to_owned()).collect();
    let token_expiration = "--token-expiration=4000".to_owned();
    let all = [flags, vec![token_expiration, format!("--kubeconfig={}", kubeconfig.display())]].concat();
    let webhook = Webhook::start_with(&cluster, &all, &[]).await;
    cluster.register(&webhook, "Fail", "v1").await;

    let is = |name: &str, audience: &str, seconds: i64, is_regional: bool| {
        let expected = Some((role(name), audience.to_owned(), seconds, is_regional));
        move |pod: &Value| given(pod) == expected
    };
    cluster.until("the map's word counts", "api", is("api", "amazonaws.com", 3600, true)).await;
    cluster.until("that for every namespace, too", "other", is("every", "theirs", 4000, false)).await;
    // Who names a role itself has that, and nothing of the map.
    let own = json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": { "name": "own", "annotations": { "eks.amazonaws.com/role-arn": role("own") } },
    });
    cluster.create("/api/v1/namespaces/default/serviceaccounts", &own).await;
    cluster.until("an annotation counts before", "own", is("own", "amazonaws.com", 4000, true)).await;

    // A map that is none leaves the former in force.
    let path = format!("{MAPS}/pod-identity-webhook");
    cluster.put(&path, &map(&json!({ "api": { "RoleARN": role("other") } }))).await;
    webhook.until_logged("cannot be read; what was read before counts").await;
    cluster.until("it still has its role", "api", is("api", "amazonaws.com", 3600, true)).await;
    cluster.put(&path, &map(&json!({ "default/other": { "RoleARN": role("new") } }))).await;
    cluster.until("another role", "other", is("new", "amazonaws.com", 4000, false)).await;
    let made = cluster.create_pod(&pod("api")).await.unwrap();
    assert_eq!(given(&made), None, "{made}");
    webhook.stop().await;
}
