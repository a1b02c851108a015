//! Sign and Verify.

use aws_lc_rs::{
    digest,
    signature::{self, UnparsedPublicKey, VerificationAlgorithm},
};
use serde_json::json;

use crate::{
    asymmetric::{MESSAGE, key, public, signing, with},
    world::{World, base64, bytes},
};

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
async fn what_the_library_cannot_sign_is_refused_by_name() {
    let world = World::new();
    let owner = world.owner();
    let (edwards, lattice) =
        (key(&owner, "ECC_NIST_EDWARDS25519", "SIGN_VERIFY").await, key(&owner, "ML_DSA_44", "SIGN_VERIFY").await);
    let p256 = key(&owner, "ECC_NIST_P256", "SIGN_VERIFY").await;
    let message = [7; 64];
    let beyond = "is not supported by the embedded AWS.";
    for (key, algorithm, kind, says) in [
        (&edwards, "ED25519_PH_SHA_512", "DIGEST", beyond),
        (&lattice, "ML_DSA_SHAKE_256", "EXTERNAL_MU", beyond),
        // AWS refuses this, too.
        (&p256, "ECDSA_SHA_256", "EXTERNAL_MU", "is incompatible with key spec ECC_NIST_P256."),
    ] {
        let input = signing(key, algorithm, kind, &message);
        for (operation, input) in [("Sign", input.clone()), ("Verify", with(input, "Signature", base64(&message)))] {
            let (code, message) = owner.refused(operation, input).await;
            assert_eq!(code, "ValidationException", "{operation} {algorithm}");
            assert!(message.contains(kind) && message.ends_with(says), "{operation}: {message}");
        }
    }
}
