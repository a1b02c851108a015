//! The contract's part that runs against AWS itself, with an embedded AWS in the place of AWS: it does not run unasked,
//! touches nothing that it did not make, and deletes all that it made, also when it fails half-way.

use std::process::Output;

use aws_sdk_kms::types::KeyState;
use local_aws::Running;
use tokio::process::Command;

use super::{
    python::{start, venv, workspace},
    rust_sdk,
};

const ACCOUNT: &str = "111122223333";

#[tokio::test(flavor = "multi_thread")]
async fn it_cleans_up_and_touches_nothing_of_anybody_elses() {
    let aws = start().await;
    let root = rust_sdk::root(&aws, ACCOUNT);
    let kms = rust_sdk::kms_in(&aws, root, "us-west-2");
    let foreign = kms.create_key().send().await.unwrap().key_metadata.unwrap().key_id;

    let asked = [("CLAVIGER_CONTRACT_AWS", "1"), ("CLAVIGER_FOREIGN_KEY", &foreign)];
    let tested = run(&aws, "on_aws_test.py", &[], &asked).await;
    assert!(tested.status.success(), "{tested:?}");
    let ran = run(&aws, "run.py", &["aws"], &[("CLAVIGER_CONTRACT_AWS", "1")]).await;
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success() && out.ends_with(" cases hold\n"), "{out}{err}");
    assert!(err.contains("AWS charges USD 1 a month"), "{err}");

    let mut keys = kms.list_keys().into_paginator().items().send();
    let mut made = 0;
    while let Some(key) = keys.next().await {
        let id = key.unwrap().key_id.unwrap();
        let key = kms.describe_key().key_id(&id).send().await.unwrap().key_metadata.unwrap();
        if id == foreign {
            assert_eq!(key.key_state, Some(KeyState::Enabled));
            continue;
        }
        made += 1;
        assert_eq!(key.key_state, Some(KeyState::PendingDeletion), "{key:?}");
    }
    // By the test, and by the contract.
    assert!(made > 20, "{made} keys were made: {out}");
    aws.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_charged_who_did_not_ask() {
    let aws = start().await;
    for asked in [None, Some(("CLAVIGER_CONTRACT_AWS", "0"))] {
        let ran = run(&aws, "run.py", &["aws"], asked.as_slice()).await;
        assert_eq!(ran.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&ran.stderr).contains("help: set it, and credentials"), "{ran:?}");
    }
    let kms = rust_sdk::kms_in(&aws, rust_sdk::root(&aws, ACCOUNT), "us-west-2");
    assert!(kms.list_keys().send().await.unwrap().keys().is_empty());
    aws.shutdown().await;
}

/// Runs a script with the credentials of the account's root user where boto3 looks for them.
async fn run(aws: &Running, script: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let home = tempfile::tempdir().unwrap();
    let root = rust_sdk::root(aws, ACCOUNT);
    Command::new(venv().join("python"))
        .arg(workspace().join("tests/clients").join(script))
        .args(arguments)
        .env_clear()
        .env("HOME", home.path())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("CLAVIGER_ENDPOINT", aws.endpoint_url())
        .env("AWS_ACCESS_KEY_ID", root.access_key_id())
        .env("AWS_SECRET_ACCESS_KEY", root.secret_access_key())
        .envs(environment.iter().copied())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap()
}
