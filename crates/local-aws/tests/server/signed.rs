//! What a good signature opens, wherever it stands.

use aws_model::{Partition, SecretBytes};
use local_aws::{Clock, Options};

use crate::wire::{self, ACCOUNT, Request, STS_VERSION, kms, root, start, start_with, sts};

fn get(query: &str) -> Request {
    Request { method: "GET", query: format!("{query}&Version={STS_VERSION}"), headers: Vec::new(), body: Vec::new() }
}

#[tokio::test]
async fn get_caller_identity_takes_every_form_of_signature() {
    let aws = start().await;
    let signer = root(&aws, "sts");
    let post = sts("Action=GetCallerIdentity");
    let form_in_query = Request { body: Vec::new(), method: "POST", ..get("Action=GetCallerIdentity") };
    for (form, request) in [
        ("posted", post.clone().signed(&aws, &signer)),
        ("posted, presigned", post.presigned(&aws, &signer)),
        ("got", get("Action=GetCallerIdentity").signed(&aws, &signer)),
        ("got, presigned", get("Action=GetCallerIdentity").presigned(&aws, &signer)),
        ("posted with the form in the query", form_in_query.signed(&aws, &signer)),
        // As `aws eks get-token` does: the cluster's name is a signed header.
        (
            "got, presigned with a header",
            get("Action=GetCallerIdentity").header("x-k8s-aws-id", "demo").presigned(&aws, &signer),
        ),
    ] {
        let answer = request.send(&aws).await;
        assert_eq!(answer.status, 200, "{form}: {answer:?}");
        assert_eq!(answer.element("Arn"), format!("arn:aws:iam::{ACCOUNT}:root"), "{form}");
        assert_eq!(answer.element("UserId"), ACCOUNT, "{form}");
    }
    aws.shutdown().await;
}

#[tokio::test]
async fn a_moved_clock_leaves_signatures_fresh() {
    let clock = Clock::real();
    let aws = start_with(Options { clock: clock.clone(), ..Options::default() }).await;
    clock.advance(jiff::SignedDuration::from_hours(24 * 365)).unwrap();
    let answer = kms("ListKeys", "{}").signed(&aws, &root(&aws, "kms")).send(&aws).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    aws.shutdown().await;
}

#[tokio::test]
async fn a_fixed_credential_signs_for_its_account_in_every_region_of_its_partition_and_in_no_other() {
    let fixed: local_aws::Credential = "test:test:444455556666".parse().unwrap();
    let partition = Partition::China;
    let aws = start_with(Options { partition, credentials: vec![fixed.clone()], ..Options::default() }).await;
    for region in ["cn-north-1", "cn-northwest-1"] {
        let signer = wire::Signer { region, ..wire::of(&fixed, "sts") };
        let answer = sts("Action=GetCallerIdentity").signed(&aws, &signer).send(&aws).await;
        assert_eq!(answer.element("Arn"), "arn:aws-cn:iam::444455556666:root", "{answer:?}");
    }
    let elsewhere = |service| wire::Signer { region: "us-east-1", ..wire::of(&fixed, service) };
    let invalid = "The security token included in the request is invalid";
    let query = sts("Action=GetCallerIdentity").signed(&aws, &elsewhere("sts")).send(&aws).await;
    assert_eq!(query.query_error(), (403, "InvalidClientTokenId".into(), invalid.into()));
    let json = kms("ListKeys", "{}").signed(&aws, &elsewhere("kms")).send(&aws).await;
    assert_eq!(json.json_error(), (400, "UnrecognizedClientException".into(), format!("{invalid}.")));
    aws.shutdown().await;
}

/// Rule: `trust-expired`.
#[tokio::test]
async fn a_session_signs_with_its_token_until_it_is_over() {
    let clock = Clock::real();
    let aws = start_with(Options { clock: clock.clone(), ..Options::default() }).await;
    let role = format!("Action=AssumeRole&RoleSessionName=me&RoleArn=arn%3Aaws%3Aiam%3A%3A{ACCOUNT}%3Arole%2FReader");
    let begun = sts(&role).signed(&aws, &root(&aws, "sts")).send(&aws).await;
    assert_eq!(begun.status, 200, "{begun:?}");
    let session = |service| wire::Signer {
        access_key_id: begun.element("AccessKeyId"),
        secret: SecretBytes::new(begun.element("SecretAccessKey").into_bytes()),
        token: Some(SecretBytes::new(begun.element("SessionToken").into_bytes())),
        ..root(&aws, service)
    };
    let whoami = sts("Action=GetCallerIdentity").signed(&aws, &session("sts")).send(&aws).await;
    assert_eq!(whoami.element("Arn"), format!("arn:aws:sts::{ACCOUNT}:assumed-role/Reader/me"));

    clock.advance(jiff::SignedDuration::from_secs(3600)).unwrap();
    let expired = "The security token included in the request is expired";
    let query = sts("Action=GetCallerIdentity").signed(&aws, &session("sts")).send(&aws).await;
    assert_eq!(query.query_error(), (403, "ExpiredToken".into(), expired.into()));
    let json = kms("ListKeys", "{}").signed(&aws, &session("kms")).send(&aws).await;
    assert_eq!(json.json_error(), (400, "ExpiredTokenException".into(), expired.into()));
    aws.shutdown().await;
}
