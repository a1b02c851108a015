//! Killed at any moment, the embedded AWS has every write that it acknowledged, and none that it undid.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]

#[path = "../support/kill.rs"]
mod killing;
mod load;
mod told;

use std::{path::Path, sync::Arc, time::Duration};

use aws_model::AccountId;
use jiff::{SignedDuration, Timestamp};
use local_aws::{
    CallContext, Caller, Clock, ServiceError,
    kms::Kms,
    store::{MasterKey, Store},
};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use killing::{Kill, to_be_killed};
use told::{Ledger, Subject, Told};

const KILLS: u32 = 100;
const WRITERS: usize = 8;
/// What the load does; `DescribeKey` told that a key was gone.
const ACKNOWLEDGED: [&str; 19] = [
    "CancelKeyDeletion",
    "CreateAlias",
    "CreateGrant",
    "CreateKey",
    "DeleteAlias",
    "DescribeKey",
    "DisableKey",
    "DisableKeyRotation",
    "EnableKey",
    "EnableKeyRotation",
    "Encrypt",
    "RetireGrant",
    "RevokeGrant",
    "RotateKeyOnDemand",
    "ScheduleKeyDeletion",
    "TagResource",
    "UntagResource",
    "UpdateAlias",
    "UpdateKeyDescription",
];

#[test]
fn a_hundred_kills_under_load_lose_no_acknowledged_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let mut ledger = Ledger::default();
    for round in 0..KILLS {
        // Every fourth dies while it opens the file (in the first rounds: makes it), the others at some point of the load.
        let told = usize::from(!round.is_multiple_of(4));
        let after = Duration::from_millis(u64::from(round * 7 % 97));
        for told in (Kill { test: "write_until_killed", round, told, after }).load(&path, Told::parse) {
            ledger.enter(told);
        }
    }
    let operations: Vec<&str> = ledger.acknowledged.keys().map(String::as_str).collect();
    assert_eq!(operations, ACKNOWLEDGED, "every kind of write was on its way: {:?}", ledger.acknowledged);
    let kms = open(&path);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for (subject, may_be) in &ledger.may_be {
        let is = runtime.block_on(ask(&kms, subject));
        assert!(may_be.contains(&is), "{subject:?} is {is:?}, and was told to be one of {may_be:?}");
    }
}

#[test]
#[ignore = "run by the test that kills it"]
fn write_until_killed() {
    let Some((path, _)) = to_be_killed() else { return };
    let kms = Arc::new(open(&path));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let ended = runtime.block_on(async {
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let first = std::process::id() as usize + writer;
            writers.spawn(load::write(Arc::clone(&kms), first));
        }
        writers.spawn(load::delete(kms));
        writers.join_next().await
    });
    panic!("a writer ended: {ended:?}");
}

/// What the subject is, asked of the state that was left.
async fn ask(kms: &Kms, subject: &Subject) -> told::Value {
    let key = async |key: &str| known(call(kms, "DescribeKey", json!({"KeyId": key})).await);
    let field = |answer: Option<Value>, path: &str| Some(text(answer?.pointer(path)?));
    match subject {
        Subject::State { key: id } => field(key(id).await, "/KeyMetadata/KeyState"),
        Subject::Description { key: id } => {
            field(key(id).await, "/KeyMetadata/Description").filter(|text| !text.is_empty())
        }
        Subject::Leaving { key: id } => match field(key(id).await, "/KeyMetadata/KeyState").as_deref() {
            None | Some("PendingDeletion") => Some("yes".into()),
            Some(_) => None,
        },
        Subject::Gone { key: id } => key(id).await.is_none().then(|| "yes".into()),
        Subject::Alias { name } => field(key(name).await, "/KeyMetadata/KeyId"),
        Subject::Tag { key } => {
            field(known(call(kms, "ListResourceTags", json!({"KeyId": key})).await), "/Tags/0/TagValue")
        }
        Subject::RotationPeriod { key } => {
            let status = call(kms, "GetKeyRotationStatus", json!({"KeyId": key})).await.unwrap();
            status.get("RotationPeriodInDays").map(Value::to_string)
        }
        Subject::Rotations { key } => {
            let listed = call(kms, "ListKeyRotations", json!({"KeyId": key})).await.unwrap();
            Some(listed["Rotations"].as_array().unwrap().len())
                .filter(|rotations| *rotations > 0)
                .map(|n| n.to_string())
        }
        Subject::Grant { key, id } => {
            let listed = call(kms, "ListGrants", json!({"KeyId": key, "GrantId": id})).await;
            field(known(listed), "/Grants/0/Operations/0")
        }
        Subject::Ciphertext { blob } => {
            field(Some(call(kms, "Decrypt", json!({"CiphertextBlob": blob})).await.unwrap()), "/Plaintext")
        }
    }
}

/// The answer; none if there is no such thing.
fn known(answer: Result<Value, ServiceError>) -> Option<Value> {
    match answer {
        Ok(answer) => Some(answer),
        Err(refused) if refused.code() == "NotFoundException" => None,
        Err(refused) => panic!("{refused}"),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn start() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

async fn call(kms: &Kms, operation: &str, input: Value) -> Result<Value, ServiceError> {
    call_at(kms, start(), operation, input).await
}

/// When a key that waited seven days is gone.
async fn call_later(kms: &Kms, operation: &str, input: Value) -> Result<Value, ServiceError> {
    call_at(kms, start() + SignedDuration::from_hours(8 * 24), operation, input).await
}

async fn call_at(kms: &Kms, now: Timestamp, operation: &str, input: Value) -> Result<Value, ServiceError> {
    let account: AccountId = "111122223333".parse().unwrap();
    let caller = Caller::root(account, "AKIDEXAMPLE");
    let region = "us-east-1".parse().unwrap();
    kms.call(
        &CallContext {
            caller: &caller,
            region: &region,
            now,
            request_id: "r",
            invoked_by: None,
            peer: None,
            notes: None,
        },
        operation,
        input,
    )
    .await
}

fn open(path: &Path) -> Kms {
    Kms::open(Store::open(path, MasterKey::Beside).unwrap(), Clock::frozen_at(start())).unwrap()
}
