//! What becomes of a launch under a foreign key, and what Karpenter makes of it.

use aws_wire::model::ServiceId::{CloudTrail, Kms};
use serde_json::{Value, json};
use test_support::OLDEST_KUBERNETES;

use crate::{
    await_some,
    cluster::{CLAIMS, CLASSES, Cluster, POOLS},
    controller::Controller,
    observed,
    world::{CLUSTER, DENIED, NAME, QUEUE, SESSION, Text as _, World},
};

/// An image of another account, its snapshot under that account's key. The class names no key, so that the volume is under
/// the cluster's own `aws/ebs`, and the foreign key is only read with.
const IMAGE: &str = "image";
/// A plain image, and a class whose volumes are to be under the foreign key.
const KEY: &str = "key";

const INVALID_KEY: &str = "Client.InvalidKMSKey.InvalidState";

#[tokio::test(flavor = "multi_thread")]
async fn nodes_under_a_foreign_key() {
    let folder = tempfile::Builder::new().prefix("claviger-").tempdir().unwrap();
    let path = folder.path();
    let (world, cluster) = tokio::join!(World::start(path), Cluster::start(path, OLDEST_KUBERNETES));
    let under_key = json!([{
        "deviceName": "/dev/xvda",
        "ebs": { "encrypted": true, "kmsKeyID": world.key, "volumeSize": "30Gi", "volumeType": "gp3", "deleteOnTermination": true },
    }]);
    cluster.new_class(IMAGE, &world.encrypted_image, None).await;
    cluster.new_class(KEY, &world.plain_image, Some(under_key)).await;
    cluster.new_class(DENIED, &world.plain_image, None).await;
    for pool in [IMAGE, KEY, DENIED] {
        cluster.new_pool(pool).await;
    }

    let karpenter = Controller::start(path, "without-queue", &world, &cluster, None);
    let dead = karpenter.runs_while(nobody_hears(&world, &cluster)).await;
    karpenter.stop().await;
    let karpenter = Controller::start(path, "with-queue", &world, &cluster, Some(QUEUE));
    karpenter.runs_while(all_is_heard(&world, &cluster, dead)).await;
    karpenter.stop().await;
    observed::is_what_the_page_tells(&world).await;
}

/// Without the queue: an instance of each pool dies, and its claim stays. Tells the two.
async fn nobody_hears(world: &World, cluster: &Cluster) -> [Value; 2] {
    // A dry run tells who may not launch before anything is launched.
    cluster.says(&class(DENIED), "ValidationSucceeded", "False CreateFleetAuthCheckFailed").await;
    for pool in [IMAGE, KEY] {
        cluster.says(&class(pool), "Ready", "True").await;
        cluster.new_pod(pool).await;
    }
    let (of_image, of_key) = tokio::join!(dies(world, cluster, IMAGE), dies(world, cluster, KEY));
    refused(world, "ReEncrypt", &of_image).await;
    refused(world, "CreateGrant", &of_key).await;
    [of_image, of_key]
}

/// With the queue: the claims of the dead go, and the next ones launch what dies as well; until that may use the key.
async fn all_is_heard(world: &World, cluster: &Cluster, [of_image, of_key]: [Value; 2]) {
    tokio::join!(is_replaced(world, cluster, IMAGE, &of_image), is_replaced(world, cluster, KEY, &of_key));

    world.allow().await;
    let (of_image, of_key) = tokio::join!(lives(world, cluster, IMAGE), lives(world, cluster, KEY));
    let own = world.cluster.call(Kms, "DescribeKey", json!({ "KeyId": "alias/aws/ebs" })).await;
    assert_eq!(of_image["KmsKeyId"], own["KeyMetadata"]["Arn"]);
    assert_eq!(of_key["KmsKeyId"], world.key);
    assert_eq!((&of_key["Size"], &of_key["VolumeType"]), (&json!(30), &json!("gp3")));
    leaves_nothing(world, cluster).await;
}

fn class(name: &str) -> String {
    format!("{CLASSES}/{name}")
}

/// The instance that a pool has launched and that is dead, and what Karpenter makes of it: nothing, as it looks at no
/// instance before its node registers. It would for 15 minutes.
async fn dies(world: &World, cluster: &Cluster, pool: &str) -> Value {
    let instance = world.instance(pool, "terminated", &[]).await;
    assert_eq!(instance["StateReason"]["Code"], INVALID_KEY, "{instance}");
    assert_eq!(instance["StateTransitionReason"], INVALID_KEY, "{instance}");
    let claim = claim_of(cluster, &instance).await;
    cluster.says(&claim, "Registered", "Unknown NodeNotFound").await;
    let claim = cluster.says(&claim, "Launched", "True").await;
    assert_eq!(claim["metadata"]["deletionTimestamp"], Value::Null, "{claim}");
    instance
}

/// The claim of a dead instance is deleted, as the queue tells; the pod's next one has an instance that dies as well.
async fn is_replaced(world: &World, cluster: &Cluster, pool: &str, dead: &Value) {
    let claim = cluster.claim_told_interrupted(pool).await;
    cluster.is_gone(&format!("{CLAIMS}/{claim}")).await;
    cluster.touch_pod(pool).await;
    let next = world.instance(pool, "terminated", &[dead]).await;
    assert_eq!(next["StateReason"]["Code"], INVALID_KEY, "{next}");
}

/// The path of the claim that an instance was launched for.
async fn claim_of(cluster: &Cluster, instance: &Value) -> String {
    let name = await_some("there is a claim of the instance", async || {
        let claims = cluster.list(CLAIMS).await;
        let id = instance["InstanceId"].as_str();
        let is_of =
            |claim: &&Value| claim["status"]["providerID"].as_str().unwrap_or_default().rsplit('/').next() == id;
        claims.iter().find(is_of).map(|claim| claim["metadata"]["name"].text()).ok_or(claims)
    });
    format!("{CLAIMS}/{}", name.await)
}

/// The instance of a pool runs, with everything that its launch template says, and becomes a node. Tells its volume.
async fn lives(world: &World, cluster: &Cluster, pool: &str) -> Value {
    cluster.touch_pod(pool).await;
    let instance = world.instance(pool, "running", &[]).await;
    let tag = |key: &str| tag(&instance, key);
    let template = json!({ "LaunchTemplateId": tag("aws:ec2launchtemplate:id") });
    let versions = world.ec2("DescribeLaunchTemplateVersions", "LaunchTemplateVersions", template).await;
    let data = &versions[0]["LaunchTemplateData"];

    let profile = cluster.get(&class(pool)).await.unwrap()["status"]["instanceProfile"].text();
    assert_eq!(data["IamInstanceProfile"]["Name"], profile);
    let arn = instance["IamInstanceProfile"]["Arn"].text();
    assert!(arn.starts_with(&format!("arn:aws:iam::{CLUSTER}:instance-profile/")) && arn.ends_with(&profile), "{arn}");
    assert_eq!(instance["ImageId"], data["ImageId"]);
    let groups: Vec<&Value> = instance["SecurityGroups"].as_array().unwrap().iter().map(|of| &of["GroupId"]).collect();
    assert_eq!(json!(groups), data["NetworkInterfaces"][0]["Groups"]);
    for (option, value) in data["MetadataOptions"].as_object().unwrap() {
        assert_eq!(&instance["MetadataOptions"][option], value, "{option}");
    }
    assert_eq!(instance["Placement"]["Tenancy"], data["Placement"]["Tenancy"]);
    let tags =
        [("karpenter.sh/nodepool", pool), ("karpenter.k8s.aws/ec2nodeclass", pool), ("eks:eks-cluster-name", NAME)];
    for (key, value) in tags {
        assert_eq!(tag(key), value, "{key}");
    }
    let volume = volume_of(world, &instance, &data["BlockDeviceMappings"][0]).await;
    assert_eq!(self::tag(&volume, "karpenter.sh/nodepool"), pool);
    registers(world, cluster, pool, &instance).await;
    volume
}

/// The only volume of an instance, which is as the mapping of the launch template says.
async fn volume_of(world: &World, instance: &Value, mapping: &Value) -> Value {
    let filters = json!([{ "Name": "attachment.instance-id", "Values": [instance["InstanceId"]] }]);
    let volumes = world.ec2("DescribeVolumes", "Volumes", json!({ "Filters": filters })).await;
    let [volume] = &volumes[..] else { panic!("not one volume: {volumes:?}") };
    assert_eq!(volume["Attachments"][0]["Device"], mapping["DeviceName"]);
    for (member, value) in mapping["Ebs"].as_object().unwrap() {
        let of_volume = match member.as_str() {
            "VolumeSize" => &volume["Size"],
            "DeleteOnTermination" => &volume["Attachments"][0]["DeleteOnTermination"],
            _ => &volume[member],
        };
        assert_eq!(of_volume, value, "{member}");
    }
    volume.clone()
}

/// Its node comes, and Karpenter finds nothing about the instance that is not as it was asked for.
async fn registers(world: &World, cluster: &Cluster, pool: &str, instance: &Value) {
    let claim = claim_of(cluster, instance).await;
    let told = cluster.get(&claim).await.unwrap();
    cluster.new_node(&instance["PrivateDnsName"].text(), &told["status"]["providerID"].text()).await;
    cluster.says(&claim, "Registered", "True").await;
    let name = told["metadata"]["name"].text();
    await_some("the instance is tagged with its claim", async || {
        let instance = world.instance(pool, "running", &[]).await;
        if tag(&instance, "karpenter.sh/nodeclaim") == name { Ok(()) } else { Err(instance) }
    })
    .await;
    // Groups, subnet, image: a difference would have the node replaced.
    cluster.says(&claim, "Drifted", "").await;
}

/// Who deletes all of Karpenter's own objects has nothing left at AWS but instance profiles: in an isolated VPC Karpenter does
/// without IAM where it can.
async fn leaves_nothing(world: &World, cluster: &Cluster) {
    for pool in [IMAGE, KEY, DENIED] {
        cluster.delete(&format!("{POOLS}/{pool}")).await;
    }
    cluster.delete_claims().await;
    for class in [IMAGE, KEY, DENIED].map(class) {
        cluster.delete(&class).await;
        cluster.is_gone(&class).await;
    }
    let left = world.ec2("DescribeLaunchTemplates", "LaunchTemplates", json!({})).await;
    assert!(left.is_empty(), "{left:?}");
    let filters = json!([{ "Name": "instance-state-name", "Values": ["pending", "running"] }]);
    let left = world.ec2("DescribeInstances", "Reservations", json!({ "Filters": filters })).await;
    assert!(left.is_empty(), "{left:?}");
    let left = world.ec2("DescribeVolumes", "Volumes", json!({})).await;
    assert!(left.is_empty(), "{left:?}");
}

fn tag(thing: &Value, key: &str) -> String {
    let tags = thing["Tags"].as_array().unwrap();
    tags.iter().find(|tag| tag["Key"] == key).map_or(String::new(), |tag| tag["Value"].text())
}

/// The controller's own session was refused this call to KMS, and not the node's role, as the trail tells.
async fn refused(world: &World, operation: &str, instance: &Value) {
    let attribute = json!([{ "AttributeKey": "EventName", "AttributeValue": operation }]);
    let answer = world.cluster.call(CloudTrail, "LookupEvents", json!({ "LookupAttributes": attribute })).await;
    let events = answer["Events"].as_array().unwrap().iter();
    let events: Vec<Value> =
        events.map(|event| serde_json::from_str(&event["CloudTrailEvent"].text()).unwrap()).collect();
    let refused = events.iter().find(|event| event["errorCode"] == "AccessDenied");
    let refused = refused.unwrap_or_else(|| panic!("{operation} was not refused for {instance}: {events:?}"));
    let session = format!("arn:aws:sts::{CLUSTER}:assumed-role/KarpenterController/{SESSION}");
    assert_eq!(refused["userIdentity"]["arn"], session, "{refused}");
    assert_eq!(refused["userIdentity"]["invokedBy"], "ec2.amazonaws.com", "{refused}");
}
