//! The broker with associations at a real apiserver: a pod's token in, its role's credentials out, with the broker's permissions.

use std::{fs, path::Path, time::Duration};

use control_plane::Process;
use serde_json::{Value, json};
use test_support::{EmbeddedAws, REGION, eventually, tools};
use tokio::process::Command;

use crate::{
    CLAVIGER,
    cluster::{Cluster, SOON, http},
    rig::address,
};

const ASSOCIATIONS: &str = "/apis/claviger.dev/v1alpha1/podidentityassociations";

/// The account's administrator, by the CLI.
async fn aws(aws: &EmbeddedAws, home: &Path, arguments: &[&str]) -> Value {
    let mut cli = Command::new(tools().join("venv/bin/aws"));
    cli.env_clear().env("HOME", home).env("AWS_DEFAULT_REGION", REGION).envs(EmbeddedAws::environment(aws.address()));
    let done = cli.args(["--output", "json", "iam"]).args(arguments).output().await.unwrap();
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap_or_default()
}

fn allow(also: Value) -> String {
    let mut statement = json!({ "Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"] });
    statement.as_object_mut().unwrap().extend(also.as_object().unwrap().clone());
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_has_the_role_of_an_association_at_the_apiserver_until_that_goes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let embedded = EmbeddedAws::start(Path::new(CLAVIGER), folder).await;
    let user = aws(&embedded, folder, &["create-user", "--user-name=broker"]).await["User"]["Arn"].clone();
    let may = allow(json!({ "Resource": "*" }));
    let put = ["put-user-policy", "--user-name=broker", "--policy-name=assume", "--policy-document", &may];
    aws(&embedded, folder, &put).await;
    let key = aws(&embedded, folder, &["create-access-key", "--user-name=broker"]).await["AccessKey"].clone();
    let trust = allow(json!({ "Principal": { "AWS": user } }));
    let create = ["create-role", "--role-name=reader", "--assume-role-policy-document", &trust];
    let role = aws(&embedded, folder, &create).await["Role"]["Arn"].clone();

    let cluster = Cluster::start(folder).await;
    cluster.apply(&["crds", "manifests/namespace.yaml", "manifests/broker-rbac.yaml"]).await;
    let (_, token) = cluster.new_pod("payments", "api", "node-a").await;
    fs::write(folder.join("jwks.json"), cluster.ask("GET", "/openid/v1/jwks", None).await.to_string()).unwrap();
    let mut command = std::process::Command::new(CLAVIGER);
    command.args(["pod-identity", "broker", "--log-format=json", "--allow-unbound-agents"]);
    command.args(["--listen=127.0.0.1:0", "--health-listen=127.0.0.1:0"]);
    command.arg(format!("--sts-endpoint=http://{}", embedded.address()));
    command.arg(format!(
        "--cluster=arn:aws:eks:{REGION}:111122223333:cluster/demo,issuer={},keys={},associations=kubernetes:{}",
        cluster.plane.apiserver_url(),
        folder.join("jwks.json").display(),
        cluster.kubeconfig_of("claviger-broker", folder).await,
    ));
    command.env_clear().env("HOME", folder).envs(EmbeddedAws::environment(embedded.address()));
    command.env("AWS_ACCESS_KEY_ID", key["AccessKeyId"].as_str().unwrap());
    command.env("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"].as_str().unwrap());
    let process = Process::spawn(command, &folder.join("broker.log")).unwrap();
    let listens = eventually("the broker listens", SOON, async || {
        address(&process.log_tail(), "listening").ok_or_else(|| process.log_tail())
    })
    .await;

    let asked = json!({ "token": token }).to_string();
    let answers = async |what: &str, status: &str| {
        eventually(what, SOON, async || {
            let answer = http(listens, "POST /clusters/demo/assume-role-for-pod-identity", "", &asked).await;
            if answer.starts_with(&format!("HTTP/1.1 {status}")) { Ok(answer) } else { Err(answer) }
        })
        .await
    };
    let refused = answers("it has no association", "404").await;
    assert!(refused.contains("ResourceNotFoundException"), "{refused}");
    let association = json!({
        "apiVersion": "claviger.dev/v1alpha1", "kind": "PodIdentityAssociation",
        "metadata": { "name": "payments" },
        "spec": { "namespace": "pay*", "serviceAccount": "*", "roleArn": role },
    });
    let made = cluster.ask("POST", ASSOCIATIONS, Some(&association)).await;
    let given = answers("it has one", "200").await;
    let given: Value = serde_json::from_str(given.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let arn = given["assumedRoleUser"]["arn"].as_str().unwrap();
    assert!(arn.starts_with("arn:aws:sts::111122223333:assumed-role/reader/eks-demo-"), "{arn}");
    let id: String = made["metadata"]["uid"].as_str().unwrap().replace('-', "").chars().take(17).collect();
    assert_eq!(given["podIdentityAssociation"]["associationId"], format!("a-{id}"));
    let path = format!("{ASSOCIATIONS}/payments");
    eventually("it is told that it counts", SOON, async || {
        let told = cluster.ask("GET", &path, None).await;
        if told["status"]["conditions"][0]["reason"] == "Accepted" { Ok(()) } else { Err(told) }
    })
    .await;

    cluster.ask("DELETE", &path, None).await;
    answers("it has none again", "404").await;
    process.stop(Duration::from_secs(20)).await;
    cluster.plane.stop().await;
}
