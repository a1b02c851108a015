//! Many callers at once see one state.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::json;

use crate::world::{OWNER, World, base64, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_list_tells_can_be_described_and_what_was_answered_is_listed() {
    let world = Arc::new(World::new());
    let done = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                let owner = world.owner();
                for n in 0..50 {
                    let key = owner.key().await;
                    let name = format!("alias/{writer}-{n}");
                    owner.ok("CreateAlias", json!({"AliasName": name, "TargetKeyId": key})).await;
                    assert_eq!(owner.describe(&name).await["Arn"], json!(key));
                    owner.ok("TagResource", json!({"KeyId": key, "Tags": [{"TagKey": "n", "TagValue": "1"}]})).await;
                    let grant = json!({"KeyId": key, "GranteePrincipal": format!("arn:aws:iam::{OWNER}:root"), "Operations": ["Decrypt"]});
                    let grant = owner.ok("CreateGrant", grant).await;
                    owner.ok("RotateKeyOnDemand", json!({"KeyId": key})).await;
                    owner.ok("RevokeGrant", json!({"KeyId": key, "GrantId": grant["GrantId"]})).await;
                }
            })
        })
        .collect();
    let reader = tokio::spawn({
        let (world, done) = (Arc::clone(&world), Arc::clone(&done));
        async move {
            let owner = world.owner();
            let mut most = 0;
            while !done.load(Ordering::Relaxed) {
                let listed = owner.ok("ListKeys", json!({"Limit": 1000})).await;
                let keys = listed["Keys"].as_array().unwrap();
                assert!(keys.len() >= most, "keys do not vanish");
                most = keys.len();
                for key in keys.iter().rev().take(3) {
                    assert_eq!(owner.describe(&text(&key["KeyId"])).await["Arn"], key["KeyArn"]);
                }
                let aliases = owner.ok("ListAliases", json!({"Limit": 100})).await;
                for alias in aliases["Aliases"].as_array().unwrap() {
                    owner.describe(&text(&alias["TargetKeyId"])).await;
                }
                tokio::task::yield_now().await;
            }
        }
    });
    for writer in writers {
        writer.await.unwrap();
    }
    done.store(true, Ordering::Relaxed);
    reader.await.unwrap();
    let listed = world.owner().ok("ListKeys", json!({"Limit": 1000})).await;
    let keys: BTreeSet<String> = listed["Keys"].as_array().unwrap().iter().map(|key| text(&key["KeyId"])).collect();
    assert_eq!(keys.len(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ciphertexts_open_while_their_key_rotates() {
    let world = Arc::new(World::new());
    let key = world.owner().key().await;
    let sealers: Vec<_> = (0..4)
        .map(|_| {
            let (world, key) = (Arc::clone(&world), key.clone());
            tokio::spawn(async move {
                let owner = world.owner();
                for _ in 0..100 {
                    let blob = owner.encrypt(&key, b"x").await;
                    assert_eq!(owner.decrypt(&blob).await, b"x");
                }
            })
        })
        .collect();
    for _ in 0..25 {
        world.owner().ok("RotateKeyOnDemand", json!({"KeyId": key})).await;
        tokio::task::yield_now().await;
    }
    for sealer in sealers {
        sealer.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_want_one_alias_one_gets_it() {
    let world = Arc::new(World::new());
    let key = world.owner().key().await;
    let wanting: Vec<_> = (0..16)
        .map(|_| {
            let (world, key) = (Arc::clone(&world), key.clone());
            tokio::spawn(async move {
                world.owner().call("CreateAlias", json!({"AliasName": "alias/one", "TargetKeyId": key})).await
            })
        })
        .collect();
    let mut got = 0;
    for one in wanting {
        match one.await.unwrap() {
            Ok(_) => got += 1,
            Err(error) => assert_eq!(error.code(), "AlreadyExistsException"),
        }
    }
    assert_eq!(got, 1);
    world.owner().ok("Encrypt", json!({"KeyId": "alias/one", "Plaintext": base64(b"x")})).await;
}
