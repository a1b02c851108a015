//! Keys that encrypt with RSA, agree on secrets and make codes; data key pairs; regions and restarts.
//!
//! What they make is checked with the public key by aws-lc itself here, and by other implementations in
//! `tests/clients/kms_pairs.py`.

use aws_lc_rs::{
    agreement::{self, ECDH_P256, ECDH_P384, ECDH_P521},
    signature::{self, UnparsedPublicKey},
};
use local_aws::store::{MasterKey, Store};
use serde_json::{Value, json};

use crate::world::{Client, STRANGER, World, base64, bytes, text};

pub(crate) const MESSAGE: &[u8] = b"what is signed";

pub(crate) async fn key(owner: &Client<'_>, spec: &str, usage: &str) -> String {
    owner.key_like(json!({"KeySpec": spec, "KeyUsage": usage})).await
}

pub(crate) async fn public(owner: &Client<'_>, key: &str) -> Vec<u8> {
    bytes(&owner.ok("GetPublicKey", json!({"KeyId": key})).await["PublicKey"])
}

pub(crate) fn signing(key: &str, algorithm: &str, kind: &str, message: &[u8]) -> Value {
    json!({"KeyId": key, "SigningAlgorithm": algorithm, "MessageType": kind, "Message": base64(message)})
}

pub(crate) fn with(mut input: Value, name: &str, value: impl Into<Value>) -> Value {
    input[name] = value.into();
    input
}

#[tokio::test]
async fn codes_are_rfc_2104s_and_only_the_same_ones_are_valid() {
    let world = World::new();
    let owner = world.owner();
    for (spec, algorithm, len) in [
        ("HMAC_224", "HMAC_SHA_224", 28),
        ("HMAC_256", "HMAC_SHA_256", 32),
        ("HMAC_384", "HMAC_SHA_384", 48),
        ("HMAC_512", "HMAC_SHA_512", 64),
    ] {
        let key = key(&owner, spec, "GENERATE_VERIFY_MAC").await;
        let input = json!({"KeyId": key, "MacAlgorithm": algorithm, "Message": base64(MESSAGE)});
        let made = owner.ok("GenerateMac", input.clone()).await;
        assert_eq!((&made["KeyId"], &made["MacAlgorithm"]), (&json!(key), &json!(algorithm)));
        let mac = bytes(&made["Mac"]);
        assert_eq!(mac.len(), len);
        assert_eq!(owner.ok("GenerateMac", input.clone()).await["Mac"], made["Mac"], "a code is always the same");
        let verify = with(input, "Mac", base64(&mac));
        let valid = json!({"KeyId": key, "MacValid": true, "MacAlgorithm": algorithm});
        assert_eq!(owner.ok("VerifyMac", verify.clone()).await, valid);
        for (name, value) in [("Mac", base64(&mac[1..])), ("Mac", base64(&[7; 64])), ("Message", base64(b"other"))] {
            let refused = owner.refused("VerifyMac", with(verify.clone(), name, value)).await;
            assert_eq!(refused, ("KMSInvalidMacException".to_owned(), String::new()), "{spec} {name}");
        }
    }
}

#[tokio::test]
async fn rsa_opens_what_anybody_seals_with_its_public_key_and_tells_how_much_that_can_be() {
    let world = World::new();
    let owner = world.owner();
    let key = key(&owner, "RSA_2048", "ENCRYPT_DECRYPT").await;
    for (algorithm, longest) in [("RSAES_OAEP_SHA_1", 214), ("RSAES_OAEP_SHA_256", 190)] {
        let input = json!({"KeyId": key, "EncryptionAlgorithm": algorithm, "Plaintext": base64(&vec![7; longest])});
        let sealed = owner.ok("Encrypt", input.clone()).await;
        assert_eq!(sealed["EncryptionAlgorithm"], algorithm);
        assert_eq!(bytes(&sealed["CiphertextBlob"]).len(), 256, "RSA's own ciphertext and nothing around it");
        let open = json!({"KeyId": key, "EncryptionAlgorithm": algorithm, "CiphertextBlob": sealed["CiphertextBlob"]});
        let opened = owner.ok("Decrypt", open.clone()).await;
        assert_eq!(
            opened,
            json!({"KeyId": key, "EncryptionAlgorithm": algorithm, "Plaintext": base64(&vec![7; longest])})
        );
        for input in [input.clone(), with(input, "DryRun", true)] {
            let refused = owner.refused("Encrypt", with(input, "Plaintext", base64(&vec![7; longest + 1]))).await;
            let says =
                format!("Algorithm {algorithm} and key spec RSA_2048 cannot encrypt data larger than {longest} bytes.");
            assert_eq!(refused, ("ValidationException".to_owned(), says));
        }
        for damaged in [vec![7; 256], vec![7; 10]] {
            let refused = owner.refused("Decrypt", with(open.clone(), "CiphertextBlob", base64(&damaged))).await;
            assert_eq!(refused, ("InvalidCiphertextException".to_owned(), String::new()));
        }
        let other = if algorithm == "RSAES_OAEP_SHA_1" { "RSAES_OAEP_SHA_256" } else { "RSAES_OAEP_SHA_1" };
        assert_eq!(owner.code("Decrypt", with(open, "EncryptionAlgorithm", other)).await, "InvalidCiphertextException");
    }
    let symmetric = owner.key().await;
    let blob = owner.encrypt(&symmetric, b"moved").await;
    let to_rsa = json!({
        "CiphertextBlob": blob, "DestinationKeyId": key, "DestinationEncryptionAlgorithm": "RSAES_OAEP_SHA_256",
    });
    let moved = owner.ok("ReEncrypt", to_rsa).await;
    assert!(moved.get("DestinationKeyMaterialId").is_none() && moved.get("SourceKeyMaterialId").is_some(), "{moved}");
    let back = json!({
        "CiphertextBlob": moved["CiphertextBlob"], "SourceKeyId": key,
        "SourceEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "DestinationKeyId": symmetric,
    });
    let back = owner.ok("ReEncrypt", back).await;
    assert_eq!(owner.decrypt(&text(&back["CiphertextBlob"])).await, b"moved");
}

#[tokio::test]
async fn an_rsa_key_is_used_by_its_own_algorithms_without_a_context() {
    let world = World::new();
    let owner = world.owner();
    let rsa = key(&owner, "RSA_2048", "ENCRYPT_DECRYPT").await;
    let blob = owner.encrypt(&owner.key().await, b"x").await;
    let plain = json!({"KeyId": rsa, "Plaintext": base64(b"x"), "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"});
    let sealed = owner.ok("Encrypt", plain.clone()).await["CiphertextBlob"].clone();
    let context = json!({"a": "b"});
    for (operation, input, code, says) in [
        (
            "Encrypt",
            json!({"KeyId": rsa, "Plaintext": base64(b"x")}),
            "InvalidKeyUsageException",
            "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048.",
        ),
        (
            "Encrypt",
            with(plain, "EncryptionContext", context),
            "ValidationException",
            "EncryptionContext is not supported when encrypting/decrypting with asymmetric CMKs.",
        ),
        // Without an algorithm it must be a symmetric key's blob, and that names another key.
        ("Decrypt", json!({"KeyId": rsa, "CiphertextBlob": sealed}), "InvalidCiphertextException", ""),
        (
            "Decrypt",
            json!({"KeyId": rsa, "CiphertextBlob": blob}),
            "IncorrectKeyException",
            "The key ID in the request does not identify a CMK that can perform this operation.",
        ),
        (
            "Decrypt",
            json!({"CiphertextBlob": sealed, "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}),
            "InvalidCiphertextException",
            "",
        ),
        (
            "GenerateDataKey",
            json!({"KeyId": rsa, "KeySpec": "AES_256"}),
            "InvalidKeyUsageException",
            "You cannot generate a data key with an asymmetric CMK",
        ),
        (
            "GenerateDataKeyPair",
            json!({"KeyId": rsa, "KeyPairSpec": "ECC_NIST_P256"}),
            "InvalidKeyUsageException",
            "You cannot generate a data key with an asymmetric CMK",
        ),
    ] {
        let refused = owner.refused(operation, input.clone()).await;
        assert_eq!(refused, (code.to_owned(), says.to_owned()), "{operation} {input}");
    }
}

#[tokio::test]
async fn two_keys_agree_on_one_secret_whoever_asks() {
    let world = World::new();
    let owner = world.owner();
    for (spec, curve, len) in
        [("ECC_NIST_P256", &ECDH_P256, 32), ("ECC_NIST_P384", &ECDH_P384, 48), ("ECC_NIST_P521", &ECDH_P521, 66)]
    {
        let (one, two) = (key(&owner, spec, "KEY_AGREEMENT").await, key(&owner, spec, "KEY_AGREEMENT").await);
        let agree =
            |key: &str, peer: &[u8]| json!({"KeyId": key, "KeyAgreementAlgorithm": "ECDH", "PublicKey": base64(peer)});
        let (of_one, of_two) = (public(&owner, &one).await, public(&owner, &two).await);
        let secret = owner.ok("DeriveSharedSecret", agree(&one, &of_two)).await;
        assert_eq!(secret["SharedSecret"], owner.ok("DeriveSharedSecret", agree(&two, &of_one)).await["SharedSecret"]);
        assert_eq!(bytes(&secret["SharedSecret"]).len(), len);
        assert_eq!(
            (&secret["KeyId"], &secret["KeyAgreementAlgorithm"], &secret["KeyOrigin"]),
            (&json!(one), &json!("ECDH"), &json!("AWS_KMS"))
        );
        // A peer beside KMS comes to the same.
        let peer = agreement::PrivateKey::generate(curve).unwrap();
        let point = peer.compute_public_key().unwrap();
        let der: aws_lc_rs::encoding::PublicKeyX509Der<'_> = aws_lc_rs::encoding::AsDer::as_der(&point).unwrap();
        let theirs = owner.ok("DeriveSharedSecret", agree(&one, der.as_ref())).await;
        let ours = agreement::UnparsedPublicKey::new(curve, of_one);
        let ours = agreement::agree(&peer, ours, (), |secret| Ok(secret.to_vec())).unwrap();
        assert_eq!(bytes(&theirs["SharedSecret"]), ours);
        for wrong in [
            point.as_ref().to_vec(),
            b"x".to_vec(),
            public(&owner, &key(&owner, "RSA_2048", "SIGN_VERIFY").await).await,
        ] {
            assert_eq!(owner.code("DeriveSharedSecret", agree(&one, &wrong)).await, "ValidationException");
        }
    }
}

#[tokio::test]
async fn data_key_pairs_come_with_the_private_key_sealed() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    let context = json!({"for": "pairs"});
    for spec in
        ["RSA_2048", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1", "ECC_NIST_EDWARDS25519"]
    {
        let input = json!({"KeyId": key, "KeyPairSpec": spec, "EncryptionContext": context});
        let pair = owner.ok("GenerateDataKeyPair", input.clone()).await;
        assert_eq!((&pair["KeyId"], &pair["KeyPairSpec"]), (&json!(key), &json!(spec)));
        let open = |blob: &Value| json!({"CiphertextBlob": blob, "EncryptionContext": context});
        let opened = owner.ok("Decrypt", open(&pair["PrivateKeyCiphertextBlob"])).await;
        assert_eq!(opened["Plaintext"], pair["PrivateKeyPlaintext"], "{spec}");
        assert_eq!(opened["KeyMaterialId"], pair["KeyMaterialId"]);
        let private = bytes(&pair["PrivateKeyPlaintext"]);
        assert_eq!(public_of(spec, &private), bytes(&pair["PublicKey"]), "{spec}: the halves are of one key");
        let blind = owner.ok("GenerateDataKeyPairWithoutPlaintext", input.clone()).await;
        assert!(blind.get("PrivateKeyPlaintext").is_none());
        let private = bytes(&owner.ok("Decrypt", open(&blind["PrivateKeyCiphertextBlob"])).await["Plaintext"]);
        assert_eq!(public_of(spec, &private), bytes(&blind["PublicKey"]), "{spec}");
        for operation in ["GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"] {
            assert_eq!(owner.code(operation, with(input.clone(), "DryRun", true)).await, "DryRunOperationException");
        }
    }
    let sm2 = json!({"KeyId": key, "KeyPairSpec": "SM2"});
    assert_eq!(owner.code("GenerateDataKeyPair", sm2).await, "UnsupportedOperationException");
}

/// The public half of a private key, as another reader of PKCS #8 sees it.
fn public_of(spec: &str, pkcs8: &[u8]) -> Vec<u8> {
    use aws_lc_rs::{
        encoding::{AsDer, PublicKeyX509Der},
        signature::{EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair},
    };
    let curve = match spec {
        "ECC_NIST_P256" => &signature::ECDSA_P256_SHA256_ASN1_SIGNING,
        "ECC_NIST_P384" => &signature::ECDSA_P384_SHA384_ASN1_SIGNING,
        "ECC_NIST_P521" => &signature::ECDSA_P521_SHA512_ASN1_SIGNING,
        "ECC_SECG_P256K1" => &signature::ECDSA_P256K1_SHA256_ASN1_SIGNING,
        "ECC_NIST_EDWARDS25519" => {
            let der: PublicKeyX509Der<'_> = Ed25519KeyPair::from_pkcs8(pkcs8).unwrap().public_key().as_der().unwrap();
            return der.as_ref().to_vec();
        }
        _ => {
            let der: PublicKeyX509Der<'_> = RsaKeyPair::from_pkcs8(pkcs8).unwrap().public_key().as_der().unwrap();
            return der.as_ref().to_vec();
        }
    };
    let der: PublicKeyX509Der<'_> = EcdsaKeyPair::from_pkcs8(curve, pkcs8).unwrap().public_key().as_der().unwrap();
    der.as_ref().to_vec()
}

#[tokio::test]
async fn regions_of_one_key_share_its_private_half() {
    let world = World::new();
    let owner = world.owner();
    let there = owner.at("eu-west-1");
    for (spec, usage) in [("ECC_NIST_P256", "SIGN_VERIFY"), ("HMAC_256", "GENERATE_VERIFY_MAC")] {
        let key = owner.key_like(json!({"KeySpec": spec, "KeyUsage": usage, "MultiRegion": true})).await;
        let replica = owner.ok("ReplicateKey", json!({"KeyId": key, "ReplicaRegion": "eu-west-1"})).await;
        let replica = &replica["ReplicaKeyMetadata"];
        assert_eq!((&replica["KeySpec"], &replica["KeyUsage"]), (&json!(spec), &json!(usage)));
        world.pass_seconds(5);
        let replica = text(&replica["Arn"]);
        if usage == "SIGN_VERIFY" {
            let signed = owner.ok("Sign", signing(&key, "ECDSA_SHA_256", "RAW", MESSAGE)).await;
            let verify =
                with(signing(&replica, "ECDSA_SHA_256", "RAW", MESSAGE), "Signature", signed["Signature"].clone());
            there.ok("Verify", verify).await;
        } else {
            let mac = |key: &str| json!({"KeyId": key, "MacAlgorithm": "HMAC_SHA_256", "Message": base64(MESSAGE)});
            let made = owner.ok("GenerateMac", mac(&key)).await;
            assert_eq!(there.ok("GenerateMac", mac(&replica)).await["Mac"], made["Mac"]);
        }
    }
}

#[tokio::test]
async fn keys_of_each_kind_survive_a_restart_sealed_and_their_grant_tokens_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let open = || Store::open(&path, MasterKey::Beside).unwrap();
    let role = format!("arn:aws:iam::{STRANGER}:role/signers");
    let mut kept = Vec::new();
    {
        let world = World::over(open());
        let owner = world.owner();
        for (spec, usage) in [
            ("RSA_2048", "SIGN_VERIFY"),
            ("RSA_2048", "ENCRYPT_DECRYPT"),
            ("ECC_NIST_P521", "SIGN_VERIFY"),
            ("ECC_NIST_P256", "KEY_AGREEMENT"),
            ("ECC_SECG_P256K1", "SIGN_VERIFY"),
            ("ECC_NIST_EDWARDS25519", "SIGN_VERIFY"),
            ("ML_DSA_65", "SIGN_VERIFY"),
            ("HMAC_384", "GENERATE_VERIFY_MAC"),
        ] {
            let key = key(&owner, spec, usage).await;
            let grant = json!({"KeyId": key, "GranteePrincipal": role, "Operations": ["DescribeKey"]});
            let token = owner.ok("CreateGrant", grant).await["GrantToken"].clone();
            let told = if usage == "GENERATE_VERIFY_MAC" {
                let mac = json!({"KeyId": key, "MacAlgorithm": "HMAC_SHA_384", "Message": base64(MESSAGE)});
                owner.ok("GenerateMac", mac).await["Mac"].clone()
            } else {
                owner.ok("GetPublicKey", json!({"KeyId": key})).await
            };
            kept.push((key.clone(), usage, owner.describe(&key).await, token, told));
        }
    }
    let world = World::over(open());
    let (owner, grantee) = (world.owner(), world.role(STRANGER, "signers"));
    for (key, usage, described, token, told) in kept {
        assert_eq!(owner.describe(&key).await, described);
        grantee.ok("DescribeKey", json!({"KeyId": key, "GrantTokens": [token]})).await;
        if usage == "GENERATE_VERIFY_MAC" {
            let mac = json!({"KeyId": key, "MacAlgorithm": "HMAC_SHA_384", "Message": base64(MESSAGE)});
            assert_eq!(owner.ok("GenerateMac", mac).await["Mac"], told);
        } else {
            assert_eq!(owner.ok("GetPublicKey", json!({"KeyId": key})).await, told);
        }
    }
    // PKCS #8 of any key begins alike; none lies open in the file.
    let file = std::fs::read(&path).unwrap();
    let rsa = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    let ec = [0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
    for oid in [&rsa[..], &ec[..]] {
        assert!(!file.windows(oid.len()).any(|window| window == oid), "a private key lies open in the state file");
    }
}

#[tokio::test]
async fn others_are_answered_while_an_rsa_key_is_made() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    let making = owner.call("CreateKey", json!({"KeySpec": "RSA_4096", "KeyUsage": "SIGN_VERIFY"}));
    let other = owner.call("Encrypt", json!({"KeyId": key, "Plaintext": base64(b"x")}));
    tokio::pin!(making);
    tokio::select! {
        biased;
        made = &mut making => panic!("it was made at once: {made:?}"),
        answer = other => drop(answer.unwrap()),
    }
    let made = making.await.unwrap();
    assert_eq!(made["KeyMetadata"]["KeySpec"], "RSA_4096");
    let public = public(&owner, &text(&made["KeyMetadata"]["Arn"])).await;
    let input = signing(&text(&made["KeyMetadata"]["Arn"]), "RSASSA_PSS_SHA_512", "RAW", MESSAGE);
    let signature = bytes(&owner.ok("Sign", input).await["Signature"]);
    assert_eq!(signature.len(), 512);
    UnparsedPublicKey::new(&signature::RSA_PSS_2048_8192_SHA512, public).verify(MESSAGE, &signature).unwrap();
}
