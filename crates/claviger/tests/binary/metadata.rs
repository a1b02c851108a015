//! A KMS plugin whose credentials are those of an instance, by the default chain of the SDK for Rust.

use aws_sdk_kms::config::{BehaviorVersion, Credentials, Region};
use kms_plugin::proto::v2::{EncryptRequest, StatusRequest};
use serde_json::Value;
use test_support::{connect, eventually};

use crate::support::{Daemon, SOON, claviger};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_seals_with_the_credentials_of_an_instances_role() {
    let directory = tempfile::tempdir().unwrap();
    let told = ["--listen=127.0.0.1:0", "--imds", "127.0.0.1:0", "--imds-role", "Node", "--output=json"];
    let aws = Daemon::start(&[&["local-aws"], &told[..]].concat(), directory.path());
    let ready = aws.until("ready").pop().unwrap();
    let field = |path| ready.pointer(path).and_then(Value::as_str).unwrap();
    let (id, secret) = (field("/credentials/0/access_key_id"), field("/credentials/0/secret_access_key"));
    let root = Credentials::new(id, secret, None, None, "test");
    let config = aws_sdk_kms::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-west-2"))
        .endpoint_url(field("/endpoint"))
        .credentials_provider(root);
    let kms = aws_sdk_kms::Client::from_conf(config.build());
    let key = kms.create_key().send().await.unwrap().key_metadata.unwrap().arn.unwrap();

    let socket = directory.path().join("kms.sock");
    let named = ["--key", &key, "--endpoint-url", field("/endpoint"), "--listen", socket.to_str().unwrap()];
    let mut command =
        claviger(&[&["kms-plugin", "--log-format=json", "--health-listen=127.0.0.1:0"], &named[..]].concat());
    command.env("AWS_EC2_METADATA_SERVICE_ENDPOINT", field("/metadata")).env("HOME", directory.path());
    let plugin = Daemon::spawn(&mut command);
    plugin.until_logged("health and metrics");
    let client = connect(&socket);
    eventually("the plugin has credentials", SOON, async || client.clone().status(StatusRequest {}).await).await;
    let sealed =
        client.clone().encrypt(EncryptRequest { plaintext: b"seed".to_vec(), uid: "1".to_owned() }).await.unwrap();
    assert!(sealed.into_inner().key_id.starts_with(&key));
}
