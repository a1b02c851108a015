//! A broker whose associations are those of an EKS cluster: the embedded AWS's.

use std::{fs, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use control_plane::Process;
use serde_json::{Value, json};
use test_support::{EmbeddedAws, eventually, tools};

use crate::{
    CLAVIGER,
    cluster::http,
    rig::{Rig, address},
    sdks::PODS,
};

const CLUSTER: &str = "arn:aws:eks:us-west-2:111122223333:cluster/demo";
/// Longer than from one look at EKS to the next.
const SOON: Duration = Duration::from_secs(90);

fn aws(rig: &Rig, arguments: &[&str]) -> Value {
    let mut command = rig.program(tools().join("venv/bin/aws"));
    command.args(arguments).args(["--output", "json"]).env_clear().env("HOME", rig.folder.path());
    command.envs(EmbeddedAws::environment(rig.aws.address())).env("AWS_DEFAULT_REGION", test_support::REGION);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

/// A user that may ask EKS and assume the pods' role, and its key.
fn broker_key(rig: &Rig) -> (String, String) {
    let policy = |statements: Value| json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    let user = aws(rig, &["iam", "create-user", "--user-name", "broker"]);
    let actions =
        ["eks:ListPodIdentityAssociations", "eks:DescribePodIdentityAssociation", "sts:AssumeRole", "sts:TagSession"];
    let may = policy(json!([{ "Effect": "Allow", "Action": actions, "Resource": "*" }]));
    let put = ["iam", "put-user-policy", "--user-name", "broker", "--policy-name", "may", "--policy-document"];
    aws(rig, &[&put[..], &[&may]].concat());
    let trusted = |principal: Value| json!({ "Effect": "Allow", "Principal": principal, "Action": ["sts:AssumeRole", "sts:TagSession"] });
    // EKS takes no association of a role that does not trust it.
    let eks = trusted(json!({ "Service": "pods.eks.amazonaws.com" }));
    let trust = policy(json!([eks, trusted(json!({ "AWS": user["User"]["Arn"] }))]));
    aws(rig, &["iam", "update-assume-role-policy", "--role-name", "pods", "--policy-document", &trust]);
    let key = aws(rig, &["iam", "create-access-key", "--user-name", "broker"]);
    let text = |name: &str| key["AccessKey"][name].as_str().unwrap().to_owned();
    (text("AccessKeyId"), text("SecretAccessKey"))
}

#[tokio::test(flavor = "multi_thread")]
async fn associations_of_eks_count_for_a_broker_and_those_that_come_or_change_later() {
    let rig = Rig::start(&PODS).await;
    let token = |pod: usize| fs::read_to_string(&rig.tokens[pod]).unwrap();
    let claims = URL_SAFE_NO_PAD.decode(token(0).split('.').nth(1).unwrap()).unwrap();
    let issuer = serde_json::from_slice::<Value>(&claims).unwrap()["iss"].as_str().unwrap().to_owned();
    let (id, secret) = broker_key(&rig);

    let keys = rig.folder.path().join("jwks.json");
    let mut command = rig.program(CLAVIGER);
    command.args(["pod-identity", "broker", "--log-format=json", "--listen=127.0.0.1:0", "--health-listen=none"]);
    command.arg("--allow-unbound-agents").arg("--cluster");
    command.arg(format!("{CLUSTER},issuer={issuer},keys={},associations=eks", keys.display()));
    command.env_clear().env("HOME", rig.folder.path()).env("AWS_ENDPOINT_URL", format!("http://{}", rig.aws.address()));
    command.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_REGION", test_support::REGION);
    command.env("AWS_ACCESS_KEY_ID", id).env("AWS_SECRET_ACCESS_KEY", secret);
    let broker = Process::spawn(command, &rig.folder.path().join("broker.log")).unwrap();
    let at = eventually("the broker listens", SOON, async || {
        address(&broker.log_tail(), "listening").ok_or_else(|| broker.log_tail())
    })
    .await;
    let ask = async |pod: usize| {
        let body = json!({ "token": token(pod) }).to_string();
        http(at, "POST /clusters/demo/assume-role-for-pod-identity", "", &body).await
    };
    let gets = async |pod: usize| {
        eventually("the pod gets credentials", SOON, async || {
            let answer = ask(pod).await;
            if answer.starts_with("HTTP/1.1 200") { Ok(answer) } else { Err(answer) }
        })
        .await
    };
    let answer = gets(0).await;
    assert!(answer.contains(":assumed-role/pods/eks-demo-"), "{answer}");
    let refused = ask(2).await;
    assert!(refused.contains("No Pod Identity association found"), "{refused}");

    let role = "arn:aws:iam::111122223333:role/pods";
    let create = ["eks", "create-pod-identity-association", "--cluster-name", "demo", "--namespace", "payments"];
    aws(&rig, &[&create[..], &["--service-account", "nobody", "--role-arn", role]].concat());
    gets(2).await;

    // Another role for it: the list of associations stays the same.
    let role = aws(&rig, &["iam", "get-role", "--role-name", "pods"]);
    let trust = role["Role"]["AssumeRolePolicyDocument"].to_string();
    let create = ["iam", "create-role", "--role-name", "others", "--assume-role-policy-document", &trust];
    let other = aws(&rig, &create)["Role"]["Arn"].as_str().unwrap().to_owned();
    let list = ["eks", "list-pod-identity-associations", "--cluster-name", "demo", "--service-account", "nobody"];
    let listed = aws(&rig, &[&list[..], &["--namespace", "payments"]].concat());
    let id = listed["associations"][0]["associationId"].as_str().unwrap();
    let update = ["eks", "update-pod-identity-association", "--cluster-name", "demo", "--association-id", id];
    aws(&rig, &[&update[..], &["--role-arn", &other]].concat());
    eventually("the pod gets the other role", SOON, async || {
        let answer = ask(2).await;
        if answer.contains(":assumed-role/others/") { Ok(()) } else { Err(answer) }
    })
    .await;
    broker.stop(Duration::from_secs(20)).await;
}
