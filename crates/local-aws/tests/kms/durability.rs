//! No answer rests on a change that a kill could still undo.

use std::{
    future::Future,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use aws_model::SecretBytes;
use local_aws::{
    Clock,
    kms::Kms,
    store::{Batch, MasterKey, Store, Table},
};
use serde_json::{Value, json};

use crate::world::{Client, OWNER, STRANGER, World, base64};

/// As much as keeps the writer busy while a few calls run in memory.
const MUCH: usize = 2 << 20;

/// Whether everything that was written so far is on disk.
fn all_is_durable(store: &Store) -> bool {
    let durable = pin!(store.durable(store.newest()));
    matches!(poll_once(durable), Poll::Ready(Ok(())))
}

fn keep_the_writer_busy(store: &Store) {
    let mut batch = Batch::new();
    batch.put(Table::plain("test.bulk"), "bulk", SecretBytes::new(vec![7; MUCH]));
    store.write(batch);
}

/// What takes something away, and what is asked about it then.
struct Case<'w> {
    removal: (&'static str, Value),
    asker: &'w Client<'w>,
    question: (&'static str, Value),
    refused_with: Option<&'static str>,
}

#[tokio::test]
async fn what_is_not_there_is_told_when_its_removal_is_durable() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("state"), MasterKey::Beside).unwrap();
    let world = World::over(store.clone());
    let (owner, stranger) = (world.owner(), world.role(STRANGER, "nodes"));
    let key = owner.key().await;
    let blob = owner.encrypt(&key, b"x").await;
    let (root, grantee) = (format!("arn:aws:iam::{OWNER}:root"), format!("arn:aws:iam::{STRANGER}:role/nodes"));
    let mut revocations = Vec::new();
    for alias in ["alias/one", "alias/two", "alias/three"] {
        owner.ok("CreateAlias", json!({"AliasName": alias, "TargetKeyId": key})).await;
        let grant =
            json!({"KeyId": key, "GranteePrincipal": grantee, "RetiringPrincipal": root, "Operations": ["Decrypt"]});
        let grant = owner.ok("CreateGrant", grant).await["GrantId"].clone();
        revocations.push(("RevokeGrant", json!({"KeyId": key, "GrantId": grant})));
    }
    let deletion = |alias| ("DeleteAlias", json!({"AliasName": alias}));
    let case = |removal, question| Case { removal, asker: &owner, question, refused_with: None };
    for Case { removal: (operation, input), asker, question: (asked, about), refused_with } in [
        case(revocations.remove(0), ("ListGrants", json!({"KeyId": key}))),
        case(revocations.remove(0), ("ListRetirableGrants", json!({"RetiringPrincipal": root}))),
        case(deletion("alias/one"), ("ListAliases", json!({}))),
        Case {
            refused_with: Some("NotFoundException"),
            ..case(deletion("alias/two"), ("DescribeKey", json!({"KeyId": "alias/two"})))
        },
        // The last of the grants.
        Case {
            asker: &stranger,
            refused_with: Some("AccessDeniedException"),
            ..case(revocations.remove(0), ("Decrypt", json!({"CiphertextBlob": blob})))
        },
    ] {
        keep_the_writer_busy(&store);
        let mut removal = pin!(owner.call(operation, input));
        let removed = poll_once(removal.as_mut());
        let answer = asker.call(asked, about).await;
        assert!(all_is_durable(&store), "{asked} was told before {operation} would survive a kill");
        assert_eq!(answer.err().map(|refused| refused.code().to_owned()), refused_with.map(str::to_owned), "{asked}");
        match removed {
            Poll::Ready(removed) => removed.unwrap(),
            Poll::Pending => removal.await.unwrap(),
        };
    }
}

#[tokio::test]
async fn a_key_whose_time_came_is_told_to_be_gone_when_that_is_durable() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("state"), MasterKey::Beside).unwrap();
    let world = World::over(store.clone());
    let owner = world.owner();
    for (asked, about_all) in [("DescribeKey", false), ("ListKeys", true)] {
        let key = owner.key().await;
        owner.ok("ScheduleKeyDeletion", json!({"KeyId": key, "PendingWindowInDays": 7})).await;
        world.pass(7);
        keep_the_writer_busy(&store);
        let answer = owner.call(asked, if about_all { json!({}) } else { json!({"KeyId": key}) }).await;
        assert!(all_is_durable(&store), "{asked} was told before the deletion would survive a kill");
        match answer {
            Ok(listed) => assert_eq!(listed["Keys"], json!([])),
            Err(refused) => assert_eq!(refused.code(), "NotFoundException"),
        }
    }
}

#[tokio::test]
async fn an_answer_that_rests_on_durable_writes_alone_waits_for_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("state"), MasterKey::Beside).unwrap();
    let world = World::over(store.clone());
    let owner = world.owner();
    let key = owner.key().await;
    keep_the_writer_busy(&store);
    let sealed = pin!(owner.call("Encrypt", json!({"KeyId": key, "Plaintext": base64(b"x")})));
    assert!(matches!(poll_once(sealed), Poll::Ready(Ok(_))));
}

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test]
async fn a_rotation_period_that_no_request_can_set_is_refused_with_the_row_that_has_it() {
    const FAMILIES: Table = Table::plain("kms.family");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    {
        let world = World::over(Store::open(&path, MasterKey::Beside).unwrap());
        let key = world.owner().key().await;
        world.owner().ok("EnableKeyRotation", json!({"KeyId": key, "RotationPeriodInDays": 90})).await;
    }
    for days in [0, -1, 89, 2561] {
        let store = Store::open(&path, MasterKey::Beside).unwrap();
        let row = store.rows(FAMILIES).unwrap().remove(0);
        let mut family: Value = serde_json::from_slice(row.bytes.expose()).unwrap();
        family["rotation"]["period_days"] = days.into();
        let mut edited = Batch::new();
        edited.put(FAMILIES, row.key.clone(), SecretBytes::new(family.to_string().into_bytes()));
        store.durable(store.write(edited)).await.unwrap();
        let refused = Kms::open(store, Clock::real()).unwrap_err().to_string();
        let why = format!("a rotation period of {days} days is not one of 90 to 2560 days");
        for part in [row.key.as_str(), "kms.family", why.as_str()] {
            assert!(refused.contains(part), "{refused}");
        }
    }
}
