use serde_json::{Value, json};

use crate::world::{Client, OWNER, World, base64, id, text};

async fn primary_and_replica(owner: &Client<'_>, world: &World) -> (String, String) {
    let primary = owner.key_like(json!({"MultiRegion": true})).await;
    owner.ok("ReplicateKey", json!({"KeyId": primary, "ReplicaRegion": "eu-west-1"})).await;
    world.pass_seconds(5);
    let replica = primary.replace("us-east-1", "eu-west-1");
    (primary, replica)
}

#[tokio::test]
async fn a_replica_shares_id_and_material_and_nothing_else() {
    let world = World::new();
    let owner = world.owner();
    let there = owner.at("eu-west-1");
    let primary = owner
        .key_like(json!({"MultiRegion": true, "Description": "here", "Tags": [{"TagKey": "a", "TagValue": "1"}]}))
        .await;
    let made = owner.ok("ReplicateKey", json!({"KeyId": primary, "ReplicaRegion": "eu-west-1"})).await;
    let replica = primary.replace("us-east-1", "eu-west-1");
    assert!(id(&primary).starts_with("mrk-") && id(&primary).len() == 36);
    let metadata = &made["ReplicaKeyMetadata"];
    assert_eq!(
        (&metadata["Arn"], &metadata["KeyState"], &metadata["Enabled"]),
        (&json!(replica), &json!("Creating"), &json!(false))
    );
    assert_eq!(metadata["Description"], "");
    assert_eq!(made["ReplicaTags"], json!([]));
    assert!(text(&made["ReplicaPolicy"]).contains(&format!("arn:aws:iam::{OWNER}:root")));
    assert_eq!(
        metadata["MultiRegionConfiguration"],
        json!({
            "MultiRegionKeyType": "REPLICA",
            "PrimaryKey": {"Arn": primary, "Region": "us-east-1"},
            "ReplicaKeys": [{"Arn": replica, "Region": "eu-west-1"}],
        })
    );
    world.pass_seconds(5);
    assert_eq!(there.state(&replica).await, "Enabled");
    assert_eq!(
        there.describe(&replica).await["CurrentKeyMaterialId"],
        owner.describe(&primary).await["CurrentKeyMaterialId"]
    );
    assert_eq!(owner.describe(&primary).await["MultiRegionConfiguration"]["MultiRegionKeyType"], "PRIMARY");
    owner.ok("DisableKey", json!({"KeyId": primary})).await;
    assert_eq!(there.state(&replica).await, "Enabled");
}

#[tokio::test]
async fn what_one_region_seals_every_region_opens() {
    let world = World::new();
    let owner = world.owner();
    let there = owner.at("eu-west-1");
    let (primary, replica) = primary_and_replica(&owner, &world).await;
    for (from, key, to, opens) in [(&owner, &primary, &there, &replica), (&there, &replica, &owner, &primary)] {
        let blob = from.encrypt(key, b"both").await;
        assert_eq!(to.decrypt(&blob).await, b"both");
        let opened = to.ok("Decrypt", json!({"CiphertextBlob": blob, "KeyId": opens})).await;
        assert_eq!(opened["KeyId"], json!(opens));
    }
    let elsewhere = owner.at("sa-east-1");
    let blob = owner.encrypt(&primary, b"x").await;
    assert_eq!(elsewhere.code("Decrypt", json!({"CiphertextBlob": blob})).await, "AccessDeniedException");
}

#[tokio::test]
async fn rotation_is_set_on_the_primary_and_reaches_the_replicas() {
    let world = World::new();
    let owner = world.owner();
    let there = owner.at("eu-west-1");
    let (primary, replica) = primary_and_replica(&owner, &world).await;
    let old = there.encrypt(&replica, b"old").await;
    owner.ok("EnableKeyRotation", json!({"KeyId": primary, "RotationPeriodInDays": 90})).await;
    assert_eq!(there.ok("GetKeyRotationStatus", json!({"KeyId": replica})).await["KeyRotationEnabled"], true);
    world.pass(90);
    let material = owner.describe(&primary).await["CurrentKeyMaterialId"].clone();
    assert_eq!(there.describe(&replica).await["CurrentKeyMaterialId"], material);
    assert_eq!(
        there.ok("ListKeyRotations", json!({"KeyId": replica})).await["Rotations"][0]["KeyMaterialId"],
        material
    );
    assert_eq!(owner.decrypt(&old).await, b"old");
    for operation in ["EnableKeyRotation", "DisableKeyRotation", "RotateKeyOnDemand"] {
        assert_eq!(
            there.code(operation, json!({"KeyId": replica})).await,
            "UnsupportedOperationException",
            "{operation}"
        );
    }
}

#[tokio::test]
async fn a_primary_is_deleted_only_after_its_last_replica() {
    let world = World::new();
    let owner = world.owner();
    let there = owner.at("eu-west-1");
    let (primary, replica) = primary_and_replica(&owner, &world).await;
    let scheduled = owner.ok("ScheduleKeyDeletion", json!({"KeyId": primary, "PendingWindowInDays": 7})).await;
    assert_eq!(scheduled, json!({"KeyId": primary, "KeyState": "PendingReplicaDeletion", "PendingWindowInDays": 7}));
    world.pass(100);
    let described = owner.describe(&primary).await;
    assert_eq!(
        (&described["KeyState"], &described["PendingDeletionWindowInDays"]),
        (&json!("PendingReplicaDeletion"), &json!(7))
    );
    let blob = there.encrypt(&replica, b"x").await;
    there.ok("ScheduleKeyDeletion", json!({"KeyId": replica, "PendingWindowInDays": 10})).await;
    world.pass(10);
    assert_eq!(there.code("DescribeKey", json!({"KeyId": replica})).await, "NotFoundException");
    let described = owner.describe(&primary).await;
    assert_eq!(described["KeyState"], "PendingDeletion");
    assert_eq!(described["MultiRegionConfiguration"]["ReplicaKeys"], json!([]));
    world.pass(6);
    owner.ok("CancelKeyDeletion", json!({"KeyId": primary})).await;
    owner.ok("EnableKey", json!({"KeyId": primary})).await;
    assert_eq!(owner.decrypt(&blob).await, b"x", "what a deleted replica sealed, the primary opens");
    owner.ok("ScheduleKeyDeletion", json!({"KeyId": primary, "PendingWindowInDays": 7})).await;
    world.pass(7);
    assert_eq!(owner.code("DescribeKey", json!({"KeyId": primary})).await, "NotFoundException");
}

#[tokio::test]
async fn the_primary_region_can_be_changed() {
    let world = World::new();
    let owner = world.owner();
    let there = owner.at("eu-west-1");
    let (primary, replica) = primary_and_replica(&owner, &world).await;
    owner.ok("EnableKeyRotation", json!({"KeyId": primary, "RotationPeriodInDays": 90})).await;
    let before = owner.describe(&primary).await["CurrentKeyMaterialId"].clone();
    owner.ok("UpdatePrimaryRegion", json!({"KeyId": primary, "PrimaryRegion": "eu-west-1"})).await;
    assert_eq!((owner.state(&primary).await, there.state(&replica).await), ("Updating".into(), "Updating".into()));
    owner.encrypt(&primary, b"goes on").await;
    world.pass_seconds(5);
    assert_eq!((owner.state(&primary).await, there.state(&replica).await), ("Enabled".into(), "Enabled".into()));
    assert_eq!(
        there.describe(&replica).await["MultiRegionConfiguration"],
        json!({
            "MultiRegionKeyType": "PRIMARY",
            "PrimaryKey": {"Arn": replica, "Region": "eu-west-1"},
            "ReplicaKeys": [{"Arn": primary, "Region": "us-east-1"}],
        })
    );
    assert_eq!(owner.code("RotateKeyOnDemand", json!({"KeyId": primary})).await, "UnsupportedOperationException");
    there.ok("ReplicateKey", json!({"KeyId": replica, "ReplicaRegion": "sa-east-1"})).await;
    world.pass(91);
    assert_ne!(there.describe(&replica).await["CurrentKeyMaterialId"], before, "the schedule moved along");
}

#[tokio::test]
async fn what_cannot_be_replicated_is_refused() {
    let world = World::new();
    let owner = world.owner();
    let there = owner.at("eu-west-1");
    let single = owner.key().await;
    let (primary, replica) = primary_and_replica(&owner, &world).await;
    let to = |key: &str, region: &str| json!({"KeyId": key, "ReplicaRegion": region});
    assert_eq!(owner.code("ReplicateKey", to(&single, "eu-west-1")).await, "UnsupportedOperationException");
    assert_eq!(there.code("ReplicateKey", to(&replica, "sa-east-1")).await, "UnsupportedOperationException");
    assert_eq!(owner.code("ReplicateKey", to(&primary, "eu-west-1")).await, "AlreadyExistsException");
    assert_eq!(owner.code("ReplicateKey", to(&primary, "us-east-1")).await, "AlreadyExistsException");
    assert_eq!(owner.code("ReplicateKey", to(&primary, "cn-north-1")).await, "ValidationException");
    let away: Value = json!({"KeyId": primary, "PrimaryRegion": "sa-east-1"});
    assert_eq!(owner.code("UpdatePrimaryRegion", away).await, "NotFoundException");
    let blob = owner.ok("Encrypt", json!({"KeyId": single, "Plaintext": base64(b"x")})).await;
    assert_eq!(there.code("Decrypt", json!({"CiphertextBlob": blob["CiphertextBlob"]})).await, "AccessDeniedException");
}
