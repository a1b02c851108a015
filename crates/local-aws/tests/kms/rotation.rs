use serde_json::{Value, json};

use crate::world::{Client, World, base64, id, text};

async fn material(client: &Client<'_>, key: &str) -> String {
    text(&client.describe(key).await["CurrentKeyMaterialId"])
}

async fn rotations(client: &Client<'_>, key: &str, which: &str) -> Vec<Value> {
    let listed = client.ok("ListKeyRotations", json!({"KeyId": key, "IncludeKeyMaterial": which})).await;
    listed["Rotations"].as_array().unwrap().clone()
}

#[tokio::test]
async fn material_rotates_on_schedule_and_old_ciphertexts_stay_readable() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    let first = material(&owner, &key).await;
    let old = owner.encrypt(&key, b"old").await;
    owner.ok("EnableKeyRotation", json!({"KeyId": key, "RotationPeriodInDays": 90})).await;
    assert_eq!(
        owner.ok("GetKeyRotationStatus", json!({"KeyId": key})).await,
        json!({"KeyId": id(&key), "KeyRotationEnabled": true, "RotationPeriodInDays": 90, "NextRotationDate": 1_775_001_600.0})
    );
    world.pass(89);
    assert_eq!(material(&owner, &key).await, first);
    world.pass(1);
    let second = material(&owner, &key).await;
    assert_ne!(second, first);
    let opened = owner.ok("Decrypt", json!({"CiphertextBlob": old})).await;
    assert_eq!((text(&opened["KeyMaterialId"]), text(&opened["Plaintext"])), (first.clone(), base64(b"old")));
    let moved = owner.ok("ReEncrypt", json!({"CiphertextBlob": old, "DestinationKeyId": key})).await;
    assert_eq!(
        (text(&moved["SourceKeyMaterialId"]), text(&moved["DestinationKeyMaterialId"])),
        (first.clone(), second.clone())
    );
    let data_key = owner.ok("GenerateDataKeyWithoutPlaintext", json!({"KeyId": key, "KeySpec": "AES_256"})).await;
    assert_eq!(text(&data_key["KeyMaterialId"]), second);

    // Time that nobody watched has its rotations all the same.
    world.pass(180);
    let dates: Vec<Value> =
        rotations(&owner, &key, "ROTATIONS_ONLY").await.iter().map(|r| r["RotationDate"].clone()).collect();
    assert_eq!(dates, [json!(1_775_001_600.0), json!(1_782_777_600.0), json!(1_790_553_600.0)]);
    let all = rotations(&owner, &key, "ALL_KEY_MATERIAL").await;
    assert_eq!(all[0], json!({"KeyId": id(&key), "KeyMaterialId": first, "KeyMaterialState": "NON_CURRENT"}));
    assert_eq!(
        all[3],
        json!({
            "KeyId": id(&key),
            "KeyMaterialId": material(&owner, &key).await,
            "KeyMaterialState": "CURRENT",
            "RotationDate": 1_790_553_600.0,
            "RotationType": "AUTOMATIC",
        })
    );
    assert_eq!(owner.decrypt(&old).await, b"old");
}

#[tokio::test]
async fn rotation_on_demand_leaves_the_schedule_and_ends_after_25_times() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    owner.ok("EnableKeyRotation", json!({"KeyId": key})).await;
    let next = owner.ok("GetKeyRotationStatus", json!({"KeyId": key})).await["NextRotationDate"].clone();
    let mut seen = vec![material(&owner, &key).await];
    for _ in 0..25 {
        assert_eq!(owner.ok("RotateKeyOnDemand", json!({"KeyId": key})).await, json!({"KeyId": id(&key)}));
        seen.push(material(&owner, &key).await);
    }
    assert_eq!(owner.code("RotateKeyOnDemand", json!({"KeyId": key})).await, "LimitExceededException");
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 26);
    let status = owner.ok("GetKeyRotationStatus", json!({"KeyId": key})).await;
    assert_eq!((&status["NextRotationDate"], &status["RotationPeriodInDays"]), (&next, &json!(365)));
    let listed = rotations(&owner, &key, "ROTATIONS_ONLY").await;
    assert!(listed.len() == 25 && listed.iter().all(|rotation| rotation["RotationType"] == "ON_DEMAND"));
}

#[tokio::test]
async fn rotation_stops_when_it_is_disabled() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    owner.ok("EnableKeyRotation", json!({"KeyId": key, "RotationPeriodInDays": 90})).await;
    owner.ok("DisableKeyRotation", json!({"KeyId": key})).await;
    let first = material(&owner, &key).await;
    world.pass(400);
    assert_eq!(material(&owner, &key).await, first);
    assert_eq!(
        owner.ok("GetKeyRotationStatus", json!({"KeyId": key})).await,
        json!({"KeyId": id(&key), "KeyRotationEnabled": false})
    );
}

#[tokio::test]
async fn another_period_starts_anew_and_the_same_one_does_not() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    let status = async || owner.ok("GetKeyRotationStatus", json!({"KeyId": key})).await;
    owner.ok("EnableKeyRotation", json!({"KeyId": key, "RotationPeriodInDays": 100})).await;
    let first = status().await;
    world.pass(10);
    owner.ok("EnableKeyRotation", json!({"KeyId": key, "RotationPeriodInDays": 100})).await;
    assert_eq!(status().await, first);
    owner.ok("EnableKeyRotation", json!({"KeyId": key, "RotationPeriodInDays": 200})).await;
    let day = 86_400.0;
    let next = |status: &Value| status["NextRotationDate"].as_f64().unwrap();
    assert_eq!(next(&status().await), next(&first) + 110.0 * day);
    owner.ok("EnableKeyRotation", json!({"KeyId": key})).await;
    assert_eq!(status().await["RotationPeriodInDays"], 365);
}

#[tokio::test]
async fn a_disabled_key_does_not_rotate_and_makes_up_for_it_when_enabled() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    owner.ok("EnableKeyRotation", json!({"KeyId": key, "RotationPeriodInDays": 90})).await;
    owner.ok("DisableKey", json!({"KeyId": key})).await;
    let first = material(&owner, &key).await;
    world.pass(200);
    assert_eq!(material(&owner, &key).await, first);
    owner.ok("EnableKey", json!({"KeyId": key})).await;
    let second = material(&owner, &key).await;
    assert_ne!(second, first);
    world.pass(89);
    assert_eq!(material(&owner, &key).await, second);
    world.pass(1);
    assert_ne!(material(&owner, &key).await, second);
}

#[tokio::test]
async fn a_key_pending_deletion_says_it_does_not_rotate_and_resumes_when_cancelled() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    owner.ok("EnableKeyRotation", json!({"KeyId": key, "RotationPeriodInDays": 90})).await;
    owner.ok("ScheduleKeyDeletion", json!({"KeyId": key})).await;
    let status = owner.ok("GetKeyRotationStatus", json!({"KeyId": key})).await;
    assert_eq!(status, json!({"KeyId": id(&key), "KeyRotationEnabled": false}));
    owner.ok("CancelKeyDeletion", json!({"KeyId": key})).await;
    assert_eq!(owner.ok("GetKeyRotationStatus", json!({"KeyId": key})).await["KeyRotationEnabled"], true);
}
