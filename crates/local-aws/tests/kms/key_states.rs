//! Each cell of AWS's key state table that a symmetric key with AWS's own material can reach.
//!
//! Source: AWS KMS Developer Guide, "Key states of AWS KMS keys", section "Key state table".

use serde_json::{Value, json};

use crate::world::{Client, OWNER, World, base64};

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Enabled,
    Disabled,
    PendingDeletion,
    PendingReplicaDeletion,
    Creating,
    Updating,
}

/// What a cell says: done, or an error and what the key "is".
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cell {
    Done,
    Disabled,
    Invalid(&'static str),
}

use Cell::{Disabled, Done, Invalid};

const STATES: [State; 6] = [
    State::Enabled,
    State::Disabled,
    State::PendingDeletion,
    State::PendingReplicaDeletion,
    State::Creating,
    State::Updating,
];

const DELETED: Cell = Invalid("is pending deletion.");
const REPLICAS: Cell = Invalid("is pending replica deletion.");
const CREATING: Cell = Invalid("is creating.");
const UPDATING: Cell = Invalid("is updating.");
const NOT_DELETED: Cell = Invalid("is not pending deletion.");

const CRYPTOGRAPHY: [Cell; 6] = [Done, Disabled, DELETED, REPLICAS, CREATING, Done];
const ALWAYS: [Cell; 6] = [Done; 6];
const LABEL: [Cell; 6] = [Done, Done, DELETED, REPLICAS, Done, Done];
const SWITCH: [Cell; 6] = [Done, Done, DELETED, REPLICAS, CREATING, UPDATING];
const ROTATION: [Cell; 6] = [Done, Disabled, DELETED, REPLICAS, CREATING, UPDATING];

/// A key in some state.
struct Subject<'w> {
    /// Who calls, in the key's region.
    client: Client<'w>,
    key: String,
    grant: Value,
    /// Sealed under the key while it was well.
    blob: String,
    /// A key beside it that is well, and what it sealed.
    other: String,
    other_blob: String,
}

/// Operation, its row, and its input.
fn table(subject: &Subject<'_>) -> Vec<(&'static str, [Cell; 6], Value)> {
    let Subject { key, grant, blob, other, other_blob, .. } = subject;
    let grantee = json!("arn:aws:iam::444455556666:root");
    vec![
        ("CancelKeyDeletion", [NOT_DELETED, NOT_DELETED, Done, Done, NOT_DELETED, NOT_DELETED], json!({"KeyId": key})),
        ("CreateAlias", LABEL, json!({"TargetKeyId": key, "AliasName": "alias/state"})),
        ("CreateGrant", CRYPTOGRAPHY, json!({"KeyId": key, "GranteePrincipal": grantee, "Operations": ["Decrypt"]})),
        ("Decrypt", CRYPTOGRAPHY, json!({"KeyId": key, "CiphertextBlob": blob})),
        ("DescribeKey", ALWAYS, json!({"KeyId": key})),
        ("DisableKey", SWITCH, json!({"KeyId": key})),
        ("DisableKeyRotation", ROTATION, json!({"KeyId": key})),
        ("EnableKey", SWITCH, json!({"KeyId": key})),
        ("EnableKeyRotation", ROTATION, json!({"KeyId": key})),
        ("Encrypt", CRYPTOGRAPHY, json!({"KeyId": key, "Plaintext": base64(b"x")})),
        ("GenerateDataKey", CRYPTOGRAPHY, json!({"KeyId": key, "KeySpec": "AES_256"})),
        ("GenerateDataKeyWithoutPlaintext", CRYPTOGRAPHY, json!({"KeyId": key, "KeySpec": "AES_256"})),
        ("GetKeyPolicy", ALWAYS, json!({"KeyId": key})),
        ("GetKeyRotationStatus", ALWAYS, json!({"KeyId": key})),
        ("ListAliases", ALWAYS, json!({"KeyId": key})),
        ("ListGrants", ALWAYS, json!({"KeyId": key})),
        ("ListKeyPolicies", ALWAYS, json!({"KeyId": key})),
        ("ListKeyRotations", ALWAYS, json!({"KeyId": key})),
        ("ListResourceTags", ALWAYS, json!({"KeyId": key})),
        ("PutKeyPolicy", ALWAYS, json!({"KeyId": key, "Policy": policy()})),
        ("ReEncrypt", CRYPTOGRAPHY, json!({"DestinationKeyId": key, "CiphertextBlob": other_blob})),
        ("ReEncrypt", CRYPTOGRAPHY, json!({"DestinationKeyId": other, "CiphertextBlob": blob})),
        ("ReplicateKey", ROTATION, json!({"KeyId": key, "ReplicaRegion": "sa-east-1"})),
        ("RetireGrant", ALWAYS, json!({"KeyId": key, "GrantId": grant})),
        ("RevokeGrant", ALWAYS, json!({"KeyId": key, "GrantId": grant})),
        ("RotateKeyOnDemand", ROTATION, json!({"KeyId": key})),
        ("ScheduleKeyDeletion", [Done, Done, DELETED, REPLICAS, Done, UPDATING], json!({"KeyId": key})),
        ("TagResource", LABEL, json!({"KeyId": key, "Tags": [{"TagKey": "a", "TagValue": "b"}]})),
        ("UntagResource", LABEL, json!({"KeyId": key, "TagKeys": ["a"]})),
        ("UpdateAlias", LABEL, json!({"TargetKeyId": key, "AliasName": "alias/other"})),
        ("UpdateKeyDescription", LABEL, json!({"KeyId": key, "Description": "d"})),
        ("UpdatePrimaryRegion", ROTATION, json!({"KeyId": key, "PrimaryRegion": "eu-west-1"})),
    ]
}

fn policy() -> String {
    json!({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}).to_string()
}

/// A multi-Region key in the state.
async fn key_in(world: &World, state: State) -> Subject<'_> {
    let owner = world.owner();
    let there = owner.at("eu-west-1");
    let primary = owner.key_like(json!({"MultiRegion": true})).await;
    let blob = owner.encrypt(&primary, b"x").await;
    owner.ok("ReplicateKey", json!({"KeyId": primary, "ReplicaRegion": "eu-west-1"})).await;
    world.pass_seconds(5);
    let replica = primary.replace("us-east-1", "eu-west-1");
    let (client, key) = match state {
        // Only a replica is ever being created.
        State::Creating => (owner.at("ap-south-1"), primary.replace("us-east-1", "ap-south-1")),
        State::Updating => (there.clone(), replica.clone()),
        _ => (owner.clone(), primary.clone()),
    };
    let grant =
        json!({"KeyId": key, "GranteePrincipal": format!("arn:aws:iam::{OWNER}:root"), "Operations": ["Decrypt"]});
    // A key that is not there yet has no grant.
    let grant =
        if state == State::Creating { Value::Null } else { client.ok("CreateGrant", grant).await["GrantId"].clone() };
    match state {
        State::Enabled => {}
        State::Disabled => drop(owner.ok("DisableKey", json!({"KeyId": primary})).await),
        State::PendingReplicaDeletion => drop(owner.ok("ScheduleKeyDeletion", json!({"KeyId": primary})).await),
        State::PendingDeletion => {
            there.ok("ScheduleKeyDeletion", json!({"KeyId": replica, "PendingWindowInDays": 7})).await;
            world.pass(7);
            owner.ok("ScheduleKeyDeletion", json!({"KeyId": primary})).await;
        }
        State::Creating => {
            drop(owner.ok("ReplicateKey", json!({"KeyId": primary, "ReplicaRegion": "ap-south-1"})).await)
        }
        State::Updating => {
            drop(owner.ok("UpdatePrimaryRegion", json!({"KeyId": primary, "PrimaryRegion": "eu-west-1"})).await)
        }
    }
    let other = client.key().await;
    client.ok("CreateAlias", json!({"AliasName": "alias/other", "TargetKeyId": other})).await;
    let other_blob = client.encrypt(&other, b"x").await;
    Subject { client, key, grant, blob, other, other_blob }
}

#[tokio::test]
async fn every_cell_of_the_table_is_as_aws_documents_it() {
    for (column, state) in STATES.into_iter().enumerate() {
        let rows = table(&key_in(&World::new(), state).await).len();
        for row in 0..rows {
            let world = World::new();
            let subject = key_in(&world, state).await;
            let Subject { client, key, .. } = &subject;
            assert_eq!(client.state(key).await, format!("{state:?}"));
            let (operation, cells, input) = table(&subject).swap_remove(row);
            if state == State::Creating && is_beside_the_state(operation) {
                continue;
            }
            match (cells[column], client.call(operation, input).await) {
                (Done, Ok(_)) => {}
                (Done, Err(error)) => panic!("{operation} on a key that is {state:?}: {error}"),
                (cell, Ok(answer)) => panic!("{operation} on a key that is {state:?}: {answer}, not {cell:?}"),
                (Disabled, Err(error)) => assert_eq!(
                    (error.code(), error.message()),
                    ("DisabledException", format!("{key} is disabled.").as_str()),
                    "{operation}"
                ),
                (Invalid(is), Err(error)) => assert_eq!(
                    (error.code(), error.message()),
                    ("KMSInvalidStateException", format!("{key} {is}").as_str()),
                    "{operation} {state:?}"
                ),
            }
        }
    }
}

/// A replica that is being created has no grant to end, and cannot be replicated or made primary from its own region.
fn is_beside_the_state(operation: &str) -> bool {
    matches!(operation, "RetireGrant" | "RevokeGrant" | "ReplicateKey" | "UpdatePrimaryRegion")
}

#[tokio::test]
async fn deletion_can_be_cancelled_and_leaves_the_key_disabled() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    let blob = owner.encrypt(&key, b"kept").await;
    let scheduled = owner.ok("ScheduleKeyDeletion", json!({"KeyId": key})).await;
    assert_eq!(
        scheduled,
        json!({"KeyId": key, "KeyState": "PendingDeletion", "PendingWindowInDays": 30, "DeletionDate": 1_769_817_600.0})
    );
    assert_eq!(owner.describe(&key).await["DeletionDate"], json!(1_769_817_600.0));
    world.pass(29);
    assert_eq!(owner.ok("CancelKeyDeletion", json!({"KeyId": key})).await, json!({"KeyId": key}));
    assert_eq!(owner.state(&key).await, "Disabled");
    owner.ok("EnableKey", json!({"KeyId": key})).await;
    world.pass(60);
    assert_eq!(owner.decrypt(&blob).await, b"kept");
}

#[tokio::test]
async fn a_key_is_gone_when_its_waiting_period_ends_and_its_aliases_with_it() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    owner.ok("CreateAlias", json!({"AliasName": "alias/a", "TargetKeyId": key})).await;
    owner.ok("ScheduleKeyDeletion", json!({"KeyId": key, "PendingWindowInDays": 7})).await;
    world.pass(6);
    assert_eq!(owner.state("alias/a").await, "PendingDeletion");
    world.pass(1);
    assert_eq!(owner.code("DescribeKey", json!({"KeyId": key})).await, "NotFoundException");
    assert_eq!(owner.ok("ListAliases", json!({})).await["Aliases"], json!([]));
    assert_eq!(owner.ok("ListKeys", json!({})).await["Keys"], json!([]));
    let again = owner.key().await;
    owner.ok("CreateAlias", json!({"AliasName": "alias/a", "TargetKeyId": again})).await;
}

#[tokio::test]
async fn the_waiting_period_is_seven_to_thirty_days() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    for days in [1, 6, 31, 365] {
        let input = json!({"KeyId": key, "PendingWindowInDays": days});
        assert_eq!(owner.code("ScheduleKeyDeletion", input).await, "ValidationException", "{days}");
    }
    assert_eq!(owner.state(&key).await, "Enabled");
}
