//! SDKs that take the credentials of an instance's role from its metadata.

use std::net::SocketAddr;

use aws_config::{BehaviorVersion, Region, imds};
use local_aws::{Imds, LocalAws, Options, Running};

use crate::python::{credentials_of, run_with};

const ACCOUNT: &str = "111122223333";
const ROLE: &str = "arn:aws:iam::111122223333:role/Node";

async fn start(role: Option<&str>) -> Running {
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let subject = role.map(|role| role.parse().unwrap());
    let imds = Imds { listen, exposed: false, subject, region: "us-west-2".parse().unwrap() };
    let accounts = vec![ACCOUNT.parse().unwrap()];
    LocalAws::start(Options { listen, accounts, imds: Some(imds), ..Options::default() }).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn boto3_and_the_aws_cli_act_as_the_instance() {
    let aws = start(None).await;
    let metadata = aws.metadata_url().unwrap();
    let environment = [("CLAVIGER_METADATA", metadata.as_str())];
    let credentials = credentials_of(&aws, &[ACCOUNT]);
    run_with("instance_metadata.py", &[], &aws.endpoint_url(), &credentials, &environment).await;
    aws.shutdown().await;
}

/// The role alone is told, and nobody made it: its account is open.
#[tokio::test(flavor = "multi_thread")]
async fn the_rust_sdk_acts_as_a_role_that_is_told_alone() {
    let aws = start(Some(ROLE)).await;
    let metadata = imds::Client::builder().endpoint(aws.metadata_url().unwrap()).unwrap().build();
    let instance = metadata.get("/latest/meta-data/instance-id").await.unwrap();
    let instance: &str = instance.as_ref();
    let provider = imds::credentials::ImdsCredentialsProvider::builder().imds_client(metadata).build();
    let config = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new("us-west-2"))
        .endpoint_url(aws.endpoint_url())
        .credentials_provider(provider);
    let sts = aws_sdk_sts::Client::new(&config.load().await);
    let caller = sts.get_caller_identity().send().await.unwrap();
    let expected = format!("arn:aws:sts::{ACCOUNT}:assumed-role/Node/{instance}");
    assert_eq!(caller.arn(), Some(expected.as_str()));
    aws.shutdown().await;
}
