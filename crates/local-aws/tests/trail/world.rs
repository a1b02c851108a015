//! Two accounts, those who call, and what their events are.

use std::{io, net::SocketAddr};

use authz::{file::world, text::SourceText};
use aws_model::SecretBytes;
use jiff::Timestamp;
use local_aws::{Credential, LocalAws, Options, Running};
use serde_json::{Value, json};

use crate::wire::{self, Answer, Request, Signer};

pub(crate) const OTHER: &str = "444455556666";
pub(crate) const KEY: &str = "arn:aws:kms:us-west-2:444455556666:key/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";

/// Ann may do everything in her account and use the other account's key; Bob may nothing.
const WORLD: &str = r#"
users:
  arn:aws:iam::111122223333:user/team/ann:
    id: AIDAANNANNANNANNANNAN
    policies: {all: {Statement: [{Effect: Allow, Action: "*", Resource: "*"}]}}
  arn:aws:iam::111122223333:user/bob: {}
roles:
  arn:aws:iam::111122223333:role/path/Reader:
    id: AROAREADERREADERREADE
    trust: &trust
      Statement:
        - {Effect: Allow, Principal: {AWS: "*"}, Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]}
    policies: &policies {all: {Statement: [{Effect: Allow, Action: "*", Resource: "*"}]}}
  arn:aws:iam::444455556666:role/Reader: {id: AROAABROADABROADABROA, trust: *trust, policies: *policies}
keys:
  arn:aws:kms:us-west-2:444455556666:key/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0:
    policy:
      Statement:
        - {Effect: Allow, Principal: {AWS: "444455556666"}, Action: "kms:*", Resource: "*"}
        - {Effect: Allow, Principal: {AWS: "arn:aws:iam::111122223333:user/team/ann"}, Action: "kms:*", Resource: "*"}
"#;

pub(crate) async fn start() -> Running {
    start_with(Options::default()).await
}

pub(crate) async fn start_with(options: Options) -> Running {
    let no_files = |_: &str| -> io::Result<String> { Err(io::ErrorKind::NotFound.into()) };
    let world = world::read(&SourceText::new("world", WORLD), &no_files).unwrap();
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    LocalAws::start(Options { listen, world, credentials: vec![ann(), bob()], ..options }).await.unwrap()
}

pub(crate) fn ann() -> Credential {
    "AKIAANN:ann-secret:arn:aws:iam::111122223333:user/team/ann".parse().unwrap()
}

pub(crate) fn bob() -> Credential {
    "AKIABOB:bob-secret:arn:aws:iam::111122223333:user/bob".parse().unwrap()
}

pub(crate) fn root_of(aws: &Running, account: &str) -> Credential {
    aws.root_credential(account.parse().unwrap())
}

/// Calls KMS, and expects an answer.
pub(crate) async fn kms(aws: &Running, credential: &Credential, operation: &str, input: Value) -> Value {
    let answer = kms_as(aws, &wire::of(credential, "kms"), operation, input).await;
    assert_eq!(answer.status, 200, "{operation}: {answer:?}");
    serde_json::from_str(&answer.body).unwrap_or(Value::Null)
}

pub(crate) async fn kms_as(aws: &Running, signer: &Signer, operation: &str, input: Value) -> Answer {
    agent(wire::kms(operation, &input.to_string())).signed(aws, signer).send(aws).await
}

pub(crate) async fn sts_as(aws: &Running, signer: &Signer, parameters: &str) -> Answer {
    agent(wire::sts(parameters)).signed(aws, signer).send(aws).await
}

/// A CloudTrail request.
pub(crate) fn cloudtrail(operation: &str, body: &str) -> Request {
    wire::aws_json("com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101", operation, body)
}

fn agent(request: Request) -> Request {
    request.header("user-agent", "aws-cli/2.0 md/test")
}

/// Assumes a role; returns who holds the session then, and the answer.
pub(crate) async fn assume(aws: &Running, signer: &Signer, role: &str, more: &str) -> (Signer, Answer) {
    let role = role.replace(':', "%3A").replace('/', "%2F");
    let begun = sts_as(aws, signer, &format!("Action=AssumeRole&RoleSessionName=me&RoleArn={role}{more}")).await;
    assert_eq!(begun.status, 200, "{begun:?}");
    let session = Signer {
        access_key_id: begun.element("AccessKeyId"),
        secret: SecretBytes::new(begun.element("SecretAccessKey").into_bytes()),
        token: Some(SecretBytes::new(begun.element("SessionToken").into_bytes())),
        region: signer.region,
        service: "kms",
        time: Timestamp::now(),
    };
    (session, begun)
}

/// One page of LookupEvents.
pub(crate) async fn page(aws: &Running, signer: &Signer, input: &Value) -> Value {
    let answer = cloudtrail("LookupEvents", &input.to_string()).signed(aws, signer).send(aws).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    serde_json::from_str(&answer.body).unwrap()
}

/// Every event of an account that is found with this input, oldest first, as LookupEvents lists it.
pub(crate) async fn listed(aws: &Running, account: &str, input: Value) -> Vec<Value> {
    let signer = wire::of(&root_of(aws, account), "cloudtrail");
    listed_to(aws, signer, input).await
}

/// The same of IAM's events, which are of one region.
pub(crate) async fn listed_of_iam(aws: &Running, account: &str, input: Value) -> Vec<Value> {
    let signer = Signer { region: "us-east-1", ..wire::of(&root_of(aws, account), "cloudtrail") };
    listed_to(aws, signer, input).await
}

async fn listed_to(aws: &Running, signer: Signer, input: Value) -> Vec<Value> {
    let (mut input, mut found) = (input, Vec::new());
    loop {
        let mut page = page(aws, &signer, &input).await;
        found.append(page["Events"].as_array_mut().unwrap());
        match page["NextToken"].take() {
            Value::Null => break,
            token => input["NextToken"] = token,
        }
    }
    found.reverse();
    found
}

/// The same, as the events themselves.
pub(crate) async fn events(aws: &Running, account: &str, input: Value) -> Vec<Value> {
    let listed = listed(aws, account, input).await;
    listed.iter().map(|one| serde_json::from_str(one["CloudTrailEvent"].as_str().unwrap()).unwrap()).collect()
}

/// The one event of an account of this operation.
pub(crate) async fn event(aws: &Running, account: &str, name: &str) -> Value {
    let mut found = events(aws, account, named(name)).await;
    assert_eq!(found.len(), 1, "{name}: {found:#?}");
    found.remove(0)
}

/// The input that finds the events of an operation.
pub(crate) fn named(name: &str) -> Value {
    with("EventName", name)
}

pub(crate) fn with(key: &str, value: &str) -> Value {
    json!({ "LookupAttributes": [{ "AttributeKey": key, "AttributeValue": value }] })
}

/// The event without the ids and times that are new each time, which are returned beside it.
pub(crate) fn without_ids(mut event: Value) -> (Value, [String; 3]) {
    let fields = event.as_object_mut().unwrap();
    let mut take = |name: &str| fields.remove(name).unwrap().as_str().unwrap().to_owned();
    let ids = [take("eventID"), take("requestID"), take("eventTime")];
    (event, ids)
}
