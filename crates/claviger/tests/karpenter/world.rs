//! The two accounts: one has the cluster and launches, the other has the key and shares its image.

use std::path::Path;

use aws_wire::model::ServiceId::{Ec2, Eks, Iam, Kms, Sqs, Sts};
use serde_json::{Value, json};
use test_support::{ACCESS_KEY, EmbeddedAws, REGION, SECRET_KEY};

use crate::{
    CLAVIGER, await_some,
    aws::{Aws, Keys},
};

pub(crate) const CLUSTER: &str = "111122223333";
const OWNER: &str = "444455556666";
const OWNERS_ACCESS_KEY: &str = "AKIAI44QH8DHBEXAMPLE";
const OWNERS_SECRET: &str = "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY";

/// How Karpenter finds subnets and security groups.
pub(crate) const DISCOVERY: (&str, &str) = ("karpenter.sh/discovery", NAME);
/// The cluster.
pub(crate) const NAME: &str = "demo";
/// The queue of interruptions.
pub(crate) const QUEUE: &str = "Karpenter-demo";
/// The class of nodes whose fleets the controller may not create.
pub(crate) const DENIED: &str = "denied";
/// The role of the nodes.
pub(crate) const NODE: &str = "KarpenterNode";
/// The name of the session that the controller runs with.
pub(crate) const SESSION: &str = "karpenter";
const CONTROLLER: &str = "KarpenterController";

/// What the owner of a key is told to let others do with it, so that their instances can have volumes under it.
///
/// Source: Amazon EC2 Auto Scaling User Guide, "Required AWS KMS key policy for use with encrypted volumes".
const OPERATIONS: [&str; 6] =
    ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey", "kms:CreateGrant"];

pub(crate) struct World {
    pub(crate) process: EmbeddedAws,
    /// The root user of the cluster's account.
    pub(crate) cluster: Aws,
    /// The root user of the key's.
    owner: Aws,
    /// The controller's session.
    pub(crate) session: Keys,
    /// The foreign key.
    pub(crate) key: String,
    /// Shared images of the key's account, their snapshots under the key, and under none.
    pub(crate) encrypted_image: String,
    pub(crate) plain_image: String,
}

impl World {
    pub(crate) async fn start(folder: &Path) -> Self {
        let credential = format!("--credential={OWNERS_ACCESS_KEY}:{OWNERS_SECRET}:{OWNER}");
        let process = EmbeddedAws::start_with(Path::new(CLAVIGER), folder, &[credential]).await;
        let of = |access_key_id: &str, secret: &str| {
            let keys = Keys { access_key_id: access_key_id.to_owned(), secret: secret.to_owned(), session_token: None };
            Aws::new(process.address(), keys)
        };
        let cluster = of(ACCESS_KEY, SECRET_KEY);
        let owner = of(OWNERS_ACCESS_KEY, OWNERS_SECRET);

        let key = owner.call(Kms, "CreateKey", json!({})).await["KeyMetadata"]["Arn"].text();
        let encrypted = json!({ "Encrypted": true, "KmsKeyId": key });
        let encrypted_image = image(&owner, "encrypted", encrypted).await;
        let plain_image = image(&owner, "plain", json!({})).await;
        discoverable(&cluster).await;
        let session = controller(&cluster).await;
        new_queue(&cluster).await;
        new_cluster(&cluster).await;
        Self { process, cluster, owner, session, key, encrypted_image, plain_image }
    }

    /// Lets the cluster's account use the key, by its policy, and the controller by IAM.
    pub(crate) async fn allow(&self) {
        let root = |account: &str| json!({ "AWS": format!("arn:aws:iam::{account}:root") });
        let statements = json!([
            { "Effect": "Allow", "Principal": root(OWNER), "Action": "kms:*", "Resource": "*" },
            { "Effect": "Allow", "Principal": root(CLUSTER), "Action": OPERATIONS, "Resource": "*" },
        ]);
        let policy = json!({ "KeyId": self.key, "PolicyName": "default", "Policy": document(&statements) });
        self.owner.call(Kms, "PutKeyPolicy", policy).await;
        let statement = json!([{ "Effect": "Allow", "Action": OPERATIONS, "Resource": self.key }]);
        put_policy(&self.cluster, "key", &statement).await;
    }

    /// An instance that a pool has launched, once one is in this state; another than those that are known.
    pub(crate) async fn instance(&self, pool: &str, state: &str, known: &[&Value]) -> Value {
        let filters = json!([{ "Name": "tag:karpenter.sh/nodepool", "Values": [pool] }]);
        let asked = json!({ "Filters": filters });
        await_some(&format!("an instance of {pool} is {state}"), async || {
            let reservations = self.ec2("DescribeInstances", "Reservations", asked.clone()).await;
            let instances = reservations.iter().flat_map(|of| of["Instances"].as_array().unwrap());
            let is_new = |of: &&Value| known.iter().all(|known| known["InstanceId"] != of["InstanceId"]);
            let found = instances.filter(is_new).find(|instance| instance["State"]["Name"] == state);
            found.cloned().ok_or_else(|| reservations.clone())
        })
        .await
    }

    /// What an operation of EC2 lists, in the cluster's account.
    pub(crate) async fn ec2(&self, operation: &str, list: &str, input: Value) -> Vec<Value> {
        self.cluster.call(Ec2, operation, input).await[list].as_array().unwrap().clone()
    }
}

/// A member that must be text.
pub(crate) trait Text {
    fn text(&self) -> String;
}

impl Text for Value {
    fn text(&self) -> String {
        self.as_str().unwrap_or_else(|| panic!("{self} is no text")).to_owned()
    }
}

fn document(statements: &Value) -> String {
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

/// An image that the cluster's account may launch from.
async fn image(owner: &Aws, name: &str, of_volume: Value) -> String {
    let mut volume = json!({ "AvailabilityZone": format!("{REGION}a"), "Size": 20 });
    volume.as_object_mut().unwrap().extend(of_volume.as_object().unwrap().clone());
    let volume = owner.call(Ec2, "CreateVolume", volume).await["VolumeId"].text();
    let snapshot = owner.call(Ec2, "CreateSnapshot", json!({ "VolumeId": volume })).await["SnapshotId"].text();
    let image = json!({
        "Name": name,
        "Architecture": "x86_64",
        "RootDeviceName": "/dev/xvda",
        "BlockDeviceMappings": [{ "DeviceName": "/dev/xvda", "Ebs": { "SnapshotId": snapshot } }],
    });
    let image = owner.call(Ec2, "RegisterImage", image).await["ImageId"].text();
    let shared = json!({ "ImageId": image, "LaunchPermission": { "Add": [{ "UserId": CLUSTER }] } });
    owner.call(Ec2, "ModifyImageAttribute", shared).await;
    image
}

/// Tags the subnets and the group of the default VPC.
async fn discoverable(cluster: &Aws) {
    let subnets = cluster.call(Ec2, "DescribeSubnets", json!({})).await;
    let groups = cluster.call(Ec2, "DescribeSecurityGroups", json!({})).await;
    let mut resources: Vec<String> =
        subnets["Subnets"].as_array().unwrap().iter().map(|subnet| subnet["SubnetId"].text()).collect();
    resources.push(groups["SecurityGroups"][0]["GroupId"].text());
    let tags = json!([{ "Key": DISCOVERY.0, "Value": DISCOVERY.1 }]);
    cluster.call(Ec2, "CreateTags", json!({ "Resources": resources, "Tags": tags })).await;
}

/// A session of the controller's role, which may do what Karpenter does and nothing with the key.
async fn controller(cluster: &Aws) -> Keys {
    let trusted = |principal: Value| {
        document(&json!([{ "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" }]))
    };
    let role =
        |name: &str, principal: Value| json!({ "RoleName": name, "AssumeRolePolicyDocument": trusted(principal) });
    cluster.call(Iam, "CreateRole", role(NODE, json!({ "Service": "ec2.amazonaws.com" }))).await;
    let root = json!({ "AWS": format!("arn:aws:iam::{CLUSTER}:root") });
    let made = cluster.call(Iam, "CreateRole", role(CONTROLLER, root)).await;
    let node = format!("arn:aws:iam::{CLUSTER}:role/{NODE}");
    let statements = json!([
        { "Effect": "Allow", "Action": ACTIONS, "Resource": "*" },
        { "Effect": "Allow", "Action": "iam:PassRole", "Resource": node },
        {
            "Effect": "Deny", "Action": "ec2:CreateFleet", "Resource": "*",
            "Condition": { "StringEquals": { "aws:RequestTag/karpenter.k8s.aws/ec2nodeclass": DENIED } },
        },
    ]);
    put_policy(cluster, "karpenter", &statements).await;
    let asked = json!({ "RoleArn": made["Role"]["Arn"], "RoleSessionName": SESSION });
    let session = &cluster.call(Sts, "AssumeRole", asked).await["Credentials"];
    Keys {
        access_key_id: session["AccessKeyId"].text(),
        secret: session["SecretAccessKey"].text(),
        session_token: Some(session["SessionToken"].text()),
    }
}

/// All that Karpenter calls. What is not here, it does without.
const ACTIONS: [&str; 6] = [
    "ec2:*",
    "eks:DescribeCluster",
    "iam:*InstanceProfile*",
    "sqs:DeleteMessage",
    "sqs:GetQueueUrl",
    "sqs:ReceiveMessage",
];

async fn put_policy(cluster: &Aws, name: &str, statements: &Value) {
    let policy = json!({ "RoleName": CONTROLLER, "PolicyName": name, "PolicyDocument": document(statements) });
    cluster.call(Iam, "PutRolePolicy", policy).await;
}

/// A queue that EventBridge may send to, as that of Karpenter's CloudFormation template.
async fn new_queue(cluster: &Aws) {
    let policy = document(&json!([{
        "Effect": "Allow",
        "Principal": { "Service": ["events.amazonaws.com", "sqs.amazonaws.com"] },
        "Action": "sqs:SendMessage",
        "Resource": format!("arn:aws:sqs:{REGION}:{CLUSTER}:{QUEUE}"),
    }]));
    cluster.call(Sqs, "CreateQueue", json!({ "QueueName": QUEUE, "Attributes": { "Policy": policy } })).await;
}

/// Of the version that EKS takes where none is named: each version ends at some time.
async fn new_cluster(cluster: &Aws) {
    let trust = json!([{
        "Effect": "Allow", "Principal": { "Service": "eks.amazonaws.com" }, "Action": "sts:AssumeRole",
    }]);
    let role = json!({ "RoleName": "cluster", "AssumeRolePolicyDocument": document(&trust) });
    let role = cluster.call(Iam, "CreateRole", role).await["Role"]["Arn"].text();
    let subnets = cluster.call(Ec2, "DescribeSubnets", json!({})).await;
    let subnets: Vec<String> =
        subnets["Subnets"].as_array().unwrap().iter().take(2).map(|subnet| subnet["SubnetId"].text()).collect();
    let asked = json!({
        "name": NAME, "roleArn": role, "resourcesVpcConfig": { "subnetIds": subnets },
    });
    cluster.call(Eks, "CreateCluster", asked).await;
    await_some("the cluster is there", async || {
        let told = cluster.call(Eks, "DescribeCluster", json!({ "name": NAME })).await;
        if told["cluster"]["status"] == "ACTIVE" { Ok(()) } else { Err(told) }
    })
    .await;
}
