//! The form of events.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use local_aws::{Clock, Options};
use serde_json::{Value, json};

use crate::{
    wire::{self, ACCOUNT},
    world::{ann, assume, bob, event, events, kms, kms_as, named, root_of, start, start_with, sts_as, without_ids},
};

#[tokio::test]
async fn an_encryption_is_told_as_by_aws_without_its_plaintext() {
    let aws = start().await;
    let key = kms(&aws, &ann(), "CreateKey", json!({})).await["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
    let input = json!({"KeyId": key, "Plaintext": "c2VjcmV0", "EncryptionContext": {"Department": "Engineering"}});
    kms(&aws, &ann(), "Encrypt", input).await;
    let described = kms(&aws, &ann(), "DescribeKey", json!({ "KeyId": key })).await;

    let (event, [id, request, time]) = without_ids(event(&aws, ACCOUNT, "Encrypt").await);
    assert_eq!(
        event,
        json!({
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "IAMUser",
                "principalId": "AIDAANNANNANNANNANNAN",
                "arn": "arn:aws:iam::111122223333:user/team/ann",
                "accountId": ACCOUNT,
                "accessKeyId": "AKIAANN",
                "userName": "ann",
            },
            "eventSource": "kms.amazonaws.com",
            "eventName": "Encrypt",
            "awsRegion": "us-west-2",
            "sourceIPAddress": "127.0.0.1",
            "userAgent": "aws-cli/2.0 md/test",
            "requestParameters": {
                "encryptionContext": {"Department": "Engineering"},
                "keyId": key,
                "encryptionAlgorithm": "SYMMETRIC_DEFAULT",
            },
            "responseElements": null,
            "additionalEventData": {"keyMaterialId": described["KeyMetadata"]["CurrentKeyMaterialId"]},
            "readOnly": true,
            "resources": [{"accountId": ACCOUNT, "type": "AWS::KMS::Key", "ARN": key}],
            "eventType": "AwsApiCall",
            "managementEvent": true,
            "recipientAccountId": ACCOUNT,
            "eventCategory": "Management",
        })
    );
    assert!(id.len() == 36 && request.len() == 36 && id != request, "{id} {request}");
    let age = Timestamp::now().duration_since(time.parse().unwrap());
    assert!(age < SignedDuration::from_mins(5) && !time.contains('.'), "{time}");
    aws.shutdown().await;
}

/// Rule: `launch-calls-joined`. As somebody does who asks which calls a volume's launch made: by the volume's id, which
/// each record has, and no grant's.
#[tokio::test]
async fn the_calls_for_a_volume_are_joined_by_its_id() {
    let aws = start().await;
    let key = kms(&aws, &ann(), "CreateKey", json!({})).await["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
    for volume in ["vol-1", "vol-2"] {
        let context = json!({ "aws:ebs:id": volume });
        let data_key = json!({"KeyId": key, "NumberOfBytes": 64, "EncryptionContext": context});
        let blob = kms(&aws, &ann(), "GenerateDataKeyWithoutPlaintext", data_key).await["CiphertextBlob"].take();
        let constraints = json!({ "EncryptionContextSubset": context });
        let grantee = "arn:aws:iam::111122223333:role/path/Reader";
        let grant =
            json!({"KeyId": key, "GranteePrincipal": grantee, "Operations": ["Decrypt"], "Constraints": constraints});
        kms(&aws, &ann(), "CreateGrant", grant).await;
        kms(&aws, &ann(), "Decrypt", json!({"CiphertextBlob": blob, "EncryptionContext": context})).await;
    }
    let mut joined: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for event in events(&aws, ACCOUNT, json!({})).await {
        let parameters = &event["requestParameters"];
        let contexts = [&parameters["encryptionContext"], &parameters["constraints"]["encryptionContextSubset"]];
        for id in contexts.iter().filter_map(|context| context["aws:ebs:id"].as_str()) {
            joined.entry(id.to_owned()).or_default().push(event["eventName"].as_str().unwrap().to_owned());
        }
    }
    let of_launch = ["GenerateDataKeyWithoutPlaintext", "CreateGrant", "Decrypt"].map(str::to_owned).to_vec();
    assert_eq!(joined, [("vol-1".to_owned(), of_launch.clone()), ("vol-2".to_owned(), of_launch)].into());
    aws.shutdown().await;
}

#[tokio::test]
async fn a_denial_is_told_with_its_message() {
    let aws = start().await;
    let key = kms(&aws, &ann(), "CreateKey", json!({})).await["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
    let denied = kms_as(&aws, &wire::of(&bob(), "kms"), "DescribeKey", json!({ "KeyId": key })).await;
    let (status, code, message) = denied.json_error();
    assert_eq!((status, code.as_str()), (400, "AccessDeniedException"), "{denied:?}");

    let event = event(&aws, ACCOUNT, "DescribeKey").await;
    assert_eq!(event["errorCode"], "AccessDenied");
    assert_eq!(event["errorMessage"], message.as_str());
    assert!(message.contains("user/bob is not authorized to perform: kms:DescribeKey"), "{message}");
    assert_eq!(event["userIdentity"]["userName"], "bob");
    assert_eq!(event["requestID"], denied.headers["x-amzn-requestid"].as_str());
    aws.shutdown().await;
}

#[tokio::test]
async fn what_the_model_or_the_key_refuses_has_an_event_and_what_nobody_signed_has_none() {
    let aws = start().await;
    let signer = wire::of(&ann(), "kms");
    kms_as(&aws, &signer, "ScheduleKeyDeletion", json!({"KeyId": "", "PendingWindowInDays": 7})).await;
    kms_as(&aws, &signer, "DescribeKey", json!({"KeyId": "alias/none"})).await;
    kms_as(&aws, &signer, "Encrypt", json!(["no", "object"])).await;
    wire::kms("ListKeys", "{}").send(&aws).await;
    let codes: Vec<_> = events(&aws, ACCOUNT, json!({}))
        .await
        .iter()
        .map(|event| (event["eventName"].as_str().unwrap().to_owned(), event["errorCode"].as_str().map(str::to_owned)))
        .collect();
    let told = |name: &str, code: &str| (name.to_owned(), Some(code.to_owned()));
    assert_eq!(
        codes,
        [
            told("ScheduleKeyDeletion", "ValidationException"),
            told("DescribeKey", "NotFoundException"),
            told("Encrypt", "SerializationException"),
        ]
    );
    aws.shutdown().await;
}

/// Source: AWS KMS Developer Guide, "CreateKey", "CreateAlias", "CreateGrant", "RetireGrant", "ScheduleKeyDeletion",
/// "PutKeyPolicy" and "GenerateRandom" in "Logging AWS KMS API calls".
#[tokio::test]
async fn changes_are_told_with_their_answers_and_the_key() {
    let at: Timestamp = "2026-06-30T02:34:07Z".parse().unwrap();
    let aws = start_with(Options { clock: Clock::frozen_at(at), ..Options::default() }).await;
    let tags = json!([{"TagKey": "team", "TagValue": "blue"}]);
    let made = kms(&aws, &ann(), "CreateKey", json!({"Tags": tags})).await;
    let key = made["KeyMetadata"]["Arn"].as_str().unwrap();
    kms(&aws, &ann(), "CreateAlias", json!({"AliasName": "alias/mine", "TargetKeyId": key})).await;
    let grant = json!({"KeyId": key, "GranteePrincipal": "arn:aws:iam::111122223333:user/bob", "Operations": ["Decrypt"],
        "RetiringPrincipal": "arn:aws:iam::111122223333:user/team/ann"});
    let grant = kms(&aws, &ann(), "CreateGrant", grant).await;
    kms(&aws, &ann(), "RetireGrant", json!({"GrantToken": grant["GrantToken"]})).await;
    kms(&aws, &ann(), "GenerateRandom", json!({"NumberOfBytes": 8})).await;
    kms(&aws, &ann(), "ScheduleKeyDeletion", json!({"KeyId": key, "PendingWindowInDays": 7})).await;

    let created = event(&aws, ACCOUNT, "CreateKey").await;
    assert_eq!(created["eventTime"], "2026-06-30T02:34:07Z");
    let parameters = &created["requestParameters"];
    assert_eq!(parameters["tags"], json!([{"tagKey": "team", "tagValue": "blue"}]));
    assert_eq!(parameters["keySpec"], "SYMMETRIC_DEFAULT");
    assert_eq!(parameters["bypassPolicyLockoutSafetyCheck"], false);
    let metadata = &created["responseElements"]["keyMetadata"];
    assert_eq!(metadata["aWSAccountId"], ACCOUNT);
    assert_eq!(metadata["creationDate"], "Jun 30, 2026, 2:34:07 AM");
    let of_key = json!([{"accountId": ACCOUNT, "type": "AWS::KMS::Key", "ARN": key}]);
    assert_eq!((&created["resources"], &created["readOnly"]), (&of_key, &json!(false)));

    let alias = event(&aws, ACCOUNT, "CreateAlias").await;
    assert_eq!(alias["responseElements"], json!({"keyId": key}));
    let arns: Vec<_> = alias["resources"].as_array().unwrap().iter().map(|one| one["ARN"].clone()).collect();
    assert_eq!(arns, [json!(key), json!("arn:aws:kms:us-west-2:111122223333:alias/mine")]);

    let granted = event(&aws, ACCOUNT, "CreateGrant").await;
    assert_eq!(granted["responseElements"], json!({"grantId": grant["GrantId"], "keyId": key}));
    let retired = event(&aws, ACCOUNT, "RetireGrant").await;
    assert_eq!(retired["requestParameters"], Value::Null);
    assert_eq!(retired["responseElements"], Value::Null);
    assert_eq!(retired["additionalEventData"], json!({"grantId": grant["GrantId"]}));
    assert_eq!(retired["resources"], of_key);

    let random = event(&aws, ACCOUNT, "GenerateRandom").await;
    assert_eq!((&random["requestParameters"], &random["resources"]), (&Value::Null, &json!([])));
    let scheduled = event(&aws, ACCOUNT, "ScheduleKeyDeletion").await;
    assert_eq!(scheduled["responseElements"]["keyId"], key);
    assert_eq!(scheduled["responseElements"]["deletionDate"], "Jul 7, 2026, 2:34:07 AM");
    aws.shutdown().await;
}

#[tokio::test]
async fn every_kind_of_caller_has_its_identity() {
    let at: Timestamp = "2026-06-30T02:34:07.5Z".parse().unwrap();
    let aws = start_with(Options { clock: Clock::frozen_at(at), ..Options::default() }).await;
    let whoami = "Action=GetCallerIdentity";

    let root = root_of(&aws, ACCOUNT);
    sts_as(&aws, &wire::of(&root, "sts"), whoami).await;
    let role = "arn:aws:iam::111122223333:role/path/Reader";
    let (session, _) = assume(&aws, &wire::of(&ann(), "sts"), role, "&SourceIdentity=ann").await;
    sts_as(&aws, &wire::Signer { service: "sts", ..session }, whoami).await;
    let own = sts_as(&aws, &wire::of(&ann(), "sts"), "Action=GetSessionToken").await;
    let own = wire::Signer {
        access_key_id: own.element("AccessKeyId"),
        secret: own.element("SecretAccessKey").into_bytes().into(),
        token: Some(own.element("SessionToken").into_bytes().into()),
        ..wire::of(&ann(), "sts")
    };
    sts_as(&aws, &own, whoami).await;

    let mut identities: Vec<Value> = events(&aws, ACCOUNT, named("GetCallerIdentity"))
        .await
        .iter()
        .map(|event| event["userIdentity"].clone())
        .collect();
    let keys: Vec<Value> = identities.iter_mut().map(|one| one["accessKeyId"].take()).collect();
    assert_eq!(keys[0], root.access_key_id.as_str());
    assert!(keys[1..].iter().all(|key| key.as_str().unwrap().starts_with("ASIA")), "{keys:?}");
    let attributes = json!({"creationDate": "2026-06-30T02:34:07Z", "mfaAuthenticated": "false"});
    assert_eq!(
        identities,
        [
            json!({
                "type": "Root",
                "principalId": ACCOUNT,
                "arn": "arn:aws:iam::111122223333:root",
                "accountId": ACCOUNT,
                "accessKeyId": null,
            }),
            json!({
                "type": "AssumedRole",
                "principalId": "AROAREADERREADERREADE:me",
                "arn": "arn:aws:sts::111122223333:assumed-role/Reader/me",
                "accountId": ACCOUNT,
                "accessKeyId": null,
                "sessionContext": {
                    "sessionIssuer": {
                        "type": "Role",
                        "principalId": "AROAREADERREADERREADE",
                        "arn": role,
                        "accountId": ACCOUNT,
                        "userName": "Reader",
                    },
                    "attributes": attributes,
                    "sourceIdentity": "ann",
                },
            }),
            json!({
                "type": "IAMUser",
                "principalId": "AIDAANNANNANNANNANNAN",
                "arn": "arn:aws:iam::111122223333:user/team/ann",
                "accountId": ACCOUNT,
                "accessKeyId": null,
                "userName": "ann",
                "sessionContext": {"attributes": attributes},
            }),
        ]
    );
    aws.shutdown().await;
}

/// Source: AWS KMS Developer Guide, "RotateKey" and "DeleteKey" in "Logging AWS KMS API calls".
#[tokio::test]
async fn what_kms_does_by_itself_is_a_service_event() {
    let clock = Clock::real();
    let aws = start_with(Options { clock: clock.clone(), ..Options::default() }).await;
    let mut keys = Vec::new();
    for _ in 0..2 {
        let made = kms(&aws, &ann(), "CreateKey", json!({})).await;
        keys.push(made["KeyMetadata"]["Arn"].as_str().unwrap().to_owned());
    }
    kms(&aws, &ann(), "EnableKeyRotation", json!({"KeyId": keys[0], "RotationPeriodInDays": 90})).await;
    kms(&aws, &ann(), "ScheduleKeyDeletion", json!({"KeyId": keys[1], "PendingWindowInDays": 7})).await;
    clock.advance(SignedDuration::from_hours(91 * 24)).unwrap();
    kms(&aws, &ann(), "ListKeys", json!({})).await;

    for (name, arn) in [("RotateKey", &keys[0]), ("DeleteKey", &keys[1])] {
        let mut event = event(&aws, ACCOUNT, name).await;
        for made_up in ["eventID", "eventTime"] {
            assert!(event.as_object_mut().unwrap().remove(made_up).is_some());
        }
        let id = arn.rsplit('/').next().unwrap();
        assert_eq!(
            event,
            json!({
                "eventVersion": "1.11",
                "userIdentity": {"accountId": ACCOUNT, "invokedBy": "AWS Internal"},
                "eventSource": "kms.amazonaws.com",
                "eventName": name,
                "awsRegion": "us-west-2",
                "sourceIPAddress": "AWS Internal",
                "userAgent": "AWS Internal",
                "requestParameters": null,
                "responseElements": {"keyId": arn},
                "readOnly": false,
                "resources": [{"accountId": ACCOUNT, "type": "AWS::KMS::Key", "ARN": arn}],
                "eventType": "AwsServiceEvent",
                "managementEvent": true,
                "recipientAccountId": ACCOUNT,
                "serviceEventDetails": {"keyId": id},
                "eventCategory": "Management",
            })
        );
    }
    aws.shutdown().await;
}
