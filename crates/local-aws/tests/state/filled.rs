//! A state that has something of everything, and what can be told of it.

use local_aws::Running;
use serde_json::{Value, json};

use crate::{
    support::{allow, done, identity, trust},
    wire::{self, ACCOUNT, Answer, Signer, kms, root},
};

/// What was made, to be asked for later.
pub(crate) struct Filled {
    pub(crate) key: String,
    pub(crate) ciphertext: String,
    /// Of the user `ann`.
    pub(crate) long_term: Signer,
    /// Of the role `Reader`.
    pub(crate) session: Signer,
    pub(crate) grant_token: String,
    /// A message and its code.
    pub(crate) mac: (String, String),
    signed_at: String,
    /// An instance of an image under a key, and its volume.
    instance: (String, String),
}

pub(crate) async fn call(aws: &Running, operation: &str, input: Value) -> Value {
    let answer = called(aws, operation, input).await;
    assert_eq!(answer.status, 200, "{operation}: {answer:?}");
    serde_json::from_str(&answer.body).unwrap_or_default()
}

pub(crate) async fn called(aws: &Running, operation: &str, input: Value) -> Answer {
    kms(operation, &input.to_string()).signed(aws, &root(aws, "kms")).send(aws).await
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

async fn new_key(aws: &Running, input: Value) -> String {
    text(&call(aws, "CreateKey", input).await["KeyMetadata"]["Arn"])
}

/// Asks EC2; parameters are as they stand in a form.
async fn ec2(aws: &Running, parameters: &str) -> Answer {
    let headers = vec![("content-type".into(), "application/x-www-form-urlencoded; charset=utf-8".into())];
    let body = format!("Version=2016-11-15&{parameters}").into();
    let request = wire::Request { method: "POST", query: String::new(), headers, body };
    let answer = request.signed(aws, &root(aws, "ec2")).send(aws).await;
    assert_eq!(answer.status, 200, "{parameters}: {answer:?}");
    answer
}

/// Asks SQS.
async fn sqs(aws: &Running, operation: &str, input: Value) -> Value {
    let target = ("x-amz-target".into(), format!("AmazonSQS.{operation}"));
    let headers = vec![("content-type".into(), "application/x-amz-json-1.0".into()), target];
    let request = wire::Request { method: "POST", query: String::new(), headers, body: input.to_string().into() };
    let answer = request.signed(aws, &root(aws, "sqs")).send(aws).await;
    assert_eq!(answer.status, 200, "{operation}: {answer:?}");
    serde_json::from_str(&answer.body).unwrap_or_default()
}

/// The queue that has a message, whatever the host.
const QUEUE: &str = "http://queues/111122223333/kept";

/// Launches an instance of an image under the key.
async fn launch(aws: &Running, key: &str) -> (String, String) {
    let key = key.replace(':', "%3A").replace('/', "%2F");
    let volume = format!("Action=CreateVolume&AvailabilityZone=us-west-2a&Size=8&Encrypted=true&KmsKeyId={key}");
    let volume = ec2(aws, &volume).await.element("volumeId");
    let snapshot = ec2(aws, &format!("Action=CreateSnapshot&VolumeId={volume}")).await.element("snapshotId");
    let root_device = "BlockDeviceMapping.1.DeviceName=%2Fdev%2Fxvda&RootDeviceName=%2Fdev%2Fxvda";
    let image = format!(
        "Action=RegisterImage&Name=node&Architecture=x86_64&{root_device}&BlockDeviceMapping.1.Ebs.SnapshotId={snapshot}"
    );
    let image = ec2(aws, &image).await.element("imageId");
    let data = format!("LaunchTemplateData.ImageId={image}&LaunchTemplateData.InstanceType=m5.large");
    ec2(aws, &format!("Action=CreateLaunchTemplate&LaunchTemplateName=nodes&{data}")).await;
    ec2(aws, "Action=EnableEbsEncryptionByDefault").await;
    let launched = "Action=RunInstances&MinCount=1&MaxCount=1&LaunchTemplate.LaunchTemplateName=nodes&ClientToken=once";
    let launched = ec2(aws, launched).await;
    let (instance, volume) = (launched.element("instanceId"), launched.element("volumeId"));
    let fleet = "LaunchTemplateConfigs.1.LaunchTemplateSpecification.LaunchTemplateName=nodes&LaunchTemplateConfigs.1\
                 .LaunchTemplateSpecification.Version=1&TargetCapacitySpecification.TotalTargetCapacity=1";
    ec2(aws, &format!("Action=CreateFleet&Type=maintain&{fleet}")).await;
    ec2(
        aws,
        &format!(
            "Action=RequestSpotInstances&LaunchSpecification.ImageId={image}&LaunchSpecification.InstanceType=m5.large"
        ),
    )
    .await;
    ec2(aws, &format!("Action=CreateTags&ResourceId.1={instance}&Tag.1.Key=a&Tag.1.Value=b")).await;
    (instance, volume)
}

/// Asks Auto Scaling; parameters are as they stand in a form.
async fn autoscaling(aws: &Running, parameters: &str) -> Answer {
    let headers = vec![("content-type".into(), "application/x-www-form-urlencoded; charset=utf-8".into())];
    let body = format!("Version=2011-01-01&{parameters}").into();
    let request = wire::Request { method: "POST", query: String::new(), headers, body };
    let answer = request.signed(aws, &root(aws, "autoscaling")).send(aws).await;
    assert_eq!(answer.status, 200, "{parameters}: {answer:?}");
    answer
}

/// A key policy for everybody of the account, so that an instance lives which a service-linked role launches under the key.
fn for_the_account() -> String {
    let own = json!({"StringEquals": {"kms:CallerAccount": ACCOUNT}});
    let everybody =
        json!({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*", "Condition": own});
    json!({"Version": "2012-10-17", "Statement": [everybody]}).to_string()
}

/// Makes something of everything.
pub(crate) async fn fill(aws: &Running) -> Filled {
    let key = json!({"MultiRegion": true, "Tags": [{"TagKey": "a", "TagValue": "b"}], "Policy": for_the_account()});
    let key = new_key(aws, key).await;
    call(aws, "ReplicateKey", json!({"KeyId": key, "ReplicaRegion": "eu-west-1"})).await;
    call(aws, "CreateAlias", json!({"AliasName": "alias/demo", "TargetKeyId": key})).await;
    call(aws, "EnableKeyRotation", json!({"KeyId": key, "RotationPeriodInDays": 90})).await;
    let sealed = call(aws, "Encrypt", json!({"KeyId": key, "Plaintext": "c2VlZA=="})).await;
    call(aws, "RotateKeyOnDemand", json!({"KeyId": key})).await;
    let hmac = new_key(aws, json!({"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"})).await;
    let mac = json!({"KeyId": hmac, "Message": "c2VlZA==", "MacAlgorithm": "HMAC_SHA_256"});
    let mac = text(&call(aws, "GenerateMac", mac).await["Mac"]);
    let pair = new_key(aws, json!({"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"})).await;
    let disabled = new_key(aws, json!({"Description": "\"quoted\"\n"})).await;
    call(aws, "DisableKey", json!({"KeyId": disabled})).await;
    let leaving = new_key(aws, json!({})).await;
    call(aws, "ScheduleKeyDeletion", json!({"KeyId": leaving, "PendingWindowInDays": 7})).await;
    new_key(aws, json!({"Origin": "EXTERNAL"})).await;

    let allowed = allow("kms:*");
    let policy = done(aws, "CreatePolicy", &[("PolicyName", "all-of-kms"), ("PolicyDocument", &allowed)]).await;
    let policy = policy.element("Arn");
    done(aws, "CreateUser", &[("UserName", "ann"), ("Path", "/team/")]).await;
    done(aws, "AttachUserPolicy", &[("UserName", "ann"), ("PolicyArn", &policy)]).await;
    let made = done(aws, "CreateAccessKey", &[("UserName", "ann")]).await;
    done(aws, "CreateGroup", &[("GroupName", "Admins")]).await;
    done(aws, "AddUserToGroup", &[("GroupName", "Admins"), ("UserName", "ann")]).await;
    let role = [("RoleName", "Reader"), ("AssumeRolePolicyDocument", &trust()), ("PermissionsBoundary", &policy)];
    done(aws, "CreateRole", &role).await;
    done(aws, "PutRolePolicy", &[("RoleName", "Reader"), ("PolicyName", "p"), ("PolicyDocument", &allowed)]).await;
    done(aws, "CreateInstanceProfile", &[("InstanceProfileName", "Nodes")]).await;
    done(aws, "AddRoleToInstanceProfile", &[("InstanceProfileName", "Nodes"), ("RoleName", "Reader")]).await;
    done(aws, "CreateAccountAlias", &[("AccountAlias", "demo")]).await;
    let url = "https://oidc.example.com/id";
    done(aws, "CreateOpenIDConnectProvider", &[("Url", url), ("ClientIDList.member.1", "sts.amazonaws.com")]).await;
    let session = crate::support::assume(aws, "Reader").await;
    let grantee = format!("arn:aws:iam::{ACCOUNT}:role/Reader");
    let grant = json!({"KeyId": key, "GranteePrincipal": grantee, "RetiringPrincipal": grantee,
        "Operations": ["Decrypt", "CreateGrant"], "Constraints": {"EncryptionContextSubset": {"a": "b"}}});
    let grant = call(aws, "CreateGrant", grant).await;
    let trail = wire::aws_json("CloudTrail_20131101", "CreateTrail", r#"{"Name": "all", "S3BucketName": "bucket"}"#);
    assert_eq!(trail.signed(aws, &root(aws, "cloudtrail")).send(aws).await.status, 200);

    for (role, service) in [("Clusters", "eks.amazonaws.com"), ("Pods", "pods.eks.amazonaws.com")] {
        let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": service},
            "Action": ["sts:AssumeRole", "sts:TagSession"]}]});
        done(aws, "CreateRole", &[("RoleName", role), ("AssumeRolePolicyDocument", &trust.to_string())]).await;
    }
    let role = |name: &str| format!("arn:aws:iam::{ACCOUNT}:role/{name}");
    let cluster =
        json!({"name": "demo", "roleArn": role("Clusters"), "resourcesVpcConfig": {"subnetIds": ["subnet-1"]}});
    let association =
        json!({"namespace": "default", "serviceAccount": "api", "roleArn": role("Pods"), "tags": {"a": "b"}});
    for (path, input) in [
        ("/clusters", cluster),
        ("/clusters/demo/pod-identity-associations", association),
        ("/clusters/demo/addons", json!({"addonName": "coredns"})),
        ("/clusters/demo/addons/coredns/update", json!({"configurationValues": "{}"})),
    ] {
        let made = wire::rest(aws, "eks", "POST", path, &input.to_string()).await;
        assert_eq!(made.status, 200, "{made:?}");
    }

    for (operation, input) in
        [("CreateOrganization", "{}"), ("CreateAccount", r#"{"Email": "a@example.com", "AccountName": "a"}"#)]
    {
        let made = wire::aws_json("AWSOrganizationsV20161128", operation, input);
        let made = made.signed(aws, &root(aws, "organizations")).send(aws).await;
        assert_eq!(made.status, 200, "{made:?}");
    }

    let instance = launch(aws, &key).await;
    let group = "Action=CreateAutoScalingGroup&AutoScalingGroupName=nodes&MinSize=0&MaxSize=1&DesiredCapacity=1";
    let by = "LaunchTemplate.LaunchTemplateName=nodes&AvailabilityZones.member.1=us-west-2a";
    let tags = "Tags.member.1.Key=a&Tags.member.1.Value=b&Tags.member.1.PropagateAtLaunch=true";
    autoscaling(aws, &format!("{group}&{by}&{tags}")).await;
    let signer = |answer: &Answer, service, token: Option<String>| Signer {
        access_key_id: answer.element("AccessKeyId"),
        secret: answer.element("SecretAccessKey").into_bytes().into(),
        token: token.map(|token| token.into_bytes().into()),
        region: "us-west-2",
        service,
        time: jiff::Timestamp::now(),
    };
    sqs(aws, "CreateQueue", json!({"QueueName": "kept", "Attributes": {"VisibilityTimeout": "0"}})).await;
    sqs(aws, "SendMessage", json!({"QueueUrl": QUEUE, "MessageBody": "kept"})).await;
    Filled {
        ciphertext: text(&sealed["CiphertextBlob"]),
        long_term: signer(&made, "sts", None),
        session: signer(&session, "sts", Some(session.element("SessionToken"))),
        grant_token: text(&grant["GrantToken"]),
        mac: (hmac, mac),
        signed_at: pair,
        instance,
        key,
    }
}

impl Filled {
    /// Everything that was made does what it did.
    pub(crate) async fn must_be_in(&self, aws: &Running) {
        let opened = call(aws, "Decrypt", json!({"CiphertextBlob": self.ciphertext})).await;
        assert_eq!(opened["Plaintext"], "c2VlZA==");
        let alias = call(aws, "DescribeKey", json!({"KeyId": "alias/demo"})).await;
        assert_eq!(alias["KeyMetadata"]["Arn"], self.key.as_str());
        let (key, mac) = &self.mac;
        let verify = json!({"KeyId": key, "Message": "c2VlZA==", "MacAlgorithm": "HMAC_SHA_256", "Mac": mac});
        assert_eq!(call(aws, "VerifyMac", verify).await["MacValid"], true);
        let by_token = json!({"KeyId": self.key, "GrantTokens": [self.grant_token]});
        assert_eq!(call(aws, "DescribeKey", by_token).await["KeyMetadata"]["Arn"], self.key.as_str());
        assert!(identity(aws, &self.long_term).await.element("Arn").ends_with(":user/team/ann"));
        assert!(identity(aws, &self.session).await.element("Arn").ends_with(":assumed-role/Reader/me"));
        let listed = wire::rest(aws, "eks", "GET", "/clusters/demo/pod-identity-associations", "").await;
        assert!(listed.body.contains(r#""serviceAccount":"api""#), "{listed:?}");
        let (instance, volume) = &self.instance;
        let again =
            "Action=RunInstances&MinCount=1&MaxCount=1&LaunchTemplate.LaunchTemplateName=nodes&ClientToken=once";
        assert_eq!(ec2(aws, again).await.element("instanceId"), *instance);
        let tagged = "Action=DescribeInstances&Filter.1.Name=tag%3Aa&Filter.1.Value.1=b";
        // The group's instance is of the same template, and has its tags, too.
        let tagged = ec2(aws, tagged).await;
        assert!(tagged.body.contains(instance), "{tagged:?}");
        let volumes = ec2(aws, &format!("Action=DescribeVolumes&VolumeId.1={volume}")).await;
        assert_eq!(volumes.element("kmsKeyId"), self.key);
        let groups = autoscaling(aws, "Action=DescribeAutoScalingGroups").await;
        assert_eq!(groups.element("AutoScalingGroupName"), "nodes");
        let member = groups.element("InstanceId");
        let of_group =
            "Action=DescribeInstances&Filter.1.Name=tag%3Aaws%3Aautoscaling%3AgroupName&Filter.1.Value.1=nodes";
        assert_eq!(ec2(aws, of_group).await.element("instanceId"), member);
        let done = autoscaling(aws, "Action=DescribeScalingActivities").await;
        assert!(done.element("Description").ends_with(&member), "{done:?}");
        assert_eq!(ec2(aws, "Action=GetEbsEncryptionByDefault").await.element("ebsEncryptionByDefault"), "true");
        let received = sqs(aws, "ReceiveMessage", json!({"QueueUrl": QUEUE})).await;
        assert_eq!(received["Messages"][0]["Body"], "kept", "{received}");
    }

    /// Undoes what can be undone.
    pub(crate) async fn spoil(&self, aws: &Running) {
        call(aws, "DeleteAlias", json!({"AliasName": "alias/demo"})).await;
        call(aws, "DisableKey", json!({"KeyId": self.key})).await;
        ec2(aws, &format!("Action=TerminateInstances&InstanceId.1={}", self.instance.0)).await;
        autoscaling(aws, "Action=DeleteAutoScalingGroup&AutoScalingGroupName=nodes&ForceDelete=true").await;
        ec2(aws, "Action=DeleteLaunchTemplate&LaunchTemplateName=nodes").await;
        ec2(aws, "Action=DisableEbsEncryptionByDefault").await;
        sqs(aws, "DeleteQueue", json!({"QueueUrl": QUEUE})).await;
        call(aws, "ScheduleKeyDeletion", json!({"KeyId": self.signed_at})).await;
        let key = self.long_term.access_key_id.as_str();
        done(aws, "DeleteAccessKey", &[("UserName", "ann"), ("AccessKeyId", key)]).await;
        done(aws, "DeleteRolePolicy", &[("RoleName", "Reader"), ("PolicyName", "p")]).await;
        done(aws, "CreateUser", &[("UserName", "ben")]).await;
        call(aws, "CreateKey", json!({})).await;
        assert_eq!(wire::rest(aws, "eks", "DELETE", "/clusters/demo", "").await.status, 200);
    }
}
