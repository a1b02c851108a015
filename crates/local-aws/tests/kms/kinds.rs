//! What each kind of key is for, and who says so: usage, algorithms, dry runs, grants, policies.

use serde_json::{Value, json};

use crate::{
    asymmetric::{MESSAGE, key, public, signing, with},
    world::{OWNER, STRANGER, World, base64},
};

/// The operations of keys of one usage, each with an input that suits one such key.
fn uses(key: &str) -> Vec<(&'static str, Value)> {
    let message = base64(MESSAGE);
    vec![
        ("Sign", json!({"KeyId": key, "SigningAlgorithm": "ECDSA_SHA_256", "Message": message})),
        ("Verify", json!({"KeyId": key, "SigningAlgorithm": "ECDSA_SHA_256", "Message": message, "Signature": "AA=="})),
        ("GenerateMac", json!({"KeyId": key, "MacAlgorithm": "HMAC_SHA_256", "Message": message})),
        ("VerifyMac", json!({"KeyId": key, "MacAlgorithm": "HMAC_SHA_256", "Message": message, "Mac": "AA=="})),
        ("DeriveSharedSecret", json!({"KeyId": key, "KeyAgreementAlgorithm": "ECDH", "PublicKey": "AA=="})),
        ("Encrypt", json!({"KeyId": key, "Plaintext": message})),
        ("GenerateDataKey", json!({"KeyId": key, "KeySpec": "AES_256"})),
        ("GenerateDataKeyPair", json!({"KeyId": key, "KeyPairSpec": "ECC_NIST_P256"})),
    ]
}

/// What each usage is for, of [`uses`].
const FOR: [(&str, &str, &[&str]); 4] = [
    ("ECC_NIST_P256", "SIGN_VERIFY", &["Sign", "Verify"]),
    ("ECC_NIST_P256", "KEY_AGREEMENT", &["DeriveSharedSecret"]),
    ("HMAC_256", "GENERATE_VERIFY_MAC", &["GenerateMac", "VerifyMac"]),
    ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", &["Encrypt", "GenerateDataKey", "GenerateDataKeyPair"]),
];

#[tokio::test]
async fn a_key_is_used_for_what_it_is_for_whatever_state_it_is_in() {
    let world = World::new();
    let owner = world.owner();
    for (spec, usage, own) in FOR {
        let key = key(&owner, spec, usage).await;
        for round in ["enabled", "disabled"] {
            for (operation, input) in uses(&key) {
                if own.contains(&operation) {
                    if round == "disabled" {
                        let says = format!("{key} is disabled.");
                        assert_eq!(owner.refused(operation, input).await, ("DisabledException".to_owned(), says));
                    }
                    continue;
                }
                let says = format!("{key} key usage is {usage} which is not valid for {operation}.");
                let refused = owner.refused(operation, input).await;
                assert_eq!(refused, ("InvalidKeyUsageException".to_owned(), says), "{round}");
            }
            owner.ok("DisableKey", json!({"KeyId": key})).await;
        }
        if spec.starts_with("ECC") {
            assert_eq!(owner.code("GetPublicKey", json!({"KeyId": key})).await, "DisabledException");
        }
    }
}

#[tokio::test]
async fn algorithms_of_other_key_specs_are_refused_and_so_is_what_rotates() {
    let world = World::new();
    let owner = world.owner();
    let (p256, hmac) =
        (key(&owner, "ECC_NIST_P256", "SIGN_VERIFY").await, key(&owner, "HMAC_256", "GENERATE_VERIFY_MAC").await);
    for (operation, input, says) in [
        (
            "Sign",
            signing(&p256, "ECDSA_SHA_384", "RAW", MESSAGE),
            "Algorithm ECDSA_SHA_384 is incompatible with key spec ECC_NIST_P256.",
        ),
        // Before how long the digest is.
        (
            "Sign",
            signing(&p256, "RSASSA_PSS_SHA_256", "DIGEST", b"x"),
            "Algorithm RSASSA_PSS_SHA_256 is incompatible with key spec ECC_NIST_P256.",
        ),
        (
            "GenerateMac",
            json!({"KeyId": hmac, "MacAlgorithm": "HMAC_SHA_512", "Message": base64(b"x")}),
            "Algorithm HMAC_SHA_512 is incompatible with key spec HMAC_256.",
        ),
    ] {
        let refused = owner.refused(operation, input).await;
        assert_eq!(refused, ("InvalidKeyUsageException".to_owned(), says.to_owned()), "{operation}");
    }
    for key in [&p256, &hmac] {
        let this = json!({"KeyId": key});
        for operation in ["EnableKeyRotation", "RotateKeyOnDemand", "ListKeyRotations"] {
            let refused = owner.refused(operation, this.clone()).await;
            assert_eq!(refused, ("UnsupportedOperationException".to_owned(), String::new()), "{operation}");
        }
        owner.ok("DisableKeyRotation", this.clone()).await;
        assert_eq!(owner.ok("GetKeyRotationStatus", this).await["KeyRotationEnabled"], false);
    }
    for key in [owner.key().await, hmac] {
        let refused = owner.refused("GetPublicKey", json!({"KeyId": key})).await;
        assert_eq!(refused, ("UnsupportedOperationException".to_owned(), String::new()));
    }
}

#[tokio::test]
async fn a_key_tells_its_kind_and_the_algorithms_it_knows() {
    let world = World::new();
    let owner = world.owner();
    for (spec, usage, field, algorithms) in [
        ("HMAC_224", "GENERATE_VERIFY_MAC", "MacAlgorithms", json!(["HMAC_SHA_224"])),
        ("RSA_2048", "ENCRYPT_DECRYPT", "EncryptionAlgorithms", json!(["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"])),
        (
            "RSA_2048",
            "SIGN_VERIFY",
            "SigningAlgorithms",
            json!([
                "RSASSA_PKCS1_V1_5_SHA_256",
                "RSASSA_PKCS1_V1_5_SHA_384",
                "RSASSA_PKCS1_V1_5_SHA_512",
                "RSASSA_PSS_SHA_256",
                "RSASSA_PSS_SHA_384",
                "RSASSA_PSS_SHA_512",
            ]),
        ),
        ("ECC_SECG_P256K1", "SIGN_VERIFY", "SigningAlgorithms", json!(["ECDSA_SHA_256"])),
        ("ECC_NIST_P384", "KEY_AGREEMENT", "KeyAgreementAlgorithms", json!(["ECDH"])),
    ] {
        let key = key(&owner, spec, usage).await;
        let described = owner.describe(&key).await;
        assert_eq!(
            (&described["KeySpec"], &described["CustomerMasterKeySpec"], &described["KeyUsage"]),
            (&json!(spec), &json!(spec), &json!(usage))
        );
        let fields = ["MacAlgorithms", "EncryptionAlgorithms", "SigningAlgorithms", "KeyAgreementAlgorithms"];
        for each in fields {
            let expected = if each == field { algorithms.clone() } else { Value::Null };
            assert_eq!(described[each], expected, "{spec} {each}");
        }
        assert!(described.get("CurrentKeyMaterialId").is_none(), "only symmetric keys have several");
        if !spec.starts_with("HMAC") {
            let told = owner.ok("GetPublicKey", json!({"KeyId": key})).await;
            assert_eq!((&told["KeySpec"], &told["KeyUsage"], &told[field]), (&json!(spec), &json!(usage), &algorithms));
        }
    }
}

#[tokio::test]
async fn dry_runs_do_nothing_and_tell_what_would_fail() {
    let world = World::new();
    let owner = world.owner();
    let (signer, hmac) =
        (key(&owner, "ECC_NIST_P256", "SIGN_VERIFY").await, key(&owner, "HMAC_256", "GENERATE_VERIFY_MAC").await);
    let agreeing = key(&owner, "ECC_NIST_P256", "KEY_AGREEMENT").await;
    let sign = signing(&signer, "ECDSA_SHA_256", "RAW", MESSAGE);
    let signature = owner.ok("Sign", sign.clone()).await["Signature"].clone();
    let mac = json!({"KeyId": hmac, "MacAlgorithm": "HMAC_SHA_256", "Message": base64(MESSAGE)});
    let code = owner.ok("GenerateMac", mac.clone()).await["Mac"].clone();
    let peer = base64(&public(&owner, &signer).await);
    for (operation, input) in [
        ("Sign", sign.clone()),
        ("Verify", with(sign.clone(), "Signature", signature)),
        ("GenerateMac", mac.clone()),
        ("VerifyMac", with(mac.clone(), "Mac", code)),
        ("DeriveSharedSecret", json!({"KeyId": agreeing, "KeyAgreementAlgorithm": "ECDH", "PublicKey": peer})),
    ] {
        assert_eq!(owner.code(operation, with(input, "DryRun", true)).await, "DryRunOperationException", "{operation}");
    }
    for (operation, input, code) in [
        ("Verify", with(sign, "Signature", "AA=="), "KMSInvalidSignatureException"),
        ("VerifyMac", with(mac, "Mac", "AA=="), "KMSInvalidMacException"),
        ("Sign", signing(&agreeing, "ECDSA_SHA_256", "RAW", MESSAGE), "InvalidKeyUsageException"),
    ] {
        assert_eq!(owner.code(operation, with(input, "DryRun", true)).await, code, "{operation}");
    }
}

/// Rule: `kms-grant-context-symmetric`.
#[tokio::test]
async fn grants_permit_what_the_key_is_for() {
    let world = World::new();
    let owner = world.owner();
    let grantee = world.role(STRANGER, "signers");
    let role = format!("arn:aws:iam::{STRANGER}:role/signers");
    let (signer, hmac) =
        (key(&owner, "ECC_NIST_P256", "SIGN_VERIFY").await, key(&owner, "HMAC_256", "GENERATE_VERIFY_MAC").await);
    let grant =
        |key: &str, operations: &[&str]| json!({"KeyId": key, "GranteePrincipal": role, "Operations": operations});
    let sign = signing(&signer, "ECDSA_SHA_256", "RAW", MESSAGE);
    assert_eq!(grantee.code("Sign", sign.clone()).await, "AccessDeniedException");
    let made = owner.ok("CreateGrant", grant(&signer, &["Sign", "GetPublicKey"])).await;
    let signed = grantee.ok("Sign", with(sign.clone(), "GrantTokens", json!([made["GrantToken"]]))).await;
    grantee.ok("GetPublicKey", json!({"KeyId": signer})).await;
    let verify = with(sign, "Signature", signed["Signature"].clone());
    assert_eq!(grantee.code("Verify", verify).await, "AccessDeniedException", "that was not granted");
    owner.ok("CreateGrant", grant(&hmac, &["GenerateMac", "VerifyMac", "DescribeKey"])).await;
    for (key, operation) in [
        (&signer, "Encrypt"),
        (&signer, "GenerateMac"),
        (&hmac, "Sign"),
        (&hmac, "GetPublicKey"),
        (&hmac, "GenerateDataKey"),
    ] {
        let (code, says) = owner.refused("CreateGrant", grant(key, &[operation])).await;
        assert_eq!(code, "ValidationException", "{operation}");
        assert!(says.contains(operation), "{says}");
    }
    let bound = with(grant(&hmac, &["GenerateMac"]), "Constraints", json!({"EncryptionContextSubset": {"a": "b"}}));
    assert_eq!(owner.code("CreateGrant", bound).await, "ValidationException");
}

#[tokio::test]
async fn policies_can_ask_for_the_kind_of_key_and_for_the_algorithm() {
    let world = World::new();
    let owner = world.owner();
    let statement = |condition: Value| {
        let root = json!({"AWS": format!("arn:aws:iam::{OWNER}:root")});
        let managed = ["kms:Describe*", "kms:PutKeyPolicy", "kms:GenerateDataKeyPair", "kms:Decrypt"];
        let foreign = json!({"AWS": format!("arn:aws:iam::{STRANGER}:root")});
        json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": root, "Action": managed, "Resource": "*"},
            {"Effect": "Allow", "Principal": foreign, "Action": "kms:*", "Resource": "*", "Condition": {"StringEquals": condition}},
        ]})
        .to_string()
    };
    let stranger = world.root(STRANGER);
    let p256 = ("ECC_NIST_P256", "SIGN_VERIFY");
    let sign = |key: &str, kind: &str| {
        let message: &[u8] = if kind == "DIGEST" { &[7; 32] } else { MESSAGE };
        ("Sign", signing(key, "ECDSA_SHA_256", kind, message))
    };
    let mac =
        |key: &str| ("GenerateMac", json!({"KeyId": key, "MacAlgorithm": "HMAC_SHA_256", "Message": base64(b"x")}));
    let pair = |key: &str| ("GenerateDataKeyPair", json!({"KeyId": key, "KeyPairSpec": "ECC_NIST_P256"}));
    type Asked<'a> = &'a dyn Fn(&str) -> (&'static str, Value);
    let raw: Asked<'_> = &|key| sign(key, "RAW");
    let digest: Asked<'_> = &|key| sign(key, "DIGEST");
    for ((spec, usage), condition, asked, is_allowed) in [
        (p256, json!({"kms:SigningAlgorithm": "ECDSA_SHA_256"}), raw, true),
        (p256, json!({"kms:SigningAlgorithm": "ECDSA_SHA_384"}), raw, false),
        (p256, json!({"kms:MessageType": "RAW"}), raw, true),
        (p256, json!({"kms:MessageType": "RAW"}), digest, false),
        (
            p256,
            json!({"kms:KeySpec": "ECC_NIST_P256", "kms:KeyUsage": "SIGN_VERIFY", "kms:KeyOrigin": "AWS_KMS"}),
            raw,
            true,
        ),
        (p256, json!({"kms:KeySpec": "SYMMETRIC_DEFAULT"}), raw, false),
        (p256, json!({"kms:KeyUsage": "KEY_AGREEMENT"}), raw, false),
        (("HMAC_256", "GENERATE_VERIFY_MAC"), json!({"kms:MacAlgorithm": "HMAC_SHA_256"}), &mac, true),
        (("HMAC_256", "GENERATE_VERIFY_MAC"), json!({"kms:MacAlgorithm": "HMAC_SHA_512"}), &mac, false),
        (("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"), json!({"kms:DataKeyPairSpec": "ECC_NIST_P256"}), &pair, true),
        (("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"), json!({"kms:DataKeyPairSpec": "RSA_2048"}), &pair, false),
    ] {
        let key =
            owner.key_like(json!({"KeySpec": spec, "KeyUsage": usage, "Policy": statement(condition.clone())})).await;
        let (operation, input) = asked(&key);
        match stranger.call(operation, input).await {
            Ok(_) => assert!(is_allowed, "{operation} {condition}"),
            Err(refused) => {
                assert_eq!(refused.code(), "AccessDeniedException", "{operation} {condition}");
                assert!(!is_allowed, "{operation} {condition}");
            }
        }
    }
    let rsa = owner.key_like(json!({"KeySpec": "RSA_2048", "KeyUsage": "ENCRYPT_DECRYPT", "Policy": statement(json!({"kms:EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}))})).await;
    for (algorithm, is_allowed) in [("RSAES_OAEP_SHA_256", true), ("RSAES_OAEP_SHA_1", false)] {
        let input = json!({"KeyId": rsa, "Plaintext": base64(b"x"), "EncryptionAlgorithm": algorithm});
        assert_eq!(stranger.call("Encrypt", input).await.is_ok(), is_allowed, "{algorithm}");
    }
}
