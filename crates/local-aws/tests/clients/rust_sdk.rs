//! The official Rust SDK, which is also what the plugin's data path uses.

use std::net::SocketAddr;

use aws_credential_types::Credentials;
use aws_sdk_kms::{
    config::{BehaviorVersion, Region},
    operation::decrypt::DecryptError,
    primitives::Blob,
};
use local_aws::{LocalAws, Options, Running};

pub(crate) async fn start() -> (Running, Credentials) {
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let aws = LocalAws::start(Options { listen, ..Options::default() }).await.unwrap();
    let root = root(&aws, "111122223333");
    (aws, root)
}

/// The credential of an account's root user.
pub(crate) fn root(aws: &Running, account: &str) -> Credentials {
    let root = aws.root_credential(account.parse().unwrap());
    let secret = String::from_utf8(root.secret_access_key.expose().to_vec()).unwrap();
    Credentials::new(root.access_key_id, secret, None, None, "test")
}

pub(crate) fn kms(aws: &Running, credentials: Credentials) -> aws_sdk_kms::Client {
    kms_in(aws, credentials, "eu-central-1")
}

pub(crate) fn kms_in(aws: &Running, credentials: Credentials, region: &'static str) -> aws_sdk_kms::Client {
    aws_sdk_kms::Client::from_conf(
        aws_sdk_kms::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region))
            .endpoint_url(aws.endpoint_url())
            .credentials_provider(credentials)
            .build(),
    )
}

fn sts(aws: &Running, credentials: Credentials) -> aws_sdk_sts::Client {
    aws_sdk_sts::Client::from_conf(
        aws_sdk_sts::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .endpoint_url(aws.endpoint_url())
            .credentials_provider(credentials)
            .build(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn it_seals_opens_and_knows_the_errors_by_their_types() {
    let (aws, root) = start().await;
    let kms = kms(&aws, root);
    let key = kms.create_key().description("smoke").send().await.unwrap().key_metadata.unwrap();
    kms.create_alias().alias_name("alias/smoke").target_key_id(key.key_id()).send().await.unwrap();
    let sealed = kms
        .encrypt()
        .key_id("alias/smoke")
        .plaintext(Blob::new("hello"))
        .encryption_context("a", "b")
        .send()
        .await
        .unwrap();
    assert_eq!(sealed.key_id(), key.arn());
    let blob = sealed.ciphertext_blob.unwrap();
    let opened = kms.decrypt().ciphertext_blob(blob.clone()).encryption_context("a", "b").send().await.unwrap();
    assert_eq!(opened.plaintext.unwrap().into_inner(), b"hello");

    let refused = kms.decrypt().ciphertext_blob(blob.clone()).send().await.unwrap_err().into_service_error();
    assert!(matches!(refused, DecryptError::InvalidCiphertextException(_)), "{refused:?}");
    kms.disable_key().key_id(key.key_id()).send().await.unwrap();
    let disabled = kms.decrypt().ciphertext_blob(blob).encryption_context("a", "b").send().await.unwrap_err();
    assert!(matches!(disabled.into_service_error(), DecryptError::DisabledException(_)));
    aws.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_assumes_a_role_and_acts_as_it() {
    let (aws, root) = start().await;
    let role = "arn:aws:iam::111122223333:role/Reader";
    let answer = sts(&aws, root).assume_role().role_arn(role).role_session_name("me").send().await.unwrap();
    let session = answer.credentials.unwrap();
    let session = Credentials::new(
        session.access_key_id,
        session.secret_access_key,
        Some(session.session_token),
        None,
        "assumed",
    );
    let identity = sts(&aws, session).get_caller_identity().send().await.unwrap();
    assert_eq!(identity.arn(), Some("arn:aws:sts::111122223333:assumed-role/Reader/me"));
    aws.shutdown().await;
}
