use proptest::prelude::*;
use serde_json::{Value, json};

use crate::world::{OWNER, STRANGER, World, base64, bytes, id, text};

#[tokio::test]
async fn decrypt_finds_the_key_by_itself_and_names_it() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    let material = text(&owner.describe(&key).await["CurrentKeyMaterialId"]);
    let sealed = owner.ok("Encrypt", json!({"KeyId": key, "Plaintext": base64(b"seed")})).await;
    let fields: Vec<&String> = sealed.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["CiphertextBlob", "EncryptionAlgorithm", "KeyId"], "Encrypt names no material");
    for key_id in [None, Some(key.as_str()), Some(id(&key))] {
        let mut input = json!({"CiphertextBlob": sealed["CiphertextBlob"]});
        if let Some(key_id) = key_id {
            input["KeyId"] = key_id.into();
        }
        let opened = owner.ok("Decrypt", input).await;
        assert_eq!(
            opened,
            json!({"KeyId": key, "Plaintext": base64(b"seed"), "EncryptionAlgorithm": "SYMMETRIC_DEFAULT", "KeyMaterialId": material})
        );
    }
}

#[tokio::test]
async fn the_encryption_context_is_part_of_the_ciphertext() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    let input = json!({"KeyId": key, "Plaintext": base64(b"x"), "EncryptionContext": {"a": "1", "b": "2"}});
    let blob = owner.ok("Encrypt", input).await["CiphertextBlob"].clone();
    owner.ok("Decrypt", json!({"CiphertextBlob": blob, "EncryptionContext": {"b": "2", "a": "1"}})).await;
    for other in [json!({}), json!({"a": "1"}), json!({"a": "1", "b": "3"}), json!({"A": "1", "b": "2"})] {
        let refused = owner.refused("Decrypt", json!({"CiphertextBlob": blob, "EncryptionContext": other})).await;
        assert_eq!(refused, ("InvalidCiphertextException".to_owned(), String::new()), "{other}");
    }
}

#[tokio::test]
async fn a_wrong_key_and_a_key_out_of_reach_are_told_apart() {
    let world = World::new();
    let owner = world.owner();
    let (key, other) = (owner.key().await, owner.key().await);
    let blob = owner.encrypt(&key, b"x").await;
    assert_eq!(
        owner.refused("Decrypt", json!({"CiphertextBlob": blob, "KeyId": other})).await,
        (
            "IncorrectKeyException".to_owned(),
            "The key ID in the request does not identify a CMK that can perform this operation.".to_owned()
        )
    );
    let out_of_reach = (
        "AccessDeniedException".to_owned(),
        "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you \
         are not allowed to access."
            .to_owned(),
    );
    let input = json!({"CiphertextBlob": blob});
    let denied = world.root(STRANGER).refused("Decrypt", input.clone()).await;
    assert!(denied.1.contains("kms:Decrypt on the resource associated with this ciphertext because"), "{denied:?}");
    assert_eq!(owner.at("eu-west-1").refused("Decrypt", input.clone()).await, out_of_reach);
    owner.ok("ScheduleKeyDeletion", json!({"KeyId": key, "PendingWindowInDays": 7})).await;
    world.pass(7);
    assert_eq!(owner.refused("Decrypt", input.clone()).await, out_of_reach);
    assert_eq!(
        world.root(STRANGER).refused("Decrypt", input).await,
        denied,
        "a stranger learns not even that it is gone"
    );
}

#[tokio::test]
async fn data_keys_come_sealed_and_open_to_the_same_bytes() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    let material = owner.describe(&key).await["CurrentKeyMaterialId"].clone();
    for (size, len) in
        [(json!({"KeySpec": "AES_256"}), 32), (json!({"KeySpec": "AES_128"}), 16), (json!({"NumberOfBytes": 100}), 100)]
    {
        let mut input = json!({"KeyId": key, "EncryptionContext": {"a": "1"}});
        input.as_object_mut().unwrap().extend(size.as_object().unwrap().clone());
        let with = owner.ok("GenerateDataKey", input.clone()).await;
        let without = owner.ok("GenerateDataKeyWithoutPlaintext", input).await;
        assert_eq!((&with["KeyMaterialId"], &with["KeyId"]), (&material, &json!(key)));
        assert_eq!((&without["KeyMaterialId"], without.get("Plaintext")), (&material, None));
        let opened = owner
            .ok("Decrypt", json!({"CiphertextBlob": with["CiphertextBlob"], "EncryptionContext": {"a": "1"}}))
            .await;
        assert_eq!(opened["Plaintext"], with["Plaintext"]);
        assert_eq!(bytes(&opened["Plaintext"]).len(), len);
    }
    for input in [json!({"KeyId": key}), json!({"KeyId": key, "KeySpec": "AES_256", "NumberOfBytes": 32})] {
        assert_eq!(
            owner.refused("GenerateDataKey", input).await,
            ("ValidationException".to_owned(), "Please specify either number of bytes or key spec.".to_owned())
        );
    }
}

#[tokio::test]
async fn re_encrypt_moves_a_ciphertext_to_another_key_and_context() {
    let world = World::new();
    let owner = world.owner();
    let (from, to) = (owner.key().await, owner.key().await);
    let blob = owner.encrypt(&from, b"moved").await;
    let input = json!({"CiphertextBlob": blob, "DestinationKeyId": to, "DestinationEncryptionContext": {"new": "1"}});
    let moved = owner.ok("ReEncrypt", input).await;
    assert_eq!((&moved["SourceKeyId"], &moved["KeyId"]), (&json!(from), &json!(to)));
    assert_eq!(moved["SourceKeyMaterialId"], owner.describe(&from).await["CurrentKeyMaterialId"]);
    assert_eq!(moved["DestinationKeyMaterialId"], owner.describe(&to).await["CurrentKeyMaterialId"]);
    let opened = owner
        .ok(
            "Decrypt",
            json!({"CiphertextBlob": moved["CiphertextBlob"], "KeyId": to, "EncryptionContext": {"new": "1"}}),
        )
        .await;
    assert_eq!(bytes(&opened["Plaintext"]), b"moved");
    let wrong = json!({"CiphertextBlob": blob, "SourceKeyId": to, "DestinationKeyId": to});
    assert_eq!(owner.code("ReEncrypt", wrong).await, "IncorrectKeyException");
}

#[tokio::test]
async fn random_bytes_are_as_many_as_asked_for() {
    let world = World::new();
    let owner = world.owner();
    let random = owner.ok("GenerateRandom", json!({"NumberOfBytes": 44})).await;
    assert_eq!(bytes(&random["Plaintext"]).len(), 44);
    assert_ne!(random, owner.ok("GenerateRandom", json!({"NumberOfBytes": 44})).await);
    assert_eq!(
        owner.refused("GenerateRandom", json!({})).await,
        ("ValidationException".to_owned(), "NumberOfBytes is required.".to_owned())
    );
    let elsewhere = json!({"NumberOfBytes": 1, "CustomKeyStoreId": "cks-1"});
    assert_eq!(owner.code("GenerateRandom", elsewhere).await, "CustomKeyStoreNotFoundException");
}

#[tokio::test]
async fn a_dry_run_tells_what_would_happen_and_does_nothing() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    let blob = owner.encrypt(&key, b"x").await;
    let grant = owner.ok("CreateGrant", json!({"KeyId": key, "GranteePrincipal": format!("arn:aws:iam::{STRANGER}:root"), "Operations": ["Decrypt"]})).await;
    let grant_id = grant["GrantId"].clone();
    let attempts = [
        ("Encrypt", json!({"KeyId": key, "Plaintext": base64(b"x")})),
        ("Decrypt", json!({"CiphertextBlob": blob})),
        ("Decrypt", json!({"KeyId": key, "DryRunModifiers": ["IGNORE_CIPHERTEXT"]})),
        ("ReEncrypt", json!({"CiphertextBlob": blob, "DestinationKeyId": key})),
        ("ReEncrypt", json!({"SourceKeyId": key, "DestinationKeyId": key, "DryRunModifiers": ["IGNORE_CIPHERTEXT"]})),
        ("GenerateDataKey", json!({"KeyId": key, "KeySpec": "AES_256"})),
        ("GenerateDataKeyWithoutPlaintext", json!({"KeyId": key, "KeySpec": "AES_256"})),
        (
            "CreateGrant",
            json!({"KeyId": key, "GranteePrincipal": format!("arn:aws:iam::{STRANGER}:root"), "Operations": ["Encrypt"]}),
        ),
        ("RevokeGrant", json!({"KeyId": key, "GrantId": grant_id})),
        ("RetireGrant", json!({"KeyId": key, "GrantId": grant_id})),
    ];
    let dry = |input: &Value| {
        let mut input = input.clone();
        input["DryRun"] = true.into();
        input
    };
    for (operation, input) in &attempts {
        assert_eq!(
            owner.refused(operation, dry(input)).await,
            (
                "DryRunOperationException".to_owned(),
                "The request would have succeeded, but the DryRun option is set.".to_owned()
            ),
            "{operation}"
        );
    }
    assert_eq!(owner.ok("ListGrants", json!({"KeyId": key})).await["Grants"].as_array().unwrap().len(), 1);

    // What would fail fails as it would.
    owner.ok("DisableKey", json!({"KeyId": key})).await;
    for (operation, input) in attempts.iter().take(8) {
        assert_eq!(owner.code(operation, dry(input)).await, "DisabledException", "{operation}");
    }
    let without = json!({"KeyId": key, "DryRunModifiers": ["IGNORE_CIPHERTEXT"]});
    assert_eq!(owner.code("Decrypt", without).await, "ValidationException");
}

#[tokio::test]
async fn other_algorithms_and_recipients_are_refused() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    let rsa = json!({"KeyId": key, "Plaintext": base64(b"x"), "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"});
    assert_eq!(
        owner.refused("Encrypt", rsa).await,
        (
            "InvalidKeyUsageException".to_owned(),
            "Algorithm RSAES_OAEP_SHA_256 is incompatible with key spec SYMMETRIC_DEFAULT.".to_owned()
        )
    );
    let blob = owner.encrypt(&key, b"x").await;
    let enclave = json!({"CiphertextBlob": blob, "Recipient": {"AttestationDocument": "AA=="}});
    assert_eq!(owner.code("Decrypt", enclave).await, "ValidationException");
}

#[tokio::test]
async fn the_largest_plaintext_fits_into_a_ciphertext_that_decrypt_takes() {
    let world = World::new();
    let owner = world.owner().at("ap-southeast-2");
    let key = owner.key_like(json!({"MultiRegion": true})).await;
    let blob = owner.encrypt(&key, &[7; 4096]).await;
    // botocore's model of KMS, shape `CiphertextType`.
    assert!(bytes(&json!(blob)).len() <= 6144);
    assert_eq!(owner.decrypt(&blob).await, [7; 4096]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_altered_ciphertext_is_invalid(plaintext in prop::collection::vec(any::<u8>(), 1..200), place in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let world = World::new();
            let owner = world.owner();
            let key = owner.key().await;
            let mut blob = bytes(&json!(owner.encrypt(&key, &plaintext).await));
            let at = place.index(blob.len());
            blob[at] ^= 1 << bit;
            for input in [json!({"CiphertextBlob": base64(&blob)}), json!({"CiphertextBlob": base64(&blob), "KeyId": key})] {
                assert_eq!(owner.code("Decrypt", input).await, "InvalidCiphertextException", "byte {at} bit {bit}");
            }
        });
    }
}

#[tokio::test]
async fn ciphertexts_name_their_owner_and_open_only_there() {
    let world = World::new();
    let (owner, other) = (world.owner(), world.root(STRANGER));
    let key = owner.key().await;
    let blob = owner.encrypt(&key, b"x").await;
    other.key().await;
    assert!(key.contains(OWNER));
    assert_eq!(other.code("Decrypt", json!({"CiphertextBlob": blob})).await, "AccessDeniedException");
    assert_eq!(other.code("Decrypt", json!({"CiphertextBlob": blob, "KeyId": key})).await, "AccessDeniedException");
}
