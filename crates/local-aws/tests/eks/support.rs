//! Calls of EKS and of what it needs.

use std::{path::Path, time::Duration};

use local_aws::{Options, Running, State, store::MasterKey};
use serde_json::{Value, json};

use crate::wire::{self, ACCOUNT, Answer, Request, start_with};

/// A call of the account's root user, which must succeed.
pub(crate) async fn eks(aws: &Running, method: &'static str, path: &str, input: Value) -> Value {
    let body = if input.is_null() { String::new() } else { input.to_string() };
    read(&wire::rest(aws, "eks", method, path, &body).await)
}

pub(crate) fn read(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    serde_json::from_str(&answer.body).unwrap()
}

/// A route of the embedded AWS's own.
pub(crate) async fn admin(aws: &Running, method: &'static str, route: &str, input: Value) -> Answer {
    let headers = vec![("content-type".into(), "application/json".into())];
    let request = Request { method, query: String::new(), headers, body: input.to_string().into() };
    request.send_to(aws, &format!("/_claviger/{route}")).await
}

/// A token of a pod of the service account `default/api` of a cluster.
pub(crate) async fn token(aws: &Running, cluster: &str) -> String {
    let cluster = format!("arn:aws:eks:us-west-2:{ACCOUNT}:cluster/{cluster}");
    let asked = json!({ "cluster": cluster, "namespace": "default", "serviceAccount": "api" });
    read(&admin(aws, "POST", "eks/token", asked).await)["token"].as_str().unwrap().to_owned()
}

pub(crate) async fn assume(aws: &Running, cluster: &str, token: &str) -> Answer {
    let path = format!("/clusters/{cluster}/assume-role-for-pod-identity");
    wire::rest(aws, "eks-auth", "POST", &path, &json!({ "token": token }).to_string()).await
}

/// Roles of clusters and of pods are those of an account that need not be declared.
pub(crate) fn role(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{name}")
}

pub(crate) async fn new_cluster(aws: &Running, name: &str) -> Value {
    let input =
        json!({ "name": name, "roleArn": role("cluster"), "resourcesVpcConfig": { "subnetIds": ["subnet-1"] } });
    eks(aws, "POST", "/clusters", input).await["cluster"].clone()
}

/// Waits until a cluster is there. Nothing tells: who waits at AWS asks, too.
pub(crate) async fn active(aws: &Running, name: &str) {
    let is_there = async {
        while eks(aws, "GET", &format!("/clusters/{name}"), Value::Null).await["cluster"]["status"] == "CREATING" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), is_there).await.unwrap();
}

pub(crate) async fn associate(aws: &Running, cluster: &str, service_account: &str) -> Value {
    let path = format!("/clusters/{cluster}/pod-identity-associations");
    let input = json!({ "namespace": "default", "serviceAccount": service_account, "roleArn": role("pod") });
    eks(aws, "POST", &path, input).await["association"].clone()
}

/// An embedded AWS with its state in a file.
pub(crate) async fn start_at(path: &Path) -> Running {
    let accounts = vec![ACCOUNT.parse().unwrap()];
    let state = State::File { path: path.to_owned(), master_key: MasterKey::Beside };
    start_with(Options { accounts, state, ..Options::default() }).await
}
