//! Killed in the middle of launches, starts and ends, EC2 leaves no grant that no volume has, and loses none that one has. The queue
//! that hears of instances has heard of each.

use std::{collections::BTreeSet, path::Path, time::Duration};

use local_aws::{Options, Running, State, store::MasterKey};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{
    killed::{Kill, tell, to_be_killed},
    wire::{self, ACCOUNT, Answer, Request, root, start_with},
};

const ROUNDS: u32 = 12;
const KEY: &str = "alias/volumes";
const QUEUE: &str = "interruptions";

#[test]
fn no_kill_leaves_a_grant_that_no_volume_has_or_an_instance_that_nobody_heard_of() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let mut told = BTreeSet::new();
    for round in 0..ROUNDS {
        let after = Duration::from_micros(u64::from(round) * 1_700);
        let kill = Kill { test: "kill::launch_until_killed", round, told: 2, after };
        told.extend(kill.load(&path, |line| line.strip_prefix("launched ").map(str::to_owned)));
        Runtime::new().unwrap().block_on(async {
            let aws = start_at(&path).await;
            let granted = granted(&aws).await;
            let (instances, attached) = attached(&aws).await;
            assert_eq!(granted, attached, "round {round}: the grants are those of the volumes that are attached");
            assert_eq!(
                heard(&aws).await,
                instances,
                "round {round}: the queue has heard of the instances that there are"
            );
            for instance in &told {
                assert!(instances.contains(instance), "round {round}: {instance} was acknowledged");
            }
            aws.shutdown().await;
        });
    }
}

/// The volumes that the key's grants are for.
async fn granted(aws: &Running) -> BTreeSet<String> {
    let (mut volumes, mut marker) = (BTreeSet::new(), Value::Null);
    loop {
        let mut input = json!({ "KeyId": key(aws).await, "Limit": 100 });
        if marker.is_string() {
            input["Marker"] = marker;
        }
        let page = kms(aws, "ListGrants", &input).await;
        for grant in page["Grants"].as_array().unwrap() {
            let volume = grant["Constraints"]["EncryptionContextSubset"]["aws:ebs:id"].as_str().unwrap();
            assert!(volumes.insert(volume.to_owned()), "one grant for each: {page}");
        }
        marker = page["NextMarker"].clone();
        if !marker.is_string() {
            return volumes;
        }
    }
}

/// The instances that came to be pending, as the queue has them.
async fn heard(aws: &Running) -> BTreeSet<String> {
    let mut instances = BTreeSet::new();
    let asked = json!({ "QueueUrl": queue(aws).await, "MaxNumberOfMessages": 10, "VisibilityTimeout": 3600 });
    loop {
        let answer = sqs(aws, "ReceiveMessage", &asked).await;
        let Some(messages) = answer["Messages"].as_array() else { return instances };
        for message in messages {
            let event: Value = serde_json::from_str(message["Body"].as_str().unwrap()).unwrap();
            if event["detail"]["state"] == "pending" {
                instances.insert(event["detail"]["instance-id"].as_str().unwrap().to_owned());
            }
        }
    }
}

/// The instances, and the volumes that are attached.
async fn attached(aws: &Running) -> (BTreeSet<String>, BTreeSet<String>) {
    let instances = ec2(aws, "Action=DescribeInstances").await;
    let filter = "Filter.1.Name=attachment.status&Filter.1.Value.1=attaching&Filter.1.Value.2=attached";
    let volumes = ec2(aws, &format!("Action=DescribeVolumes&{filter}")).await;
    (elements(&instances.body, "<instanceId>"), elements(&volumes.body, "<volumeId>"))
}

pub(crate) fn elements(text: &str, name: &str) -> BTreeSet<String> {
    text.split(name).skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

#[test]
#[ignore = "run by the test that kills it"]
fn launch_until_killed() {
    let Some((path, round)) = to_be_killed() else { return };
    Runtime::new().unwrap().block_on(async {
        let aws = start_at(&path).await;
        if round == 0 {
            let made = kms(&aws, "CreateKey", &json!({})).await["KeyMetadata"]["KeyId"].clone();
            kms(&aws, "CreateAlias", &json!({ "AliasName": KEY, "TargetKeyId": made })).await;
            let events = json!({ "Service": "events.amazonaws.com" });
            let statement = json!({ "Effect": "Allow", "Principal": events, "Action": "sqs:SendMessage", "Resource": "*" });
            let policy = json!({ "Version": "2012-10-17", "Statement": statement }).to_string();
            sqs(&aws, "CreateQueue", &json!({ "QueueName": QUEUE, "Attributes": { "Policy": policy } })).await;
        }
        let volume = ec2(&aws, "Action=CreateVolume&AvailabilityZone=us-west-2a&Size=1&Encrypted=true&KmsKeyId=alias%2Fvolumes");
        let volume = volume.await.element("volumeId");
        let snapshot = ec2(&aws, &format!("Action=CreateSnapshot&VolumeId={volume}")).await.element("snapshotId");
        let image = format!(
            "Action=RegisterImage&Name=of-{round}&RootDeviceName=%2Fdev%2Fxvda&BlockDeviceMapping.1.DeviceName=%2Fdev%2Fxvda\
             &BlockDeviceMapping.1.Ebs.SnapshotId={snapshot}"
        );
        let image = ec2(&aws, &image).await.element("imageId");
        loop {
            let launch = format!("Action=RunInstances&ImageId={image}&MinCount=1&MaxCount=1");
            let instance = ec2(&aws, &launch).await.element("instanceId");
            tell(&format!("launched {instance}"));
            // Every other one is ended again.
            let launched = ec2(&aws, &launch).await.element("instanceId");
            ec2(&aws, &format!("Action=TerminateInstances&InstanceId.1={launched}")).await;
        }
    });
}

/// The key's ARN.
async fn key(aws: &Running) -> Value {
    kms(aws, "DescribeKey", &json!({ "KeyId": KEY })).await["KeyMetadata"]["Arn"].clone()
}

async fn kms(aws: &Running, operation: &str, input: &Value) -> Value {
    let answer = wire::kms(operation, &input.to_string()).signed(aws, &root(aws, "kms")).send(aws).await;
    assert_eq!(answer.status, 200, "{operation}: {answer:?}");
    if answer.body.is_empty() { Value::Null } else { serde_json::from_str(&answer.body).unwrap() }
}

/// The URL of the queue that hears.
async fn queue(aws: &Running) -> Value {
    sqs(aws, "GetQueueUrl", &json!({ "QueueName": QUEUE })).await["QueueUrl"].clone()
}

async fn sqs(aws: &Running, operation: &str, input: &Value) -> Value {
    let headers = vec![
        ("content-type".into(), "application/x-amz-json-1.0".into()),
        ("x-amz-target".into(), format!("AmazonSQS.{operation}")),
    ];
    let request = Request { method: "POST", query: String::new(), headers, body: input.to_string().into() };
    let answer = request.signed(aws, &root(aws, "sqs")).send(aws).await;
    assert_eq!(answer.status, 200, "{operation}: {answer:?}");
    serde_json::from_str(&answer.body).unwrap()
}

/// A call of EC2's, which must succeed.
pub(crate) async fn ec2(aws: &Running, parameters: &str) -> Answer {
    let answer = answered(aws, parameters).await;
    assert_eq!(answer.status, 200, "{parameters}: {answer:?}");
    answer
}

/// The same, of one that may be refused.
pub(crate) async fn answered(aws: &Running, parameters: &str) -> Answer {
    let headers = vec![("content-type".into(), "application/x-www-form-urlencoded; charset=utf-8".into())];
    let body = format!("Version=2016-11-15&{parameters}").into();
    let request = Request { method: "POST", query: String::new(), headers, body };
    request.signed(aws, &root(aws, "ec2")).send(aws).await
}

/// An embedded AWS with its state in a file.
pub(crate) async fn start_at(path: &Path) -> Running {
    let accounts = vec![ACCOUNT.parse().unwrap()];
    let state = State::File { path: path.to_owned(), master_key: MasterKey::Beside };
    start_with(Options { accounts, state, ..Options::default() }).await
}
