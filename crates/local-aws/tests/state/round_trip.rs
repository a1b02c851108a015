//! What was exported is the same when it is imported.

use std::path::Path;

use authz::{file::NoFiles, text::SourceText};
use jiff::SignedDuration;
use local_aws::{Clock, Options, Running};
use serde_json::{Value, json};

use crate::{
    ask, export,
    filled::{call, called, fill},
    import,
    support::{done, iam, start_at},
    wire::{start, start_with},
};

async fn world(aws: &Running) -> String {
    ask(aws, "GET", "world", "").await.body
}

#[tokio::test]
async fn an_import_is_the_state_of_the_export_whatever_happened_since() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    for in_file in [false, true] {
        let aws = if in_file { start_at(&path, Options::default()).await } else { start().await };
        let filled = fill(&aws).await;
        let (before, facts) = (export(&aws).await, world(&aws).await);
        filled.spoil(&aws).await;
        assert_ne!(export(&aws).await, before);

        assert_eq!(import(&aws, &before).await["secrets"], "imported");
        assert_eq!(export(&aws).await, before);
        assert_eq!(world(&aws).await, facts);
        // What is in it is there to stay: nothing of it is on its way to another state.
        assert_eq!(ask(&aws, "POST", "clock", r#"{"advance": "PT1M"}"#).await.status, 200);
        filled.must_be_in(&aws).await;
        // And it can be written to, and read again.
        call(&aws, "EnableKey", json!({"KeyId": filled.key})).await;
        let after = export(&aws).await;
        aws.shutdown().await;
        if in_file {
            restarted(&path, &after).await;
        }
    }
}

/// What was imported and what came after is in the file.
async fn restarted(path: &Path, state: &str) {
    let aws = start_at(path, Options::default()).await;
    assert_eq!(export(&aws).await, state);
    aws.shutdown().await;
}

#[tokio::test]
async fn another_embedded_aws_takes_the_state_over() {
    let (one, other) = (start().await, start().await);
    let filled = fill(&one).await;
    call(&other, "CreateKey", json!({})).await;
    let state = export(&one).await;
    import(&other, &state).await;
    assert_eq!(export(&other).await, state);
    filled.must_be_in(&other).await;
    one.shutdown().await;
    other.shutdown().await;
}

#[tokio::test]
async fn without_secrets_the_ids_are_the_same_and_nothing_old_opens() {
    let (one, other) = (start().await, start().await);
    let filled = fill(&one).await;
    let state = ask(&one, "POST", "export", "{}").await.body;
    let tables = serde_json::from_str::<Value>(&state).unwrap()["tables"].clone();
    assert!(tables.get("kms.material").is_none() && tables.get("account.seed").is_none());

    assert_eq!(import(&other, &state).await["secrets"], "made anew");
    assert_eq!(ask(&other, "POST", "export", "{}").await.body, state);
    assert_eq!(world(&other).await, world(&one).await);
    let old = called(&other, "Decrypt", json!({"CiphertextBlob": filled.ciphertext})).await;
    assert_eq!(old.json_error().1, "InvalidCiphertextException");
    let sealed = call(&other, "Encrypt", json!({"KeyId": filled.key, "Plaintext": "bmV3"})).await;
    let opened = call(&other, "Decrypt", json!({"CiphertextBlob": sealed["CiphertextBlob"]})).await;
    assert_eq!((&opened["Plaintext"], &opened["KeyId"]), (&json!("bmV3"), &json!(filled.key)));
    one.shutdown().await;
    other.shutdown().await;
}

#[tokio::test]
async fn what_a_world_file_told_is_told_again_with_what_became_of_it() {
    let text = r#"{"accounts": {"111122223333": {}}, "users": {"arn:aws:iam::111122223333:user/ann": {},
        "arn:aws:iam::111122223333:user/ben": {}}, "keys": {
        "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab": {"policy": {"Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:*", "Resource": "*"}]},
        "aliases": ["alias/told"]}}}"#;
    let told = authz::file::world::read(&SourceText::new("world", text), &NoFiles).unwrap();
    let (one, other) = (start_with(Options { world: told, ..Options::default() }).await, start().await);
    done(&one, "DeleteUser", &[("UserName", "ben")]).await;
    done(&one, "TagUser", &[("UserName", "ann"), ("Tags.member.1.Key", "a"), ("Tags.member.1.Value", "b")]).await;
    let state = export(&one).await;
    import(&other, &state).await;
    assert_eq!(export(&other).await, state);
    assert_eq!(world(&other).await, world(&one).await);
    assert_eq!(iam(&other, "GetUser", &[("UserName", "ben")]).await.status, 404);
    assert!(done(&other, "GetUser", &[("UserName", "ann")]).await.body.contains("<Value>b</Value>"));
    call(&other, "DescribeKey", json!({"KeyId": "alias/told"})).await;
    one.shutdown().await;
    other.shutdown().await;
}

#[tokio::test]
async fn the_clock_comes_along_so_that_nothing_falls_due_by_another() {
    let clock = Clock::frozen_at("2026-01-01T00:00:00Z".parse().unwrap());
    let aws = start_with(Options { clock, ..Options::default() }).await;
    let key = call(&aws, "CreateKey", json!({})).await["KeyMetadata"]["KeyId"].clone();
    call(&aws, "ScheduleKeyDeletion", json!({"KeyId": key, "PendingWindowInDays": 7})).await;
    let state = export(&aws).await;
    aws.clock().advance(SignedDuration::from_hours(30 * 24)).unwrap();
    assert_eq!(called(&aws, "DescribeKey", json!({"KeyId": key})).await.json_error().1, "NotFoundException");
    import(&aws, &state).await;
    assert_eq!(aws.clock().now().to_string(), "2026-01-01T00:00:00Z");
    let described = call(&aws, "DescribeKey", json!({"KeyId": key})).await;
    assert_eq!(described["KeyMetadata"]["KeyState"], "PendingDeletion");
    aws.shutdown().await;
}

/// A few operations of every kind, in an order that only the seed knows.
async fn wander(aws: &Running, mut seed: u64) {
    let mut next = |most: u64| {
        // Knuth's, "The Art of Computer Programming", volume 2, section 3.3.4.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % most
    };
    let mut keys = vec![call(aws, "CreateKey", json!({})).await["KeyMetadata"]["KeyId"].clone()];
    for turn in 0..24 {
        let key = keys[usize::try_from(next(keys.len() as u64)).unwrap()].clone();
        let (name, user) = (format!("alias/{}", next(4)), format!("u{}", next(3)));
        match next(10) {
            0 => keys.push(call(aws, "CreateKey", json!({})).await["KeyMetadata"]["KeyId"].clone()),
            1 => drop(called(aws, "CreateAlias", json!({"AliasName": name, "TargetKeyId": key})).await),
            2 => drop(called(aws, "DeleteAlias", json!({"AliasName": name})).await),
            3 => drop(called(aws, "ScheduleKeyDeletion", json!({"KeyId": key})).await),
            4 => drop(called(aws, "RotateKeyOnDemand", json!({"KeyId": key})).await),
            5 => {
                let grantee = "arn:aws:iam::111122223333:root";
                let grant = json!({"KeyId": key, "GranteePrincipal": grantee, "Operations": ["Decrypt"],
                    "Name": format!("n{}", next(2))});
                called(aws, "CreateGrant", grant).await;
            }
            6 => drop(iam(aws, "CreateUser", &[("UserName", &user)]).await),
            7 => drop(iam(aws, "CreateAccessKey", &[("UserName", &user)]).await),
            8 => drop(iam(aws, "DeleteUser", &[("UserName", &user)]).await),
            _ => {
                let tag = json!({"KeyId": key, "Tags": [{"TagKey": "t", "TagValue": turn.to_string()}]});
                called(aws, "TagResource", tag).await;
            }
        }
    }
}

#[tokio::test]
async fn any_state_is_the_same_after_a_round_trip_with_secrets_and_without() {
    for seed in 0..12 {
        let (one, other) = (start().await, start().await);
        wander(&one, seed).await;
        let state = export(&one).await;
        import(&other, &state).await;
        assert_eq!(export(&other).await, state, "seed {seed}");
        let bare = ask(&one, "POST", "export", "{}").await.body;
        import(&other, &bare).await;
        assert_eq!(ask(&other, "POST", "export", "{}").await.body, bare, "seed {seed}");
        one.shutdown().await;
        other.shutdown().await;
    }
}
