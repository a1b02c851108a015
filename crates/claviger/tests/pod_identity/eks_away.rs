//! A broker with the associations of EKS: while EKS is away those that it told stay, and one that is deleted there ends.

use std::{fs, time::Duration};

use serde_json::{Value, json};
use test_support::eventually;

use crate::{
    cluster::http,
    lending::{JSON, Lending, allow},
};

/// Longer than from one look at EKS to the next but one.
const SOON: Duration = Duration::from_secs(120);
const BROKER: &str = "arn:aws:iam::111122223333:user/broker";

#[tokio::test(flavor = "multi_thread")]
async fn what_eks_told_stays_while_it_is_away_and_ends_when_it_is_deleted_there() {
    let lending = Lending::start(&[]).await;
    let demo = lending.cluster("demo").await;
    let assume = ["sts:AssumeRole", "sts:TagSession"];
    let look = ["eks:ListPodIdentityAssociations", "eks:DescribePodIdentityAssociation"];
    let (id, secret) = lending.user("broker", &allow(&[assume, look].concat(), json!({ "Resource": "*" }))).await;
    let trust = json!({ "Principal": { "Service": "pods.eks.amazonaws.com", "AWS": BROKER } });
    let may = allow(&["kms:GenerateRandom"], json!({ "Resource": "*" }));
    let role = lending.role("pods", &allow(&assume, trust), &may).await;
    let create = ["create-pod-identity-association", "--cluster-name=demo", "--namespace=payments"];
    let made = lending.eks(&[&create[..], &["--service-account=api", "--role-arn", &role]].concat()).await.unwrap();
    let made = made["association"]["associationId"].as_str().unwrap().to_owned();

    let keys = [("AWS_ACCESS_KEY_ID", &*id), ("AWS_SECRET_ACCESS_KEY", &*secret)];
    let cluster = format!("{},issuer={},keys={},associations=eks", demo.arn, demo.url, demo.keys);
    let broker = lending.broker("broker", &[cluster], &keys).await;
    let token = lending.token(&demo, "payments", "api").await;
    let given = eventually("the pod gets credentials", SOON, async || broker.ask("demo", &token).await).await;
    assert_eq!(given["podIdentityAssociation"]["associationId"], made, "{given}");

    let away = json!({ "faults": [format!("eks:* gone=closed caller={BROKER}")] }).to_string();
    let set = http(lending.aws.address(), "PUT /_claviger/faults", JSON, &away).await;
    assert!(set.starts_with("HTTP/1.1 200"), "{set}");
    lending.eks(&["delete-pod-identity-association", "--cluster-name=demo", "--association-id", &made]).await.unwrap();
    eventually("EKS is away", SOON, async || {
        let log = fs::read_to_string(broker.process.log()).unwrap();
        let told = |line: &Value| line["message"] == "the associations of EKS cannot be had; those before stay";
        let mut lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.find(told).ok_or(log.clone())
    })
    .await;
    broker.ask("demo", &token).await.unwrap_or_else(|refused| panic!("{refused}"));
    let ready = broker.ready().await;
    assert!(ready.starts_with("HTTP/1.1 200"), "{ready}");

    http(lending.aws.address(), "DELETE /_claviger/faults", "", "").await;
    let refused = eventually("the association is gone", SOON, async || {
        broker.ask("demo", &token).await.err().ok_or("it still gets credentials")
    })
    .await;
    assert!(refused.starts_with("HTTP/1.1 404") && refused.contains("No Pod Identity association"), "{refused}");
}
