//! Calls of EKS and of what it needs.

use std::{path::Path, time::Duration};

use local_aws::{Options, Running, State, store::MasterKey};
use serde_json::{Value, json};

use crate::wire::{self, ACCOUNT, Answer, Request, root, start_with};

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

/// A call by the query protocol.
pub(crate) async fn query(aws: &Running, service: &'static str, body: String) -> Answer {
    let headers = vec![("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())];
    let request = Request { method: "POST", query: String::new(), headers, body: body.into() };
    let answer = request.signed(aws, &root(aws, service)).send(aws).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}

/// A role that EC2 may take.
pub(crate) async fn new_node_role(aws: &Running, name: &str) -> String {
    let trust = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22Service%22\
                 %3A%22ec2.amazonaws.com%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%7D";
    let asked = format!("Action=CreateRole&RoleName={name}&AssumeRolePolicyDocument={trust}&Version=2010-05-08");
    query(aws, "iam", asked).await.element("Arn")
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
