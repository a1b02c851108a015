//! One pod from its making to AWS: the chart's webhook gives it variables and a token, and with those alone AWS's own client
//! gets credentials from the chart's agent and broker.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::{Value, json};
use test_support::{EmbeddedAws, NEWEST_KUBERNETES, REGION, eventually, tools};

use crate::{
    CLAVIGER,
    kubelet::{Container, NODE},
    plane::{Plane, SOON},
    runs::{pod, workload},
};

const PODS: &str = "/api/v1/namespaces/shop/pods";
const WEBHOOKS: &str = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/claviger-webhook";
const ROLE: &str = "arn:aws:iam::111122223333:role/shop";

/// The `aws` command, with these variables and nothing else.
fn aws(home: &Path, environment: &[(String, String)], arguments: &[&str]) -> Output {
    let mut command = Command::new(tools().join("venv/bin/aws"));
    command.args(arguments).args(["--output", "json"]).env_clear().env("HOME", home);
    command.envs(environment.iter().cloned()).output().unwrap()
}

/// A user that may assume the role `shop`, which trusts it for that namespace; its access key.
fn broker_key(aws: impl Fn(&[&str]) -> Value) -> [(&'static str, String); 2] {
    let policy = |statement: Value| json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
    let actions = ["sts:AssumeRole", "sts:TagSession"];
    let user = aws(&["iam", "create-user", "--user-name", "broker"]);
    let may = policy(json!({ "Effect": "Allow", "Action": actions, "Resource": ROLE }));
    let put = ["iam", "put-user-policy", "--user-name", "broker", "--policy-name", "may", "--policy-document"];
    aws(&[&put[..], &[&may]].concat());
    let trust = policy(json!({
        "Effect": "Allow", "Principal": { "AWS": user["User"]["Arn"] }, "Action": actions,
        "Condition": { "StringEquals": { "aws:RequestTag/kubernetes-namespace": "shop" } },
    }));
    aws(&["iam", "create-role", "--role-name", "shop", "--assume-role-policy-document", &trust]);
    let key = aws(&["iam", "create-access-key", "--user-name", "broker"]);
    let text = |name: &str| key["AccessKey"][name].as_str().unwrap().to_owned();
    [("AWS_ACCESS_KEY_ID", text("AccessKeyId")), ("AWS_SECRET_ACCESS_KEY", text("SecretAccessKey"))]
}

impl Plane {
    /// The registration calls the webhook where it is, since there is no network of Services here.
    pub(crate) async fn calls_the_webhook_at(&self, port: u16) {
        eventually("the apiserver is told whom to trust", SOON, async || {
            let mut found = self.ask("GET", WEBHOOKS, None).await?;
            for webhook in found["webhooks"].as_array_mut().unwrap() {
                let client = webhook["clientConfig"].as_object_mut().unwrap();
                if !client.contains_key("caBundle") {
                    return Err(found);
                }
                client.remove("service");
                client.insert("url".to_owned(), format!("https://127.0.0.1:{port}/mutate").into());
            }
            self.ask("PUT", WEBHOOKS, Some(&found)).await
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_that_the_charts_webhook_injects_gets_credentials_by_what_it_was_given() {
    let plane = Plane::start(NEWEST_KUBERNETES).await;
    let home = plane.folder.path();
    plane.create("/api/v1/nodes", &json!({ "metadata": { "name": NODE } })).await;
    let embedded = EmbeddedAws::start(Path::new(CLAVIGER), home).await;
    let endpoint = format!("http://{}", embedded.address());
    let root: Vec<_> =
        EmbeddedAws::environment(embedded.address()).map(|(name, value)| (name.to_owned(), value)).into();
    let root = [root, vec![("AWS_DEFAULT_REGION".to_owned(), REGION.to_owned())]].concat();
    let keys = broker_key(|arguments| {
        let done = aws(home, &root, arguments);
        assert!(done.status.success(), "{arguments:?}: {done:?}");
        serde_json::from_slice(&done.stdout).unwrap_or_default()
    });

    plane.new_broker_certificate().await;
    let mut values = json!({
        "cluster": { "issuer": plane.running.apiserver_url() },
        "log": { "level": "debug" },
        "broker": { "extraArgs": [format!("--sts-endpoint={endpoint}")] },
        "webhook": { "extraArgs": ["--tls-name=127.0.0.1"] },
        "agent": { "bindHosts": ["127.0.0.1"], "extraArgs": ["--port=0"] },
    });
    let rendered = plane.install(&values);
    let broker = Container::start(&plane, workload(&rendered, "claviger-broker"), &keys).await;
    broker.is_ready().await;
    values["agent"]["broker"]["url"] = format!("https://127.0.0.1:{}", broker.address("listening").await.port()).into();
    let rendered = plane.install(&values);
    let agent = Container::start(&plane, workload(&rendered, "claviger-agent"), &[]).await;
    agent.is_ready().await;
    values["webhook"]["agentUrl"] = format!("http://{}/v1/credentials", agent.address("listening").await).into();
    let rendered = plane.install(&values);
    let webhook = Container::start(&plane, workload(&rendered, "claviger-webhook"), &[]).await;
    webhook.is_ready().await;
    plane.calls_the_webhook_at(webhook.address("listening").await.port()).await;

    plane.new_namespace("shop", json!({})).await;
    let association = json!({
        "apiVersion": "claviger.dev/v1alpha1", "kind": "PodIdentityAssociation", "metadata": { "name": "shop" },
        "spec": { "namespace": "shop", "serviceAccount": "*", "roleArn": ROLE },
    });
    plane.create("/apis/claviger.dev/v1alpha1/podidentityassociations", &association).await;
    eventually("pods are injected", SOON, async || {
        let tried = plane.ask("POST", &format!("{PODS}?dryRun=All"), Some(&pod("till"))).await?;
        if tried["metadata"]["labels"].is_null() { Err(tried) } else { Ok(()) }
    })
    .await;
    let till = plane.create(PODS, &pod("till")).await;

    // What a kubelet does for its container: the token where it is mounted, and the variables.
    let container = &till["spec"]["containers"][0];
    let volumes = till["spec"]["volumes"].as_array().unwrap();
    let volume = volumes.iter().find(|volume| volume["name"] == "eks-pod-identity-token").unwrap();
    let token = &volume["projected"]["sources"][0]["serviceAccountToken"];
    let mounts = container["volumeMounts"].as_array().unwrap();
    let mount = mounts.iter().find(|mount| mount["name"] == volume["name"]).unwrap();
    let inside = format!("{}/{}", mount["mountPath"].as_str().unwrap(), token["path"].as_str().unwrap());
    let outside = home.join("pods-token");
    fs::write(&outside, plane.token(&till, token["audience"].as_str()).await).unwrap();
    let variables = container["env"].as_array().unwrap().iter();
    let variables = variables.map(|variable| {
        let value = variable["value"].as_str().unwrap();
        let value = if value == inside { outside.display().to_string() } else { value.to_owned() };
        (variable["name"].as_str().unwrap().to_owned(), value)
    });
    let variables: Vec<_> = variables.chain([("AWS_ENDPOINT_URL".to_owned(), endpoint)]).collect();
    let told = aws(home, &variables, &["sts", "get-caller-identity"]);
    let log = broker.process.log_tail();
    assert!(told.status.success(), "{told:?}\n{variables:?}\n{log}");
    let arn = serde_json::from_slice::<Value>(&told.stdout).unwrap()["Arn"].as_str().unwrap().to_owned();
    assert!(arn.starts_with("arn:aws:sts::111122223333:assumed-role/shop/eks-demo-till-"), "{arn}");
    let token = fs::read_to_string(&outside).unwrap();
    for container in [webhook, agent, broker] {
        let log = container.process.log().to_owned();
        container.stop().await;
        let log = fs::read_to_string(log).unwrap();
        assert!(log.contains("\"level\":\"DEBUG\""), "{log}");
        // Neither tokens, of which each part begins so, nor keys.
        for secret in ["eyJ", token.trim(), &keys[1].1] {
            assert!(!log.contains(secret), "{log}");
        }
    }
    plane.running.stop().await;
}
