use serde_json::json;

use crate::world::{OWNER, STRANGER, World, id, text};

#[tokio::test]
async fn a_new_key_describes_itself_as_aws_does() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key_like(json!({"Description": "disks", "Tags": [{"TagKey": "a", "TagValue": ""}]})).await;
    let mut metadata = owner.describe(&key).await;
    let material = text(&metadata["CurrentKeyMaterialId"]);
    assert!(material.len() == 64 && material.bytes().all(|b| b.is_ascii_hexdigit()), "{material}");
    metadata.as_object_mut().unwrap().remove("CurrentKeyMaterialId");
    assert_eq!(
        metadata,
        json!({
            "AWSAccountId": OWNER,
            "KeyId": id(&key),
            "Arn": key,
            "CreationDate": 1_767_225_600.0,
            "Enabled": true,
            "Description": "disks",
            "KeyUsage": "ENCRYPT_DECRYPT",
            "KeyState": "Enabled",
            "Origin": "AWS_KMS",
            "KeyManager": "CUSTOMER",
            "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
            "KeySpec": "SYMMETRIC_DEFAULT",
            "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
            "MultiRegion": false,
        })
    );
    assert_eq!(owner.describe(id(&key)).await["Arn"], json!(key));
}

#[tokio::test]
async fn the_description_can_be_changed() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    owner.ok("UpdateKeyDescription", json!({"KeyId": key, "Description": "new"})).await;
    assert_eq!(owner.describe(&key).await["Description"], "new");
}

#[tokio::test]
async fn keys_that_are_not_there_are_told_in_aws_words() {
    let world = World::new();
    let owner = world.owner();
    let missing = "1234abcd-12ab-34cd-56ef-1234567890ab";
    for (key_id, code, message) in [
        (
            missing.to_owned(),
            "NotFoundException",
            format!("Key 'arn:aws:kms:us-east-1:{OWNER}:key/{missing}' does not exist"),
        ),
        (
            format!("arn:aws:kms:us-east-1:{OWNER}:key/{missing}"),
            "NotFoundException",
            format!("Key 'arn:aws:kms:us-east-1:{OWNER}:key/{missing}' does not exist"),
        ),
        ("fake-key-id".into(), "NotFoundException", "Invalid keyId 'fake-key-id'".into()),
        (
            format!("arn:aws:kms:ap-southeast-1:{OWNER}:key/{missing}"),
            "NotFoundException",
            "Invalid arn ap-southeast-1".into(),
        ),
        (
            "alias/none".into(),
            "NotFoundException",
            format!("Alias arn:aws:kms:us-east-1:{OWNER}:alias/none is not found."),
        ),
        ("arn:aws:iam::1:x".into(), "InvalidArnException", "Invalid arn arn:aws:iam::1:x".into()),
    ] {
        let refused = owner.refused("DescribeKey", json!({"KeyId": key_id})).await;
        assert_eq!(refused, (code.to_owned(), message), "{key_id}");
    }
}

#[tokio::test]
async fn nobody_learns_whether_a_foreign_key_exists() {
    let world = World::new();
    let key = world.owner().key().await;
    let missing = format!("arn:aws:kms:us-east-1:{OWNER}:key/1234abcd-12ab-34cd-56ef-1234567890ab");
    let stranger = world.root(STRANGER);
    let refused = stranger.refused("DescribeKey", json!({"KeyId": key})).await;
    assert_eq!(refused, stranger.refused("DescribeKey", json!({"KeyId": missing})).await);
    assert_eq!(
        refused,
        stranger.refused("DescribeKey", json!({"KeyId": format!("arn:aws:kms:us-east-1:{OWNER}:alias/a")})).await
    );
    assert_eq!(
        refused,
        (
            "AccessDeniedException".to_owned(),
            format!(
                "User: arn:aws:iam::{STRANGER}:root is not authorized to perform: kms:DescribeKey on this resource \
                 because the resource does not exist in this Region, no resource-based policies allow access, or a \
                 resource-based policy explicitly denies access"
            )
        )
    );
    // A bare id is looked for at home.
    assert_eq!(stranger.code("DescribeKey", json!({"KeyId": id(&key)})).await, "NotFoundException");
}

#[tokio::test]
async fn a_key_spec_goes_with_the_usages_that_aws_says() {
    let world = World::new();
    let owner = world.owner();
    for (spec, usages) in [
        ("SYMMETRIC_DEFAULT", &["ENCRYPT_DECRYPT"][..]),
        ("HMAC_256", &["GENERATE_VERIFY_MAC"]),
        ("RSA_2048", &["ENCRYPT_DECRYPT", "SIGN_VERIFY"]),
        ("ECC_NIST_P256", &["SIGN_VERIFY", "KEY_AGREEMENT"]),
        ("ECC_SECG_P256K1", &["SIGN_VERIFY"]),
        ("ECC_NIST_EDWARDS25519", &["SIGN_VERIFY"]),
    ] {
        for usage in
            ["ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT", "ENCAPSULATE_DECAPSULATE"]
        {
            for name in ["KeySpec", "CustomerMasterKeySpec"] {
                if name != "KeySpec" && spec == "ECC_NIST_EDWARDS25519" {
                    continue;
                }
                let input = json!({name: spec, "KeyUsage": usage});
                if usages.contains(&usage) {
                    owner.ok("CreateKey", input).await;
                } else {
                    let says = format!("KeyUsage {usage} is not compatible with KeySpec {spec}.");
                    assert_eq!(owner.refused("CreateKey", input).await, ("ValidationException".to_owned(), says));
                }
            }
        }
    }
    for (input, code, says) in [
        (json!({"KeySpec": "HMAC_256"}), "ValidationException", "You must specify a KeyUsage value"),
        (json!({"KeySpec": "SM2", "KeyUsage": "SIGN_VERIFY"}), "UnsupportedOperationException", "SM2"),
        (
            json!({"KeySpec": "SYMMETRIC_DEFAULT", "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT"}),
            "ValidationException",
            "deprecated",
        ),
    ] {
        let (got, message) = owner.refused("CreateKey", input.clone()).await;
        assert_eq!(got, code, "{input}");
        assert!(message.contains(says), "{input}: {message}");
    }
}

#[tokio::test]
async fn tags_are_added_replaced_and_removed() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key_like(json!({"Tags": [{"TagKey": "a", "TagValue": "1"}]})).await;
    let tag = |key: &str, value: &str| json!({"TagKey": key, "TagValue": value});
    owner.ok("TagResource", json!({"KeyId": key, "Tags": [tag("a", "2"), tag("b", "")]})).await;
    let listed = owner.ok("ListResourceTags", json!({"KeyId": key})).await;
    assert_eq!(listed, json!({"Tags": [tag("a", "2"), tag("b", "")], "Truncated": false}));
    owner.ok("UntagResource", json!({"KeyId": key, "TagKeys": ["a", "none"]})).await;
    assert_eq!(owner.ok("ListResourceTags", json!({"KeyId": key})).await["Tags"], json!([tag("b", "")]));

    let twice = json!({"KeyId": key, "Tags": [tag("c", "1"), tag("c", "2")]});
    assert_eq!(owner.code("TagResource", twice).await, "TagException");
    assert_eq!(owner.code("TagResource", json!({"KeyId": key, "Tags": [tag("aws:x", "1")]})).await, "TagException");
    let many: Vec<_> = (0..51).map(|n| tag(&format!("k{n}"), "v")).collect();
    assert_eq!(owner.code("TagResource", json!({"KeyId": key, "Tags": many})).await, "LimitExceededException");
    assert_eq!(owner.ok("ListResourceTags", json!({"KeyId": key})).await["Tags"], json!([tag("b", "")]));
}
