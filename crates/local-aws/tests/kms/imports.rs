//! Keys whose material is brought along.

use aws_lc_rs::{
    hmac,
    key_wrap::{AES_256, AesKek, KeyWrapPadded},
    rsa::{OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey},
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair},
};
use local_aws::store::{MasterKey, Store};
use serde_json::{Value, json};

use crate::world::{Client, STRANGER, World, base64, bytes, id, text};

/// 2026-01-01, when these worlds begin, in seconds.
const START: i64 = 1_767_225_600;
const DAY: i64 = 86_400;

const OAEP: &str = "RSAES_OAEP_SHA_256";
const AES_WRAP: &str = "RSA_AES_KEY_WRAP_SHA_256";

async fn external(owner: &Client<'_>) -> String {
    owner.key_like(json!({"Origin": "EXTERNAL"})).await
}

/// What is imported into a key, wrapped as it must be.
async fn wrapped(owner: &Client<'_>, key: &str, algorithm: &str, wrapping: &str, material: &[u8]) -> Value {
    let input = json!({"KeyId": key, "WrappingAlgorithm": algorithm, "WrappingKeySpec": wrapping});
    let parameters = owner.ok("GetParametersForImport", input).await;
    let public = PublicEncryptingKey::from_der(&bytes(&parameters["PublicKey"])).unwrap();
    let rsa = OaepPublicEncryptingKey::new(public).unwrap();
    let oaep = if algorithm.ends_with("SHA_1") { &OAEP_SHA1_MGF1SHA1 } else { &OAEP_SHA256_MGF1SHA256 };
    let seal = |plaintext: &[u8]| {
        let mut sealed = vec![0; rsa.ciphertext_size()];
        rsa.encrypt(oaep, plaintext, &mut sealed, None).unwrap();
        sealed
    };
    let sealed = if algorithm.starts_with("RSA_AES") {
        let mut material_wrapped = vec![0; material.len() + 15];
        let kek = AesKek::new(&AES_256, &[9; 32]).unwrap();
        let material = kek.wrap_with_padding(material, &mut material_wrapped).unwrap();
        [&seal(&[9; 32])[..], material].concat()
    } else {
        seal(material)
    };
    json!({
        "KeyId": key,
        "ImportToken": parameters["ImportToken"],
        "EncryptedKeyMaterial": base64(&sealed),
        "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
    })
}

fn with(mut input: Value, more: Value) -> Value {
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    input
}

/// Imports 32 equal bytes into a symmetric key.
async fn import(owner: &Client<'_>, key: &str, byte: u8, more: Value) -> Value {
    let input = wrapped(owner, key, OAEP, "RSA_2048", &[byte; 32]).await;
    owner.ok("ImportKeyMaterial", with(input, more)).await
}

#[tokio::test]
async fn a_key_waits_for_its_material_is_used_with_it_and_waits_again_when_it_is_deleted() {
    let world = World::new();
    let owner = world.owner();
    let key = external(&owner).await;
    let described = owner.describe(&key).await;
    assert_eq!(
        (&described["KeyState"], &described["Enabled"], &described["Origin"]),
        (&json!("PendingImport"), &json!(false), &json!("EXTERNAL"))
    );
    assert!(described.get("ExpirationModel").is_none() && described.get("CurrentKeyMaterialId").is_none());

    let imported = import(&owner, &key, 7, json!({})).await;
    assert_eq!(imported["KeyId"], key.as_str());
    let described = owner.describe(&key).await;
    assert_eq!(
        (&described["KeyState"], &described["Enabled"], &described["ExpirationModel"]),
        (&json!("Enabled"), &json!(true), &json!("KEY_MATERIAL_DOES_NOT_EXPIRE"))
    );
    assert_eq!(described["CurrentKeyMaterialId"], imported["KeyMaterialId"]);
    assert!(described.get("ValidTo").is_none());
    let blob = owner.encrypt(&key, b"kept").await;

    let deleted = owner.ok("DeleteImportedKeyMaterial", json!({"KeyId": key})).await;
    assert_eq!(deleted, json!({"KeyId": key, "KeyMaterialId": imported["KeyMaterialId"]}));
    assert_eq!(owner.state(&key).await, "PendingImport");
    let says = format!("{key} is pending import.");
    let refused = owner.refused("Decrypt", json!({"CiphertextBlob": blob})).await;
    assert_eq!(refused, ("KMSInvalidStateException".to_owned(), says));
    owner.ok("DeleteImportedKeyMaterial", json!({"KeyId": key})).await;

    // Only what it had before, and that opens what it sealed.
    let other = wrapped(&owner, &key, OAEP, "RSA_2048", &[8; 32]).await;
    assert_eq!(owner.code("ImportKeyMaterial", other).await, "IncorrectKeyMaterialException");
    let again = import(&owner, &key, 7, json!({})).await;
    assert_eq!(again["KeyMaterialId"], imported["KeyMaterialId"]);
    assert_eq!(owner.decrypt(&blob).await, b"kept");
}

#[tokio::test]
async fn the_same_material_in_another_key_opens_nothing_of_the_first() {
    let world = World::new();
    let owner = world.owner();
    let (one, two) = (external(&owner).await, external(&owner).await);
    let (of_one, of_two) = (import(&owner, &one, 7, json!({})).await, import(&owner, &two, 7, json!({})).await);
    assert_ne!(of_one["KeyMaterialId"], of_two["KeyMaterialId"], "the id is of the key and its material");
    let blob = owner.encrypt(&one, b"x").await;
    let input = json!({"CiphertextBlob": blob, "KeyId": two});
    assert_eq!(owner.code("Decrypt", input).await, "IncorrectKeyException");
}

#[tokio::test]
async fn every_wrapping_algorithm_carries_what_it_is_for() {
    let world = World::new();
    let owner = world.owner();
    let p256 = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap().to_pkcs8v1().unwrap();
    let p521 = EcdsaKeyPair::generate(&ECDSA_P521_SHA512_ASN1_SIGNING).unwrap().to_pkcs8v1().unwrap();
    let pair = json!({"KeyId": owner.key().await, "KeyPairSpec": "RSA_2048"});
    let pair = owner.ok("GenerateDataKeyPair", pair).await;
    let rsa = bytes(&pair["PrivateKeyPlaintext"]);
    let kind = |spec: &str| match spec {
        "SYMMETRIC_DEFAULT" => json!({"Origin": "EXTERNAL"}),
        "HMAC_256" => json!({"Origin": "EXTERNAL", "KeySpec": spec, "KeyUsage": "GENERATE_VERIFY_MAC"}),
        _ => json!({"Origin": "EXTERNAL", "KeySpec": spec, "KeyUsage": "SIGN_VERIFY"}),
    };
    for (spec, material, algorithm, wrapping, is_carried) in [
        ("SYMMETRIC_DEFAULT", &[7; 32][..], OAEP, "RSA_2048", true),
        ("SYMMETRIC_DEFAULT", &[7; 32], "RSAES_OAEP_SHA_1", "RSA_3072", true),
        ("SYMMETRIC_DEFAULT", &[7; 32], AES_WRAP, "RSA_2048", false),
        ("HMAC_256", &[7; 32], OAEP, "RSA_2048", true),
        ("ECC_NIST_P256", p256.as_ref(), OAEP, "RSA_2048", true),
        ("ECC_NIST_P256", p256.as_ref(), AES_WRAP, "RSA_2048", true),
        ("ECC_NIST_P521", p521.as_ref(), OAEP, "RSA_2048", false),
        ("ECC_NIST_P521", p521.as_ref(), OAEP, "RSA_3072", true),
        ("ECC_NIST_P521", p521.as_ref(), "RSA_AES_KEY_WRAP_SHA_1", "RSA_2048", true),
        ("RSA_2048", &rsa, OAEP, "RSA_4096", false),
        ("RSA_2048", &rsa, AES_WRAP, "RSA_2048", true),
        ("SYMMETRIC_DEFAULT", &[7; 32], "RSAES_PKCS1_V1_5", "RSA_2048", false),
        ("SYMMETRIC_DEFAULT", &[7; 32], "SM2PKE", "SM2", false),
    ] {
        let key = owner.key_like(kind(spec)).await;
        if !is_carried {
            let input = json!({"KeyId": key, "WrappingAlgorithm": algorithm, "WrappingKeySpec": wrapping});
            let code = owner.code("GetParametersForImport", input).await;
            assert_eq!(code, "UnsupportedOperationException", "{spec} {algorithm} {wrapping}");
            continue;
        }
        let input = wrapped(&owner, &key, algorithm, wrapping, material).await;
        owner.ok("ImportKeyMaterial", input).await;
        assert_eq!(owner.state(&key).await, "Enabled", "{spec} {algorithm} {wrapping}");
        if spec == "RSA_2048" {
            let public = owner.ok("GetPublicKey", json!({"KeyId": key})).await;
            assert_eq!(public["PublicKey"], pair["PublicKey"], "the public half is the private one's");
        }
        if spec == "HMAC_256" {
            let mac = json!({"KeyId": key, "MacAlgorithm": "HMAC_SHA_256", "Message": base64(b"x")});
            let expected = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, material), b"x");
            assert_eq!(bytes(&owner.ok("GenerateMac", mac).await["Mac"]), expected.as_ref());
        }
    }
}

#[tokio::test]
async fn material_must_be_of_the_keys_kind_and_wrapped_for_it() {
    let world = World::new();
    let owner = world.owner();
    let symmetric = external(&owner).await;
    let kind = json!({"Origin": "EXTERNAL", "KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"});
    let (p256, other) = (owner.key_like(kind).await, external(&owner).await);
    let p521 = EcdsaKeyPair::generate(&ECDSA_P521_SHA512_ASN1_SIGNING).unwrap().to_pkcs8v1().unwrap();
    for (key, material) in [(&symmetric, &[7; 31][..]), (&symmetric, &[7; 33]), (&p256, &[7; 32])] {
        let input = wrapped(&owner, key, OAEP, "RSA_2048", material).await;
        assert_eq!(owner.code("ImportKeyMaterial", input).await, "IncorrectKeyMaterialException");
    }
    let input = wrapped(&owner, &p256, AES_WRAP, "RSA_2048", p521.as_ref()).await;
    assert_eq!(owner.code("ImportKeyMaterial", input).await, "IncorrectKeyMaterialException");

    let input = wrapped(&owner, &symmetric, OAEP, "RSA_2048", &[7; 32]).await;
    let mut token = bytes(&input["ImportToken"]);
    *token.last_mut().unwrap() ^= 1;
    for (more, code) in [
        (json!({"ImportToken": base64(&token)}), "InvalidImportTokenException"),
        (json!({"ImportToken": "AA=="}), "InvalidImportTokenException"),
        (json!({"KeyId": other}), "InvalidImportTokenException"),
        (json!({"EncryptedKeyMaterial": base64(&[7; 256])}), "InvalidCiphertextException"),
        (json!({"EncryptedKeyMaterial": "AA=="}), "InvalidCiphertextException"),
        (json!({"KeyMaterialId": "a5".repeat(32)}), "IncorrectKeyMaterialException"),
        (json!({"ImportType": "NEW_KEY_MATERIAL", "KeyMaterialId": "a5".repeat(32)}), "ValidationException"),
    ] {
        assert_eq!(owner.code("ImportKeyMaterial", with(input.clone(), more.clone())).await, code, "{more}");
    }
    world.pass_seconds(24 * 3600 - 1);
    owner.ok("ImportKeyMaterial", input.clone()).await;
    world.pass_seconds(1);
    assert_eq!(owner.code("ImportKeyMaterial", input).await, "ExpiredImportTokenException");
}

#[tokio::test]
async fn what_tells_versions_apart_is_for_symmetric_keys() {
    let world = World::new();
    let owner = world.owner();
    let kind = json!({"Origin": "EXTERNAL", "KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"});
    let key = owner.key_like(kind).await;
    let input = wrapped(&owner, &key, OAEP, "RSA_2048", &[7; 32]).await;
    for more in [json!({"ImportType": "NEW_KEY_MATERIAL"}), json!({"KeyMaterialDescription": "x"})] {
        assert_eq!(owner.code("ImportKeyMaterial", with(input.clone(), more)).await, "UnsupportedOperationException");
    }
    owner.ok("ImportKeyMaterial", input).await;
    let other = wrapped(&owner, &key, OAEP, "RSA_2048", &[8; 32]).await;
    assert_eq!(owner.code("ImportKeyMaterial", other).await, "IncorrectKeyMaterialException");
}

#[tokio::test]
async fn material_expires_when_it_is_said_to() {
    let world = World::new();
    let owner = world.owner();
    let key = external(&owner).await;
    let input = wrapped(&owner, &key, OAEP, "RSA_2048", &[7; 32]).await;
    let expires = |at: Value| json!({"ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": at});
    let mut without = input.clone();
    without.as_object_mut().unwrap().remove("ExpirationModel");
    let says = "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES".to_owned();
    assert_eq!(owner.refused("ImportKeyMaterial", without).await, ("ValidationException".to_owned(), says));
    for more in [
        expires(json!(START)),
        expires(json!(START + 365 * DAY + 1)),
        json!({"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE", "ValidTo": START + DAY}),
    ] {
        assert_eq!(
            owner.code("ImportKeyMaterial", with(input.clone(), more.clone())).await,
            "ValidationException",
            "{more}"
        );
    }
    owner.ok("ImportKeyMaterial", with(input, expires(json!(START + DAY)))).await;
    let described = owner.describe(&key).await;
    assert_eq!(
        (&described["ExpirationModel"], &described["ValidTo"]),
        (&json!("KEY_MATERIAL_EXPIRES"), &json!((START + DAY) as f64))
    );
    let blob = owner.encrypt(&key, b"x").await;
    world.pass_seconds(DAY - 1);
    assert_eq!(owner.decrypt(&blob).await, b"x");
    world.pass_seconds(1);
    assert_eq!(owner.code("Decrypt", json!({"CiphertextBlob": blob})).await, "KMSInvalidStateException");
    let described = owner.describe(&key).await;
    assert_eq!(described["KeyState"], "PendingImport");
    assert!(described.get("ValidTo").is_none() && described.get("ExpirationModel").is_none(), "{described}");
    import(&owner, &key, 7, json!({})).await;
    world.pass(1000);
    assert_eq!(owner.decrypt(&blob).await, b"x");
}

#[tokio::test]
async fn a_key_without_its_material_takes_what_the_table_of_states_says() {
    let world = World::new();
    let owner = world.owner();
    let key = external(&owner).await;
    let blob = owner.encrypt(&owner.key().await, b"x").await;
    let this = json!({"KeyId": key});
    let grant =
        json!({"KeyId": key, "GranteePrincipal": format!("arn:aws:iam::{STRANGER}:root"), "Operations": ["Decrypt"]});
    let waits = format!("{key} is pending import.");
    let origin = format!("{key} origin is EXTERNAL which is not valid for this operation.");
    for (operation, input, code, says) in [
        ("Encrypt", json!({"KeyId": key, "Plaintext": "AA=="}), "KMSInvalidStateException", &waits),
        ("GenerateDataKey", json!({"KeyId": key, "KeySpec": "AES_256"}), "KMSInvalidStateException", &waits),
        ("ReEncrypt", json!({"CiphertextBlob": blob, "DestinationKeyId": key}), "KMSInvalidStateException", &waits),
        ("CreateGrant", grant, "KMSInvalidStateException", &waits),
        ("EnableKey", this.clone(), "KMSInvalidStateException", &waits),
        ("DisableKey", this.clone(), "KMSInvalidStateException", &waits),
        ("RotateKeyOnDemand", this.clone(), "KMSInvalidStateException", &waits),
        ("EnableKeyRotation", this.clone(), "UnsupportedOperationException", &origin),
        ("DisableKeyRotation", this.clone(), "UnsupportedOperationException", &origin),
    ] {
        assert_eq!(owner.refused(operation, input).await, (code.to_owned(), says.clone()), "{operation}");
    }
    for (operation, input) in [
        ("CreateAlias", json!({"AliasName": "alias/waits", "TargetKeyId": key})),
        ("TagResource", json!({"KeyId": key, "Tags": [{"TagKey": "a", "TagValue": "b"}]})),
        ("UpdateKeyDescription", json!({"KeyId": key, "Description": "d"})),
        ("ListKeyRotations", this.clone()),
        ("ScheduleKeyDeletion", this.clone()),
        // What is pending deletion can lose its material, and stays pending deletion.
        ("DeleteImportedKeyMaterial", this.clone()),
    ] {
        owner.ok(operation, input).await;
    }
    assert_eq!(owner.state(&key).await, "PendingDeletion");
    let says = format!("{key} is pending deletion.");
    let wrapping = json!({"KeyId": key, "WrappingAlgorithm": OAEP, "WrappingKeySpec": "RSA_2048"});
    assert_eq!(owner.refused("GetParametersForImport", wrapping).await, ("KMSInvalidStateException".to_owned(), says));
    owner.ok("CancelKeyDeletion", this).await;
    assert_eq!(owner.state(&key).await, "PendingImport");
}

#[tokio::test]
async fn a_key_is_rotated_to_material_that_was_imported_before() {
    let world = World::new();
    let owner = world.owner();
    let key = external(&owner).await;
    let this = json!({"KeyId": key});
    let first = import(&owner, &key, 1, json!({"KeyMaterialDescription": "the first"})).await["KeyMaterialId"].clone();
    let says = format!("No available key material pending rotation for the key: {key}.");
    let refused = owner.refused("RotateKeyOnDemand", this.clone()).await;
    assert_eq!(refused, ("KMSInvalidStateException".to_owned(), says));
    let old = owner.encrypt(&key, b"old").await;

    // New material must be said to be new, and takes no part before the rotation.
    let unsaid = wrapped(&owner, &key, OAEP, "RSA_2048", &[2; 32]).await;
    assert_eq!(owner.code("ImportKeyMaterial", unsaid).await, "IncorrectKeyMaterialException");
    let known =
        with(wrapped(&owner, &key, OAEP, "RSA_2048", &[1; 32]).await, json!({"ImportType": "NEW_KEY_MATERIAL"}));
    assert_eq!(owner.code("ImportKeyMaterial", known).await, "IncorrectKeyMaterialException");
    let new = json!({"ImportType": "NEW_KEY_MATERIAL"});
    let second = import(&owner, &key, 2, new.clone()).await["KeyMaterialId"].clone();
    assert_eq!(owner.describe(&key).await["CurrentKeyMaterialId"], first);
    let third = with(wrapped(&owner, &key, OAEP, "RSA_2048", &[3; 32]).await, new.clone());
    assert_eq!(owner.code("ImportKeyMaterial", third.clone()).await, "KMSInvalidStateException");
    owner.ok("DeleteImportedKeyMaterial", json!({"KeyId": key, "KeyMaterialId": second})).await;
    assert_eq!(owner.state(&key).await, "Enabled", "it had no part yet");
    assert_eq!(owner.code("RotateKeyOnDemand", this.clone()).await, "KMSInvalidStateException");
    import(&owner, &key, 2, new).await;

    let states = |listed: &Value| -> Vec<(String, String, String)> {
        let field = |entry: &Value, name: &str| text(&entry[name]);
        let rotations = listed["Rotations"].as_array().unwrap().iter();
        rotations.map(|e| (field(e, "KeyMaterialId"), field(e, "KeyMaterialState"), field(e, "ImportState"))).collect()
    };
    let all = json!({"KeyId": key, "IncludeKeyMaterial": "ALL_KEY_MATERIAL"});
    let state = |id: &Value, state: &str, import: &str| (text(id), state.to_owned(), import.to_owned());
    let listed = owner.ok("ListKeyRotations", all.clone()).await;
    assert_eq!(states(&listed), [state(&first, "CURRENT", "IMPORTED"), state(&second, "PENDING_ROTATION", "IMPORTED")]);
    assert_eq!(listed["Rotations"][0]["KeyMaterialDescription"], "the first");
    assert_eq!(owner.ok("ListKeyRotations", this.clone()).await["Rotations"], json!([]), "no rotation yet");

    world.pass(1);
    assert_eq!(owner.ok("RotateKeyOnDemand", this.clone()).await, json!({"KeyId": id(&key)}));
    assert_eq!(owner.describe(&key).await["CurrentKeyMaterialId"], second);
    let listed = owner.ok("ListKeyRotations", all.clone()).await;
    assert_eq!(states(&listed), [state(&first, "NON_CURRENT", "IMPORTED"), state(&second, "CURRENT", "IMPORTED")]);
    let listed = owner.ok("ListKeyRotations", this.clone()).await;
    let [rotation] = &listed["Rotations"].as_array().unwrap()[..] else { panic!("one rotation: {listed}") };
    assert_eq!(
        (&rotation["RotationType"], &rotation["RotationDate"]),
        (&json!("ON_DEMAND"), &json!((START + DAY) as f64))
    );
    let now = owner.encrypt(&key, b"new").await;
    assert_eq!((owner.decrypt(&old).await, owner.decrypt(&now).await), (b"old".to_vec(), b"new".to_vec()));

    // All of its material is needed.
    owner.ok("DeleteImportedKeyMaterial", json!({"KeyId": key, "KeyMaterialId": first})).await;
    assert_eq!(owner.state(&key).await, "PendingImport");
    let listed = owner.ok("ListKeyRotations", all).await;
    assert_eq!(
        states(&listed),
        [state(&first, "NON_CURRENT", "PENDING_IMPORT"), state(&second, "CURRENT", "IMPORTED")]
    );
    assert_eq!(listed["Rotations"][0]["KeyMaterialDescription"], "the first", "it is kept for the next import");
    let absent = json!({"KeyId": key, "KeyMaterialId": "a5".repeat(32)});
    assert_eq!(owner.code("DeleteImportedKeyMaterial", absent).await, "NotFoundException");
    import(&owner, &key, 1, json!({"KeyMaterialId": first})).await;
    assert_eq!(owner.decrypt(&old).await, b"old");
}

#[tokio::test]
async fn each_region_of_a_key_imports_its_material() {
    let world = World::new();
    let owner = world.owner();
    let there = owner.at("eu-west-1");
    let key = owner.key_like(json!({"Origin": "EXTERNAL", "MultiRegion": true})).await;
    let first = import(&owner, &key, 1, json!({})).await["KeyMaterialId"].clone();
    owner.ok("ReplicateKey", json!({"KeyId": key, "ReplicaRegion": "eu-west-1"})).await;
    world.pass_seconds(5);
    let replica = key.replace("us-east-1", "eu-west-1");
    assert_eq!(there.state(&replica).await, "PendingImport");
    let blob = owner.encrypt(&key, b"x").await;
    assert_eq!(there.code("Decrypt", json!({"CiphertextBlob": blob})).await, "KMSInvalidStateException");
    let other = wrapped(&there, &replica, OAEP, "RSA_2048", &[2; 32]).await;
    assert_eq!(there.code("ImportKeyMaterial", other).await, "IncorrectKeyMaterialException");
    assert_eq!(import(&there, &replica, 1, json!({})).await["KeyMaterialId"], first);
    assert_eq!(there.decrypt(&blob).await, b"x");

    // A rotation waits for the new material of every region.
    let new = json!({"ImportType": "NEW_KEY_MATERIAL"});
    let early = with(wrapped(&there, &replica, OAEP, "RSA_2048", &[2; 32]).await, new.clone());
    assert_eq!(there.code("ImportKeyMaterial", early).await, "IncorrectKeyMaterialException");
    import(&owner, &key, 2, new).await;
    assert_eq!(owner.code("RotateKeyOnDemand", json!({"KeyId": key})).await, "KMSInvalidStateException");
    let all = json!({"KeyId": key, "IncludeKeyMaterial": "ALL_KEY_MATERIAL"});
    let pending = |listed: Value| text(&listed["Rotations"][1]["KeyMaterialState"]);
    let state = pending(owner.ok("ListKeyRotations", all.clone()).await);
    assert_eq!(state, "PENDING_MULTI_REGION_IMPORT_AND_ROTATION");
    import(&there, &replica, 2, json!({"ImportType": "EXISTING_KEY_MATERIAL"})).await;
    assert_eq!(pending(owner.ok("ListKeyRotations", all).await), "PENDING_ROTATION");
    owner.ok("RotateKeyOnDemand", json!({"KeyId": key})).await;
    let blob = owner.encrypt(&key, b"y").await;
    assert_eq!(there.decrypt(&blob).await, b"y");

    // What one region deletes the other keeps.
    owner.ok("DeleteImportedKeyMaterial", json!({"KeyId": key, "KeyMaterialId": first})).await;
    assert_eq!((owner.state(&key).await, there.state(&replica).await), ("PendingImport".into(), "Enabled".into()));
    assert_eq!(there.decrypt(&blob).await, b"y");
}

#[tokio::test]
async fn imports_survive_a_restart_and_what_was_deleted_is_gone_from_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let open = || Store::open(&path, MasterKey::Beside).unwrap();
    let (key, waiting, input, blob);
    {
        let world = World::over(open());
        let owner = world.owner();
        (key, waiting) = (external(&owner).await, external(&owner).await);
        import(&owner, &key, 1, json!({"ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": START + DAY})).await;
        import(&owner, &key, 2, json!({"ImportType": "NEW_KEY_MATERIAL"})).await;
        blob = owner.encrypt(&key, b"x").await;
        import(&owner, &waiting, 1, json!({})).await;
        input = wrapped(&owner, &waiting, OAEP, "RSA_2048", &[1; 32]).await;
        owner.ok("DeleteImportedKeyMaterial", json!({"KeyId": waiting})).await;
    }
    let world = World::over(open());
    let owner = world.owner();
    assert_eq!(owner.decrypt(&blob).await, b"x");
    owner.ok("RotateKeyOnDemand", json!({"KeyId": key})).await;
    assert_eq!(owner.decrypt(&blob).await, b"x");
    assert_eq!(owner.state(&waiting).await, "PendingImport");
    owner.ok("ImportKeyMaterial", input).await;
    assert_eq!(owner.state(&waiting).await, "Enabled", "the token outlives the process");
    world.pass(1);
    assert_eq!(owner.state(&key).await, "PendingImport", "and so does the expiry");
}

#[tokio::test]
async fn policies_can_ask_how_material_is_wrapped_and_when_it_expires() {
    let world = World::new();
    let owner = world.owner();
    let policy = |condition: Value| {
        let root = json!({"AWS": "arn:aws:iam::111122223333:root"});
        let managed = ["kms:Describe*", "kms:PutKeyPolicy", "kms:GetParametersForImport"];
        json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": root, "Action": managed, "Resource": "*"},
            {"Effect": "Allow", "Principal": root, "Action": "kms:ImportKeyMaterial", "Resource": "*"},
            {"Effect": "Deny", "Principal": "*", "Action": ["kms:ImportKeyMaterial", "kms:GetParametersForImport"], "Resource": "*", "Condition": condition},
        ]})
        .to_string()
    };
    let never = json!({});
    let soon = json!({"ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": START + DAY});
    for (condition, at_wrapping, more, is_allowed) in [
        (json!({"StringEquals": {"kms:WrappingAlgorithm": OAEP}}), true, &never, false),
        (json!({"StringEquals": {"kms:WrappingAlgorithm": "RSAES_OAEP_SHA_1"}}), true, &never, true),
        (json!({"StringEquals": {"kms:WrappingKeySpec": "RSA_2048"}}), true, &never, false),
        (json!({"StringEquals": {"kms:ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}}), false, &never, false),
        (json!({"StringEquals": {"kms:ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}}), false, &soon, true),
        (json!({"DateLessThan": {"kms:ValidTo": "2026-01-03T00:00:00Z"}}), false, &soon, false),
        (json!({"DateLessThan": {"kms:ValidTo": "2026-01-02T00:00:00Z"}}), false, &soon, true),
    ] {
        let key = owner.key_like(json!({"Origin": "EXTERNAL", "Policy": policy(condition.clone())})).await;
        let wrapping = json!({"KeyId": key, "WrappingAlgorithm": OAEP, "WrappingKeySpec": "RSA_2048"});
        if at_wrapping {
            assert_eq!(owner.call("GetParametersForImport", wrapping).await.is_ok(), is_allowed, "{condition}");
            continue;
        }
        let input = with(wrapped(&owner, &key, OAEP, "RSA_2048", &[7; 32]).await, more.clone());
        assert_eq!(owner.call("ImportKeyMaterial", input).await.is_ok(), is_allowed, "{condition}");
    }
}
