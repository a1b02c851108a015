//! A node group whose nodes are being replaced, killed meanwhile, or deleted and killed: the next start goes on to the end.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use local_aws::Running;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{
    killing::{Kill, tell, to_be_killed},
    support::{active, eks, new_cluster, new_node_role, query, read, start_at},
    wire::{self, Request, root},
};

const ONE: &str = "/clusters/demo/node-groups/one";
const PATIENCE: Duration = Duration::from_secs(60);
const NODES: usize = 3;

#[test]
fn a_replacement_that_a_kill_cuts_off_is_taken_up_and_ends() {
    let mut cut_off = 0;
    for round in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let after = Duration::from_millis(u64::from(round) * 70);
        let kill = Kill { test: "replacing::replace_until_killed", round, told: 1, after };
        let told = kill.load(&path, |line| serde_json::from_str::<Value>(line).ok().filter(Value::is_object));
        let [told] = &*told else { panic!("round {round}: {told:?}") };
        Runtime::new().unwrap().block_on(async {
            let aws = start_at(&path).await;
            let id = told["update"].as_str().unwrap();
            let until = Instant::now() + PATIENCE;
            cut_off += u32::from(update(&aws, id).await["status"] == "InProgress");
            loop {
                // The group first: between the calls the update may end.
                let group = eks(&aws, "GET", ONE, Value::Null).await;
                let update = update(&aws, id).await;
                if update["status"] == "Successful" {
                    break;
                }
                assert_eq!(update["status"], "InProgress", "round {round}: {update}");
                assert_eq!(group["nodegroup"]["status"], "UPDATING", "round {round}");
                assert!(Instant::now() < until, "round {round}: {group}");
            }
            let group = eks(&aws, "GET", ONE, Value::Null).await["nodegroup"].clone();
            assert_eq!((&group["status"], &group["launchTemplate"]["version"]), (&json!("ACTIVE"), &json!("2")));
            let (ids, types) = nodes(&aws).await;
            assert_eq!(types, ["m5.xlarge"; NODES], "round {round}");
            let former = told["nodes"].as_array().unwrap();
            assert!(!former.iter().any(|id| ids.contains(id.as_str().unwrap())), "round {round}: {former:?} {ids:?}");
            aws.shutdown().await;
        });
    }
    assert!(cut_off > 0, "a kill came before the end");
}

/// Whoever deletes a node group does not wait until its nodes are replaced: it goes, with all that it is of.
#[test]
fn a_group_that_is_deleted_while_its_nodes_are_replaced_is_gone_after_a_kill() {
    let mut cut_off = 0;
    for round in 0..4 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let after = Duration::from_millis(u64::from(round) * 50);
        let kill = Kill { test: "replacing::delete_until_killed", round, told: 1, after };
        let told = kill.load(&path, |line| serde_json::from_str::<Value>(line).ok().filter(Value::is_object));
        let [told] = &*told else { panic!("round {round}: {told:?}") };
        assert_eq!((&told["update"], &told["status"]), (&json!("InProgress"), &json!("DELETING")), "round {round}");
        Runtime::new().unwrap().block_on(async {
            let aws = start_at(&path).await;
            let until = Instant::now() + PATIENCE;
            let mut is_cut_off = false;
            loop {
                let answer = wire::rest(&aws, "eks", "GET", ONE, "").await;
                if answer.status == 404 {
                    break;
                }
                assert_eq!(read(&answer)["nodegroup"]["status"], "DELETING", "round {round}");
                is_cut_off = true;
                assert!(Instant::now() < until, "round {round}: {answer:?}");
            }
            cut_off += u32::from(is_cut_off);
            let (ids, _) = nodes(&aws).await;
            assert_eq!(ids, BTreeSet::new(), "round {round}");
            for (service, action, left) in [
                ("autoscaling", "DescribeAutoScalingGroups&Version=2011-01-01", "<AutoScalingGroupName>"),
                ("ec2", "DescribeLaunchTemplates&Version=2016-11-15&Filter.1.Name=launch-template-name&Filter.1.Value.1=eks-*", "<launchTemplateId>"),
                ("iam", "ListInstanceProfiles&Version=2010-05-08", "<InstanceProfileName>"),
            ] {
                let told = query(&aws, service, format!("Action={action}")).await;
                assert!(!told.body.contains(left), "round {round}: {}", told.body);
            }
            // Nothing of it holds the cluster.
            eks(&aws, "DELETE", "/clusters/demo", Value::Null).await;
            aws.shutdown().await;
        });
    }
    assert!(cut_off > 0, "a kill came before the end");
}

/// The role of EKS may not delete what the group is of: the group stays, and tells why. Its update is over all the same.
#[tokio::test]
async fn an_update_is_over_when_its_group_is_deleted_whatever_becomes_of_that() {
    let folder = tempfile::tempdir().unwrap();
    let aws = start_at(&folder.path().join("state")).await;
    let (_, id) = being_replaced(&aws).await;
    assert_eq!(update(&aws, &id).await["status"], "InProgress");
    assert_eq!(eks(&aws, "DELETE", ONE, Value::Null).await["nodegroup"]["status"], "DELETING");
    allow_the_role_nothing(&aws).await;
    let group = eks(&aws, "GET", ONE, Value::Null).await["nodegroup"].clone();
    assert_eq!(
        (&group["status"], &group["health"]["issues"][0]["code"]),
        (&json!("DELETE_FAILED"), &json!("AccessDenied"))
    );
    let update = update(&aws, &id).await;
    assert_eq!((&update["status"], &update["errors"]), (&json!("Cancelled"), &json!([])), "{update}");
    aws.shutdown().await;
}

/// Nobody can take a permission from a service-linked role: the state is exported, and imported with another policy in place of its own.
async fn allow_the_role_nothing(aws: &Running) {
    let admin = async |route: &str, body: &str| {
        let headers = vec![("content-type".into(), "application/json".into())];
        let request = Request { method: "POST", query: String::new(), headers, body: body.into() };
        let answer = request.send_to(aws, &format!("/_claviger/{route}")).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    };
    let state = admin("export", r#"{"secrets": true}"#).await;
    let own = "arn:aws:iam::aws:policy/aws-service-role/AWSServiceRoleForAmazonEKSNodegroup\"";
    assert_eq!(state.matches(own).count(), 1, "the role's policy stands elsewhere, too");
    admin("import", &state.replace(own, "arn:aws:iam::aws:policy/AWSDenyAll\"")).await;
}

#[test]
#[ignore = "run by the test that kills it"]
fn replace_until_killed() {
    let Some((path, _)) = to_be_killed() else { return };
    Runtime::new().unwrap().block_on(async {
        let aws = start_at(&path).await;
        let (former, update) = being_replaced(&aws).await;
        tell(&json!({ "update": update, "nodes": former }).to_string());
        loop {
            eks(&aws, "GET", ONE, Value::Null).await;
        }
    });
}

#[test]
#[ignore = "run by the test that kills it"]
fn delete_until_killed() {
    let Some((path, _)) = to_be_killed() else { return };
    Runtime::new().unwrap().block_on(async {
        let aws = start_at(&path).await;
        let (_, id) = being_replaced(&aws).await;
        let update = update(&aws, &id).await;
        let group = eks(&aws, "DELETE", ONE, Value::Null).await["nodegroup"].clone();
        tell(&json!({ "update": update["status"], "status": group["status"] }).to_string());
        loop {
            wire::rest(&aws, "eks", "GET", ONE, "").await;
        }
    });
}

/// A node group whose nodes are being replaced: the former ones, and the update's id.
async fn being_replaced(aws: &Running) -> (BTreeSet<String>, String) {
    new_cluster(aws, "demo").await;
    active(aws, "demo").await;
    let ec2 = async |parameters: &str| query(aws, "ec2", format!("Version=2016-11-15&{parameters}")).await;
    let template = "LaunchTemplateName=nodes&LaunchTemplateData.InstanceType";
    ec2(&format!("Action=CreateLaunchTemplate&{template}=m5.large")).await;
    ec2(&format!("Action=CreateLaunchTemplateVersion&{template}=m5.xlarge")).await;
    let subnet = ec2("Action=DescribeSubnets").await.element("subnetId");
    let group = json!({
        "nodegroupName": "one", "nodeRole": new_node_role(aws, "node").await, "subnets": [subnet],
        "scalingConfig": { "minSize": NODES, "maxSize": NODES, "desiredSize": NODES },
        "launchTemplate": { "name": "nodes", "version": "1" },
    });
    eks(aws, "POST", "/clusters/demo/node-groups", group).await;
    while eks(aws, "GET", ONE, Value::Null).await["nodegroup"]["status"] != "ACTIVE" {}
    let (former, types) = nodes(aws).await;
    assert_eq!(types, ["m5.large"; NODES]);
    let asked = json!({ "launchTemplate": { "name": "nodes", "version": "2" }, "clientRequestToken": "t" });
    let update = eks(aws, "POST", &format!("{ONE}/update-version"), asked).await["update"].clone();
    (former, update["id"].as_str().unwrap().to_owned())
}

async fn update(aws: &Running, id: &str) -> Value {
    let path = format!("/clusters/demo/updates/{id}");
    let headers = vec![("content-type".into(), "application/json".into())];
    let request = Request { method: "GET", query: "nodegroupName=one".to_owned(), headers, body: Vec::new() };
    let answer = request.signed_at(aws, &root(aws, "eks"), &path).send_to(aws, &path).await;
    read(&answer)["update"].clone()
}

/// The instances that run, and their types.
async fn nodes(aws: &Running) -> (BTreeSet<String>, Vec<String>) {
    let filter = "Filter.1.Name=instance-state-name&Filter.1.Value.1=running";
    let told = query(aws, "ec2", format!("Version=2016-11-15&Action=DescribeInstances&{filter}")).await;
    let elements = |name: &str| {
        let texts = told.body.split(name).skip(1).map(|rest| rest.split('<').next().unwrap().to_owned());
        texts.collect::<Vec<_>>()
    };
    (elements("<instanceId>").into_iter().collect(), elements("<instanceType>"))
}
