//! Calls that are of two accounts or two regions.

use jiff::SignedDuration;
use local_aws::{Clock, Options};
use serde_json::{Value, json};

use crate::{
    wire::{self, ACCOUNT, Signer},
    world::{KEY, OTHER, ann, assume, bob, event, events, kms, kms_as, listed, named, start, start_with},
};

/// Source: AWS CloudTrail User Guide, "CloudTrail record contents", `recipientAccountId` and `sharedEventID`.
#[tokio::test]
async fn the_use_of_another_accounts_key_is_told_to_both() {
    let aws = start().await;
    let sealed = kms(&aws, &ann(), "Encrypt", json!({"KeyId": KEY, "Plaintext": "c2VjcmV0"})).await;
    let blob = &sealed["CiphertextBlob"];
    kms(&aws, &ann(), "Decrypt", json!({"CiphertextBlob": blob})).await;

    let mut own = event(&aws, ACCOUNT, "Decrypt").await;
    let mut abroad = event(&aws, OTHER, "Decrypt").await;
    assert_eq!(own["userIdentity"]["arn"], "arn:aws:iam::111122223333:user/team/ann");
    assert_eq!(
        abroad["userIdentity"],
        json!({"type": "AWSAccount", "principalId": "AIDAANNANNANNANNANNAN", "accountId": ACCOUNT})
    );
    assert_eq!((&own["recipientAccountId"], &abroad["recipientAccountId"]), (&json!(ACCOUNT), &json!(OTHER)));
    assert_ne!(own["eventID"], abroad["eventID"]);
    assert_eq!(own["sharedEventID"].as_str().unwrap().len(), 36);
    assert_eq!(own["resources"], json!([{"accountId": OTHER, "type": "AWS::KMS::Key", "ARN": KEY}]));
    for of_its_own in ["userIdentity", "recipientAccountId", "eventID"] {
        own[of_its_own] = Value::Null;
        abroad[of_its_own] = Value::Null;
    }
    assert_eq!(own, abroad, "all else is the same");

    let [found] = &listed(&aws, OTHER, named("Decrypt")).await[..] else { panic!("there is one") };
    assert!(found.get("Username").is_none() && found.get("AccessKeyId").is_none(), "{found}");
    aws.shutdown().await;
}

/// Source: AWS KMS Developer Guide, "Logging AWS KMS API calls with AWS CloudTrail": "cross-account AWS KMS requests
/// that are rejected because access is denied are logged only in the caller's account".
#[tokio::test]
async fn a_denial_is_told_to_the_callers_account_alone() {
    let aws = start().await;
    kms_as(&aws, &wire::of(&bob(), "kms"), "DescribeKey", json!({"KeyId": KEY})).await;
    kms_as(&aws, &wire::of(&ann(), "kms"), "DescribeKey", json!({"KeyId": KEY.replace("0f1e", "0000")})).await;
    assert_eq!(events(&aws, ACCOUNT, named("DescribeKey")).await.len(), 2);
    assert_eq!(events(&aws, OTHER, named("DescribeKey")).await, [] as [Value; 0]);
    // What the key itself refuses is no denial.
    let disabled = wire::of(&aws.root_credential(OTHER.parse().unwrap()), "kms");
    kms_as(&aws, &disabled, "DisableKey", json!({"KeyId": KEY})).await;
    kms_as(&aws, &wire::of(&ann(), "kms"), "Encrypt", json!({"KeyId": KEY, "Plaintext": "c2VjcmV0"})).await;
    let refused = event(&aws, OTHER, "Encrypt").await;
    assert_eq!(refused["errorCode"], "DisabledException");
    aws.shutdown().await;
}

/// Source: IAM User Guide, "Logging IAM and AWS STS API calls with AWS CloudTrail" > "Example cross-account AWS STS API
/// events in CloudTrail log files".
#[tokio::test]
async fn a_role_of_another_account_is_assumed_before_the_eyes_of_both() {
    let aws = start().await;
    let role = "arn:aws:iam::444455556666:role/Reader";
    let (session, _) = assume(&aws, &wire::of(&ann(), "sts"), role, "&Tags.member.1.Key=a&Tags.member.1.Value=b").await;
    kms_as(&aws, &session, "DescribeKey", json!({"KeyId": KEY})).await;

    let own = event(&aws, ACCOUNT, "AssumeRole").await;
    let abroad = event(&aws, OTHER, "AssumeRole").await;
    assert_eq!(own["sharedEventID"], abroad["sharedEventID"]);
    assert_eq!(abroad["userIdentity"]["type"], "AWSAccount");
    assert_eq!(own["resources"], json!([{"accountId": OTHER, "type": "AWS::IAM::Role", "ARN": role}]));
    assert_eq!(
        own["requestParameters"],
        json!({"roleArn": role, "roleSessionName": "me", "tags": [{"key": "a", "value": "b"}]})
    );
    let answer = &own["responseElements"];
    assert_eq!(answer["credentials"]["accessKeyId"], session.access_key_id.as_str());
    assert_eq!(answer["assumedRoleUser"]["arn"], "arn:aws:sts::444455556666:assumed-role/Reader/me");
    assert_eq!(answer["credentials"].as_object().unwrap().keys().collect::<Vec<_>>(), ["accessKeyId", "expiration"]);
    assert_eq!(own["readOnly"], true);

    // What the session does is of the role's account.
    let described = event(&aws, OTHER, "DescribeKey").await;
    assert_eq!(described["userIdentity"]["principalId"], "AROAABROADABROADABROA:me");
    assert_eq!(described["userIdentity"]["accessKeyId"], session.access_key_id.as_str());
    assert_eq!(described.get("sharedEventID"), None);
    aws.shutdown().await;
}

/// Source: AWS KMS Developer Guide, "ReplicateKey" and "UpdatePrimaryRegion" in "Logging AWS KMS API calls".
#[tokio::test]
async fn what_reaches_into_another_region_has_an_event_there() {
    let clock = Clock::real();
    let aws = start_with(Options { clock: clock.clone(), ..Options::default() }).await;
    let made = kms(&aws, &ann(), "CreateKey", json!({"MultiRegion": true})).await;
    let key = made["KeyMetadata"]["Arn"].as_str().unwrap();
    let replica = key.replace("us-west-2", "eu-west-1");
    kms(&aws, &ann(), "ReplicateKey", json!({"KeyId": key, "ReplicaRegion": "eu-west-1"})).await;
    clock.advance(SignedDuration::from_secs(5)).unwrap();
    kms(&aws, &ann(), "UpdatePrimaryRegion", json!({"KeyId": key, "PrimaryRegion": "eu-west-1"})).await;

    let in_ireland = Signer { region: "eu-west-1", ..wire::root(&aws, "cloudtrail") };
    let find = async |name: &str| {
        let page = crate::world::page(&aws, &in_ireland, &named(name)).await;
        let [found] = page["Events"].as_array().unwrap().as_slice() else { panic!("{name}: {page}") };
        serde_json::from_str::<Value>(found["CloudTrailEvent"].as_str().unwrap()).unwrap()
    };
    let created = find("CreateKey").await;
    assert_eq!(created["responseElements"]["keyMetadata"]["arn"], replica.as_str());
    assert_eq!(created["userIdentity"]["invokedBy"], "kms.amazonaws.com");
    let updated = find("UpdatePrimaryRegion").await;
    assert_eq!(updated["requestParameters"], json!({"keyId": replica, "primaryRegion": "eu-west-1"}));
    assert_eq!(updated["userIdentity"]["invokedBy"], "kms.amazonaws.com");
    assert_eq!(updated.get("resources"), None);

    let here = event(&aws, ACCOUNT, "UpdatePrimaryRegion").await;
    assert_eq!(here["resources"], json!([{"accountId": ACCOUNT, "type": "AWS::KMS::Key", "ARN": key}]));
    assert_eq!(here["requestID"], updated["requestID"]);
    assert_ne!(here["eventID"], updated["eventID"]);
    aws.shutdown().await;
}
