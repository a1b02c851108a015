//! Each protocol, with the embedded AWS.

use std::net::SocketAddr;

use aws_client::Aws;
use aws_credential_types::Credentials;
use aws_wire::model::ServiceId;
use local_aws::{LocalAws, Options, Running};
use serde_json::{Value, json};

use crate::settings;

const ACCOUNT: &str = "111122223333";
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}]}"#;

async fn start() -> (Running, Aws) {
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let running = LocalAws::start(Options { listen, ..Options::default() }).await.unwrap();
    let aws = of_root(&running);
    (running, aws)
}

fn of_root(running: &Running) -> Aws {
    let root = running.root_credential(ACCOUNT.parse().unwrap());
    let secret = String::from_utf8(root.secret_access_key.expose().to_vec()).unwrap();
    let credentials = Credentials::new(root.access_key_id, secret, None, None, "test");
    Aws::new(&settings(credentials).endpoint_url(running.endpoint_url()).build())
}

#[tokio::test]
async fn aws_json_seals_and_opens_and_says_no() {
    let (_running, aws) = start().await;
    let kms = aws.client(ServiceId::Kms).unwrap();
    let key = kms.call("CreateKey", json!({ "Tags": [{ "TagKey": "a", "TagValue": "é & <b>" }] })).await.unwrap();
    let key = &key["KeyMetadata"]["Arn"];
    let sealed = kms.call("Encrypt", json!({ "KeyId": key, "Plaintext": "aGVsbG8=" })).await.unwrap();
    let opened = kms.call("Decrypt", json!({ "CiphertextBlob": sealed["CiphertextBlob"] })).await.unwrap();
    assert_eq!((&opened["Plaintext"], &opened["KeyId"]), (&json!("aGVsbG8="), key));
    // Operations without an answer, and with pages.
    kms.call("DisableKey", json!({ "KeyId": key })).await.unwrap();
    for _ in 0..4 {
        kms.call("CreateKey", Value::Null).await.unwrap();
    }
    let keys = kms.items("ListKeys", json!({ "Limit": 2 }), "Keys").await.unwrap();
    assert_eq!(keys.len(), 5);
    let error = kms.call("Encrypt", json!({ "KeyId": key, "Plaintext": "aGVsbG8=" })).await.unwrap_err();
    assert!(error.is("DisabledException"), "{error}");
    let refusal = error.refusal().unwrap();
    assert!(refusal.request_id.is_some() && refusal.message.contains("disabled"), "{error}");
}

#[tokio::test]
async fn json_1_0_of_sqs_takes_a_queue_from_its_name_to_its_messages() {
    let (_running, aws) = start().await;
    let sqs = aws.client(ServiceId::Sqs).unwrap();
    let queue = sqs.call("CreateQueue", json!({ "QueueName": "interruptions" })).await.unwrap();
    let message = json!({ "QueueUrl": queue["QueueUrl"], "MessageBody": "a & b" });
    sqs.call("SendMessage", message).await.unwrap();
    let received = sqs.call("ReceiveMessage", json!({ "QueueUrl": queue["QueueUrl"] })).await.unwrap();
    assert_eq!(received["Messages"][0]["Body"], "a & b");
}

#[tokio::test]
async fn query_has_lists_in_forms_and_in_xml_and_sessions_sign_too() {
    let (running, aws) = start().await;
    let iam = aws.client(ServiceId::Iam).unwrap();
    for name in ["one", "two", "three"] {
        let tags = json!([{ "Key": "of", "Value": "a=b+c d/é" }, { "Key": "n", "Value": name }]);
        let input = json!({ "RoleName": name, "AssumeRolePolicyDocument": TRUST, "Tags": tags });
        let made = iam.call("CreateRole", input).await.unwrap();
        let tags = made["Role"]["Tags"].as_array().unwrap();
        assert!(tags.contains(&json!({ "Key": "of", "Value": "a=b+c d/é" })) && tags.len() == 2, "{tags:?}");
    }
    let roles = iam.items("ListRoles", json!({ "MaxItems": 1 }), "Roles").await.unwrap();
    assert!(roles.len() >= 3 && roles.iter().any(|role| role["RoleName"] == "three"), "{roles:?}");
    let error = iam.call("GetRole", json!({ "RoleName": "nobody" })).await.unwrap_err();
    assert!(error.is("NoSuchEntity") && error.refusal().unwrap().status == 404, "{error}");

    let sts = aws.client(ServiceId::Sts).unwrap();
    let role = &roles.iter().find(|role| role["RoleName"] == "one").unwrap()["Arn"];
    let session = sts.call("AssumeRole", json!({ "RoleArn": role, "RoleSessionName": "test" })).await.unwrap();
    let part = |name: &str| session["Credentials"][name].as_str().unwrap().to_owned();
    let credentials =
        Credentials::new(part("AccessKeyId"), part("SecretAccessKey"), Some(part("SessionToken")), None, "test");
    let own = Aws::new(&settings(credentials).endpoint_url(running.endpoint_url()).build());
    let told = own.client(ServiceId::Sts).unwrap().call("GetCallerIdentity", Value::Null).await.unwrap();
    assert_eq!(told["Arn"], format!("arn:aws:sts::{ACCOUNT}:assumed-role/one/test"));
}

#[tokio::test]
async fn ec2_has_names_of_its_own_both_ways() {
    let (_running, aws) = start().await;
    let ec2 = aws.client(ServiceId::Ec2).unwrap();
    let tags = json!([{ "ResourceType": "volume", "Tags": [{ "Key": "a", "Value": "<b> & c" }] }]);
    let input = json!({ "AvailabilityZone": "us-west-2a", "Size": 8, "TagSpecifications": tags });
    let volume = ec2.call("CreateVolume", input).await.unwrap();
    let filters = json!([{ "Name": "tag:a", "Values": ["<b> & c"] }]);
    let found = ec2.items("DescribeVolumes", json!({ "Filters": filters }), "Volumes").await.unwrap();
    assert_eq!((found.len(), &found[0]["VolumeId"], &found[0]["Size"]), (1, &volume["VolumeId"], &json!(8)));
    let gone = ec2.call("DescribeVolumes", json!({ "VolumeIds": ["vol-0123456789abcdef0"] })).await.unwrap_err();
    assert!(gone.is("InvalidVolume.NotFound"), "{gone}");
}

#[tokio::test]
async fn rest_json_has_paths_queries_and_documents() {
    let (_running, aws) = start().await;
    let eks = aws.client(ServiceId::Eks).unwrap();
    let versions = eks.items("DescribeAddonVersions", json!({ "maxResults": 2 }), "addons").await.unwrap();
    assert!(versions.len() > 2, "{versions:?}");
    let input = json!({ "kubernetesVersion": "1.33", "types": ["storage", "security"], "maxResults": 1 });
    let some = eks.items("DescribeAddonVersions", input, "addons").await.unwrap();
    let kinds: Vec<_> = some.iter().map(|addon| addon["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["storage", "security"]);
    let error = eks.call("DescribeCluster", json!({ "name": "a/b c" })).await.unwrap_err();
    assert!(error.is("ResourceNotFoundException") || error.is("InvalidParameterException"), "{error}");
    assert!(error.refusal().unwrap().request_id.is_some(), "{error}");
}

#[tokio::test]
async fn who_signs_with_another_secret_is_told_so_without_it() {
    let (running, _) = start().await;
    let root = running.root_credential(ACCOUNT.parse().unwrap());
    let credentials = Credentials::new(root.access_key_id, "another-secret", None, None, "test");
    let aws = Aws::new(&settings(credentials).endpoint_url(running.endpoint_url()).build());
    for (service, operation, code) in [
        (ServiceId::Eks, "ListClusters", "InvalidSignatureException"),
        (ServiceId::Iam, "ListRoles", "SignatureDoesNotMatch"),
        (ServiceId::Ec2, "DescribeVolumes", "AuthFailure"),
        (ServiceId::Kms, "ListKeys", "InvalidSignatureException"),
    ] {
        let error = aws.client(service).unwrap().call(operation, Value::Null).await.unwrap_err();
        assert!(error.is(code) && error.attempts == 1 && !error.to_string().contains("another-secret"), "{error}");
    }
}
