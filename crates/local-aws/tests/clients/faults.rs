//! What the official Rust SDK makes of faults: what it retries, what it gives up on, and what it must not do twice.

use std::time::Duration;

use aws_sdk_kms::{
    config::{Region, retry::RetryConfig, timeout::TimeoutConfig},
    error::{ProvideErrorMetadata, SdkError},
    primitives::Blob,
    types::GrantOperation,
};
use local_aws::Running;

use crate::rust_sdk::{kms, start};

/// An embedded AWS with a key, and a client of it that waits for no second try.
async fn rig() -> (Running, aws_sdk_kms::Client, String) {
    let (aws, root) = start().await;
    let client = kms(&aws, root);
    let retry = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
    let client = aws_sdk_kms::Client::from_conf(client.config().to_builder().retry_config(retry).build());
    let key = client.create_key().send().await.unwrap().key_metadata.unwrap().key_id;
    (aws, client, key)
}

fn put(aws: &Running, line: &str) {
    aws.put_faults(line.parse().unwrap()).unwrap();
}

fn fired(aws: &Running) -> u64 {
    aws.faults().first().unwrap().fired
}

#[tokio::test(flavor = "multi_thread")]
async fn it_survives_two_throttles_and_not_three() {
    let (aws, client, key) = rig().await;
    let encrypt = || client.encrypt().key_id(&key).plaintext(Blob::new("hello")).send();
    put(&aws, "kms:Encrypt throttle=0/s times=2");
    encrypt().await.unwrap();
    assert_eq!(fired(&aws), 2);
    put(&aws, "kms:Encrypt throttle=0/s times=3");
    let refused = encrypt().await.unwrap_err();
    assert_eq!(refused.code(), Some("ThrottlingException"), "{refused:?}");
    assert!(refused.message().unwrap().starts_with("You have exceeded the rate"));
    aws.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_too_late_times_out_and_the_next_try_does_not() {
    let (aws, client, key) = rig().await;
    let timeout = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_millis(200)).build();
    let patient = client.config().to_builder().timeout_config(timeout.clone());
    let impatient = patient.clone().retry_config(RetryConfig::disabled()).build();
    let [patient, impatient] = [patient.build(), impatient].map(aws_sdk_kms::Client::from_conf);
    let encrypt = |client: &aws_sdk_kms::Client| client.encrypt().key_id(&key).plaintext(Blob::new("hello")).send();
    put(&aws, "kms:Encrypt latency=30s times=1");
    encrypt(&patient).await.unwrap();
    put(&aws, "kms:Encrypt latency=30s times=1");
    assert!(matches!(encrypt(&impatient).await.unwrap_err(), SdkError::TimeoutError(_)));
    put(&aws, "kms:Encrypt gone=silent");
    assert!(matches!(encrypt(&impatient).await.unwrap_err(), SdkError::TimeoutError(_)));
    assert_eq!(fired(&aws), 1);
    aws.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_asked_for_again_and_a_named_grant_is_made_once() {
    let (aws, client, key) = rig().await;
    for how in ["closed", "error"] {
        put(&aws, &format!("kms:CreateGrant lost={how} times=1"));
        let grant = client
            .create_grant()
            .key_id(&key)
            .grantee_principal("arn:aws:iam::444455556666:root")
            .operations(GrantOperation::Decrypt)
            .name(how);
        grant.send().await.unwrap();
        let came = aws.faults().pop().unwrap();
        assert_eq!((came.calls, came.fired), (2, 1), "{how}");
    }
    assert_eq!(client.list_grants().key_id(&key).send().await.unwrap().grants().len(), 2);
    // Without a name the second try makes a second one, as on AWS.
    put(&aws, "kms:CreateGrant lost=closed times=1");
    let grant = client.create_grant().key_id(&key).grantee_principal("arn:aws:iam::444455556666:root");
    grant.operations(GrantOperation::Decrypt).send().await.unwrap();
    assert_eq!(client.list_grants().key_id(&key).send().await.unwrap().grants().len(), 4);
    aws.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_is_gone_takes_no_other_with_it() {
    let (aws, client, _) = rig().await;
    let elsewhere = client.config().to_builder().region(Region::new("us-east-1")).build();
    let elsewhere = aws_sdk_kms::Client::from_conf(elsewhere);
    put(&aws, "* region=eu-central-1 gone=closed");
    assert!(matches!(client.list_keys().send().await.unwrap_err(), SdkError::DispatchFailure(_)));
    assert!(elsewhere.list_keys().send().await.unwrap().keys().is_empty());
    assert_eq!(fired(&aws), 3, "the first, and two more tries");
    aws.shutdown().await;
}
