//! Keys that sign, encrypt with RSA, agree on secrets and make codes.
//!
//! What they make is checked with the public key by aws-lc itself here, and by other implementations in
//! `tests/clients/kms_pairs.py`.

use aws_lc_rs::{
    agreement::{self, ECDH_P256, ECDH_P384, ECDH_P521},
    digest,
    signature::{self, UnparsedPublicKey, VerificationAlgorithm},
};
use local_aws::store::{MasterKey, Store};
use serde_json::{Value, json};

use crate::world::{Client, OWNER, STRANGER, World, base64, bytes, text};

const MESSAGE: &[u8] = b"what is signed";

/// Key spec, signing algorithm, hash, and what verifies it.
fn signers() -> Vec<(&'static str, &'static str, &'static digest::Algorithm, &'static dyn VerificationAlgorithm)> {
    let (sha256, sha384, sha512) = (&digest::SHA256, &digest::SHA384, &digest::SHA512);
    vec![
        ("ECC_NIST_P256", "ECDSA_SHA_256", sha256, &signature::ECDSA_P256_SHA256_ASN1),
        ("ECC_NIST_P384", "ECDSA_SHA_384", sha384, &signature::ECDSA_P384_SHA384_ASN1),
        ("ECC_NIST_P521", "ECDSA_SHA_512", sha512, &signature::ECDSA_P521_SHA512_ASN1),
        ("ECC_SECG_P256K1", "ECDSA_SHA_256", sha256, &signature::ECDSA_P256K1_SHA256_ASN1),
        ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_256", sha256, &signature::RSA_PKCS1_2048_8192_SHA256),
        ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_384", sha384, &signature::RSA_PKCS1_2048_8192_SHA384),
        ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_512", sha512, &signature::RSA_PKCS1_2048_8192_SHA512),
        ("RSA_2048", "RSASSA_PSS_SHA_256", sha256, &signature::RSA_PSS_2048_8192_SHA256),
        ("RSA_2048", "RSASSA_PSS_SHA_384", sha384, &signature::RSA_PSS_2048_8192_SHA384),
        ("RSA_2048", "RSASSA_PSS_SHA_512", sha512, &signature::RSA_PSS_2048_8192_SHA512),
    ]
}

async fn key(owner: &Client<'_>, spec: &str, usage: &str) -> String {
    owner.key_like(json!({"KeySpec": spec, "KeyUsage": usage})).await
}

async fn public(owner: &Client<'_>, key: &str) -> Vec<u8> {
    bytes(&owner.ok("GetPublicKey", json!({"KeyId": key})).await["PublicKey"])
}

fn signing(key: &str, algorithm: &str, kind: &str, message: &[u8]) -> Value {
    json!({"KeyId": key, "SigningAlgorithm": algorithm, "MessageType": kind, "Message": base64(message)})
}

fn with(mut input: Value, name: &str, value: impl Into<Value>) -> Value {
    input[name] = value.into();
    input
}

#[tokio::test]
async fn signatures_of_messages_and_of_their_digests_verify_with_the_public_key() {
    let world = World::new();
    let owner = world.owner();
    let mut rsa = None;
    for (spec, algorithm, hash, verifying) in signers() {
        let key = match (&rsa, spec) {
            (Some(key), "RSA_2048") => String::clone(key),
            _ => key(&owner, spec, "SIGN_VERIFY").await,
        };
        if spec == "RSA_2048" {
            rsa = Some(key.clone());
        }
        let public = UnparsedPublicKey::new(verifying, public(&owner, &key).await);
        let hashed = digest::digest(hash, MESSAGE);
        for (kind, message) in [("RAW", MESSAGE), ("DIGEST", hashed.as_ref())] {
            let signed = owner.ok("Sign", signing(&key, algorithm, kind, message)).await;
            assert_eq!(signed["SigningAlgorithm"], algorithm);
            assert_eq!(signed["KeyId"], key.as_str());
            let signature = bytes(&signed["Signature"]);
            public.verify(MESSAGE, &signature).unwrap_or_else(|_| panic!("{spec} {algorithm} {kind}"));
            // However it was signed, it can be verified either way, and only this message.
            for (kind, message) in [("RAW", MESSAGE), ("DIGEST", hashed.as_ref())] {
                let verify = with(signing(&key, algorithm, kind, message), "Signature", base64(&signature));
                let answer = owner.ok("Verify", verify.clone()).await;
                assert_eq!(answer, json!({"KeyId": key, "SignatureValid": true, "SigningAlgorithm": algorithm}));
                let mut other = message.to_vec();
                other[0] ^= 1;
                let refused = owner.refused("Verify", with(verify, "Message", base64(&other))).await;
                assert_eq!(refused, ("KMSInvalidSignatureException".to_owned(), String::new()), "{spec} {kind}");
            }
        }
    }
}

#[tokio::test]
async fn an_edwards_key_signs_messages_and_tells_what_it_does_not() {
    let world = World::new();
    let owner = world.owner();
    let key = key(&owner, "ECC_NIST_EDWARDS25519", "SIGN_VERIFY").await;
    let signature = bytes(&owner.ok("Sign", signing(&key, "ED25519_SHA_512", "RAW", MESSAGE)).await["Signature"]);
    UnparsedPublicKey::new(&signature::ED25519, public(&owner, &key).await).verify(MESSAGE, &signature).unwrap();
    let verify = with(signing(&key, "ED25519_SHA_512", "RAW", MESSAGE), "Signature", base64(&signature));
    assert_eq!(owner.ok("Verify", verify).await["SignatureValid"], true);
    for (algorithm, kind, of) in [
        ("ED25519_SHA_512", "DIGEST", "algorithm ED25519_SHA_512"),
        ("ED25519_PH_SHA_512", "RAW", "algorithm ED25519_PH_SHA_512"),
    ] {
        let says = format!("Message type {kind} is incompatible with {of}.");
        let refused = owner.refused("Sign", signing(&key, algorithm, kind, MESSAGE)).await;
        assert_eq!(refused, ("ValidationException".to_owned(), says));
    }
}

#[tokio::test]
async fn ml_dsa_keys_sign_messages() {
    let world = World::new();
    let owner = world.owner();
    for (spec, verifying, public_len, signature_len) in [
        ("ML_DSA_44", &signature::ML_DSA_44, 1334, 2420),
        ("ML_DSA_65", &signature::ML_DSA_65, 1974, 3309),
        ("ML_DSA_87", &signature::ML_DSA_87, 2614, 4627),
    ] {
        let key = key(&owner, spec, "SIGN_VERIFY").await;
        let public = public(&owner, &key).await;
        let input = signing(&key, "ML_DSA_SHAKE_256", "RAW", MESSAGE);
        let signature = bytes(&owner.ok("Sign", input.clone()).await["Signature"]);
        // As long as AWS's are.
        assert_eq!((public.len(), signature.len()), (public_len, signature_len), "{spec}");
        UnparsedPublicKey::new(verifying, public).verify(MESSAGE, &signature).unwrap();
        let verify = with(input, "Signature", base64(&signature));
        owner.ok("Verify", verify.clone()).await;
        assert_eq!(owner.code("Verify", with(verify, "Message", base64(b"x"))).await, "KMSInvalidSignatureException");
        let says = format!("Message type DIGEST is incompatible with key spec {spec}.");
        let refused = owner.refused("Sign", signing(&key, "ML_DSA_SHAKE_256", "DIGEST", MESSAGE)).await;
        assert_eq!(refused, ("ValidationException".to_owned(), says));
    }
}

#[tokio::test]
async fn damaged_and_foreign_signatures_are_invalid() {
    let world = World::new();
    let owner = world.owner();
    let (one, two) =
        (key(&owner, "ECC_NIST_P256", "SIGN_VERIFY").await, key(&owner, "ECC_NIST_P256", "SIGN_VERIFY").await);
    let input = signing(&one, "ECDSA_SHA_256", "RAW", MESSAGE);
    let signature = bytes(&owner.ok("Sign", input.clone()).await["Signature"]);
    let mut damaged = signature.clone();
    *damaged.last_mut().unwrap() ^= 1;
    for (key, signature) in [(&one, damaged), (&one, vec![1]), (&one, vec![7; 6144]), (&two, signature)] {
        let verify = with(with(input.clone(), "KeyId", key.as_str()), "Signature", base64(&signature));
        assert_eq!(owner.code("Verify", verify).await, "KMSInvalidSignatureException");
    }
}

#[tokio::test]
async fn a_digest_is_as_long_as_its_algorithm_makes_it() {
    let world = World::new();
    let owner = world.owner();
    let key = key(&owner, "ECC_NIST_P384", "SIGN_VERIFY").await;
    for operation in ["Sign", "Verify"] {
        for len in [1, 32, 47, 49, 64] {
            let mut input = signing(&key, "ECDSA_SHA_384", "DIGEST", &vec![7; len]);
            if operation == "Verify" {
                input = with(input, "Signature", base64(b"x"));
            }
            let says = "Digest is invalid length for algorithm ECDSA_SHA_384.".to_owned();
            assert_eq!(owner.refused(operation, input).await, ("ValidationException".to_owned(), says), "{len}");
        }
    }
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
