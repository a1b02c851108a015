//! The one that is too many is refused, and there is room again when one is gone.

use local_aws::Quotas;
use serde_json::json;

use crate::world::{OWNER, STRANGER, World, id, text};

#[tokio::test]
async fn a_region_holds_so_many_keys_of_an_account_whatever_their_state() {
    let world = World::with_quotas(Quotas { keys: 3, ..Quotas::default() });
    let owner = world.owner();
    let [_, disabled, doomed] = [owner.key().await, owner.key().await, owner.key().await];
    owner.ok("DisableKey", json!({"KeyId": disabled})).await;
    owner.ok("ScheduleKeyDeletion", json!({"KeyId": doomed, "PendingWindowInDays": 7})).await;
    let (code, message) = owner.refused("CreateKey", json!({})).await;
    assert_eq!(code, "LimitExceededException");
    assert!(message.contains("us-east-1") && message.contains('3'), "{message}");

    let elsewhere = owner.at("eu-west-1");
    elsewhere.key().await;
    world.root(STRANGER).key().await;

    world.pass(7);
    owner.key().await;
    assert_eq!(owner.code("CreateKey", json!({})).await, "LimitExceededException");
}

#[tokio::test]
async fn a_replica_counts_in_its_own_region() {
    let world = World::with_quotas(Quotas { keys: 1, ..Quotas::default() });
    let owner = world.owner();
    let key = owner.key_like(json!({"MultiRegion": true})).await;
    owner.at("eu-west-1").key().await;
    let to = |region| json!({"KeyId": key, "ReplicaRegion": region});
    assert_eq!(owner.code("ReplicateKey", to("eu-west-1")).await, "LimitExceededException");
    owner.ok("ReplicateKey", to("eu-west-2")).await;
    assert_eq!(owner.at("eu-west-2").describe(id(&key)).await["MultiRegion"], true);
}

/// Rule: `kms-grant-limit`.
#[tokio::test]
async fn a_key_holds_so_many_grants() {
    let world = World::with_quotas(Quotas { grants_per_key: 2, ..Quotas::default() });
    let owner = world.owner();
    let key = owner.key().await;
    let grant = |name: &str, dry_run: bool| {
        let grantee = format!("arn:aws:iam::{OWNER}:role/nodes");
        json!({
            "KeyId": key, "GranteePrincipal": grantee, "Operations": ["Decrypt"], "Name": name, "DryRun": dry_run,
        })
    };
    let first = text(&owner.ok("CreateGrant", grant("one", false)).await["GrantId"]);
    owner.ok("CreateGrant", grant("two", false)).await;
    let (code, message) = owner.refused("CreateGrant", grant("three", false)).await;
    assert_eq!(code, "LimitExceededException");
    assert!(message.contains(&key) && message.contains('2'), "{message}");
    assert_eq!(owner.code("CreateGrant", grant("three", true)).await, "LimitExceededException");
    // A retry makes none.
    assert_eq!(text(&owner.ok("CreateGrant", grant("one", false)).await["GrantId"]), first);

    owner.ok("RevokeGrant", json!({"KeyId": key, "GrantId": first})).await;
    owner.ok("CreateGrant", grant("three", false)).await;
}
