//! The state file as its owner meets it: kept, sealed, refused, failing.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use aws_model::{AccountId, SecretBytes};
use jiff::SignedDuration;
use local_aws::{
    CallContext, Caller, Clock,
    kms::Kms,
    store::{Batch, MasterKey, OpenError, Readers, Store, Table, key_path, replace_whole},
};
use redb::ReadableTable;
use serde_json::{Value, json};

const TABLE: Table = Table::plain("test.rows");
const SECRETS: Table = Table::sealed("test.secrets");

fn open(path: &Path) -> Store {
    Store::open(path, MasterKey::Beside).unwrap()
}

fn secret(bytes: &[u8]) -> SecretBytes {
    SecretBytes::new(bytes.to_vec())
}

async fn put(store: &Store, key: &str, value: &[u8]) {
    let mut batch = Batch::new();
    batch.put(TABLE, key, secret(value));
    store.durable(store.write(batch)).await.unwrap();
}

fn rows(store: &Store) -> Vec<(String, Vec<u8>)> {
    store.rows(TABLE).unwrap().into_iter().map(|row| (row.key, row.bytes.expose().to_vec())).collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn rows_are_there_again_after_a_restart_in_the_order_of_their_keys() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let store = open(&path);
    put(&store, "b", b"2").await;
    put(&store, "a", b"1").await;
    put(&store, "c", b"3").await;
    let mut batch = Batch::new();
    batch.delete(TABLE, "c");
    batch.put(TABLE, "b", secret(b"new"));
    batch.put(SECRETS, "d", secret(b"hidden"));
    store.durable(store.write(batch)).await.unwrap();
    drop(store);
    let expected = [("a", "1"), ("b", "new")].map(|(key, value)| (key.to_owned(), value.into()));
    let store = open(&path);
    assert_eq!(rows(&store), expected);
    assert_eq!(store.rows(SECRETS).unwrap().pop().unwrap().bytes.expose(), b"hidden");
}

#[tokio::test]
async fn what_was_queued_is_written_before_the_store_closes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let store = open(&path);
    for n in 0..100 {
        let mut batch = Batch::new();
        batch.put(TABLE, format!("{n:03}"), secret(b""));
        store.write(batch);
    }
    drop(store);
    assert_eq!(rows(&open(&path)).len(), 100);
}

#[tokio::test]
async fn both_files_are_their_owners_only_and_nothing_else_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let store = open(&path);
    assert_eq!((mode(&path), mode(&key_path(&path))), (0o600, 0o600));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    drop(store);
    fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    drop(open(&path));
    assert_eq!(mode(&path), 0o600);
}

#[tokio::test]
async fn what_a_killed_process_left_half_made_is_cleared_away_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let litter = ["state.0badcafe.new", "state.key.00000000.new"];
    let of_this_process_id = format!("state.{}.new", std::process::id());
    let others = ["state.old", "state.new", "state.badcafe.new", "state.0BADCAFE.new", "other.0badcafe.new"];
    let others = others.into_iter().chain([of_this_process_id.as_str()]).collect::<Vec<_>>();
    for name in litter.iter().chain(&others) {
        fs::write(folder.path().join(name), "half").unwrap();
    }
    drop(open(&path));
    for name in litter {
        assert!(!folder.path().join(name).exists(), "{name}");
    }
    for name in others {
        assert!(folder.path().join(name).exists(), "{name}");
    }
}

#[tokio::test]
async fn sealed_rows_cannot_be_read_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let store = open(&path);
    let mut batch = Batch::new();
    batch.put(SECRETS, "s", secret(b"correct horse battery staple"));
    batch.put(TABLE, "p", secret(b"plain and visible text"));
    store.durable(store.write(batch)).await.unwrap();
    drop(store);
    let file = fs::read(&path).unwrap();
    let holds = |text: &[u8]| file.windows(text.len()).any(|window| window == text);
    assert!(holds(b"plain and visible text") && !holds(b"correct horse"));
}

#[tokio::test]
async fn a_row_that_says_other_than_its_table_whether_it_is_sealed_is_refused() {
    for table in [TABLE, SECRETS] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let store = open(&path);
        let mut batch = Batch::new();
        batch.put(table, "row", secret(b"as it was written"));
        store.durable(store.write(batch)).await.unwrap();
        drop(store);

        let file = redb::Database::open(&path).unwrap();
        let transaction = file.begin_write().unwrap();
        {
            let of_file = redb::TableDefinition::<&str, &[u8]>::new(table.name());
            let mut rows = transaction.open_table(of_file).unwrap();
            let mut value = rows.get("row").unwrap().unwrap().value().to_vec();
            value[0] ^= 1;
            rows.insert("row", value.as_slice()).unwrap();
        }
        transaction.commit().unwrap();
        drop(file);

        let refused = open(&path).rows(table).unwrap_err();
        assert!(matches!(refused, OpenError::Unusable { .. }), "{}: {refused}", table.name());
    }
}

#[tokio::test]
async fn a_second_opener_is_refused_and_told_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let _first = open(&path);
    let refused = Store::open(&path, MasterKey::Beside).unwrap_err();
    assert!(matches!(&refused, OpenError::InUse { path: named } if *named == path), "{refused}");
    assert!(refused.to_string().contains(&path.display().to_string()));
}

#[tokio::test]
async fn a_wrong_a_missing_and_an_exposed_master_key_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let key = key_path(&path);
    put(&open(&path), "a", b"1").await;

    let other = MasterKey::Given(SecretBytes::new(vec![7; 32]));
    assert!(matches!(Store::open(&path, other).unwrap_err(), OpenError::WrongMasterKey { .. }));

    fs::set_permissions(&key, PermissionsExt::from_mode(0o640)).unwrap();
    let exposed = Store::open(&path, MasterKey::Beside).unwrap_err();
    assert!(matches!(exposed, OpenError::ExposedMasterKey { mode: 0o640, .. }), "{exposed}");
    fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();

    let kept = fs::read(&key).unwrap();
    fs::write(&key, "not a key").unwrap();
    assert!(matches!(Store::open(&path, MasterKey::Beside).unwrap_err(), OpenError::MalformedMasterKey { .. }));
    fs::remove_file(&key).unwrap();
    let missing = Store::open(&path, MasterKey::Beside).unwrap_err();
    assert!(matches!(&missing, OpenError::NoMasterKey { key: named, .. } if *named == key), "{missing}");
    fs::write(&key, kept).unwrap();
    fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
    assert_eq!(rows(&open(&path)).len(), 1);
}

#[tokio::test]
async fn a_given_master_key_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let key = MasterKey::Given(SecretBytes::new(vec![7; 32]));
    drop(Store::open(&path, key.clone()).unwrap());
    assert!(!key_path(&path).exists());
    drop(Store::open(&path, key).unwrap());
}

#[tokio::test]
async fn a_file_that_is_something_else_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    drop(open(&path));
    fs::write(&path, "#!/bin/sh\necho precious\n".repeat(400)).unwrap();
    let refused = Store::open(&path, MasterKey::Beside).unwrap_err();
    assert!(matches!(refused, OpenError::Unusable { .. }), "{refused}");
    assert!(fs::read_to_string(&path).unwrap().starts_with("#!/bin/sh\necho precious"));
}

#[test]
fn a_file_is_replaced_whole_for_whom_it_is_meant_and_nothing_is_left_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let (path, taken) = (folder.path().join("snapshot"), folder.path().join("folder"));
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    replace_whole(&path, b"new", Readers::Owner).unwrap();
    assert_eq!((fs::read(&path).unwrap().as_slice(), mode(&path)), (&b"new"[..], 0o600));
    fs::create_dir(&taken).unwrap();
    replace_whole(&taken, b"new", Readers::Usual).unwrap_err();
    replace_whole(&taken.join("none").join("file"), b"new", Readers::Usual).unwrap_err();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    assert_eq!(fs::read_dir(&taken).unwrap().count(), 0);
}

/// A file that a disk or a person spoilt is refused, or what is left of it opens.
#[tokio::test]
async fn a_state_file_with_wrong_bytes_makes_nobody_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let store = open(&path);
    for n in 0..40 {
        put(&store, &format!("{n:03}"), &[7; 100]).await;
    }
    let mut batch = Batch::new();
    batch.put(SECRETS, "s", secret(b"hidden"));
    store.durable(store.write(batch)).await.unwrap();
    drop(store);
    let whole = fs::read(&path).unwrap();
    // What is not zero is what says something.
    let told: Vec<usize> = (0..whole.len()).filter(|at| whole[*at] != 0).collect();
    for turn in 0..150 {
        let mut spoilt = whole.clone();
        spoilt[told[turn * 7919 % told.len()]] ^= 1 << (turn % 8);
        if turn % 5 == 0 {
            spoilt.truncate(turn * 7919 % whole.len());
        }
        fs::write(&path, &spoilt).unwrap();
        if let Ok(store) = Store::open(&path, MasterKey::Beside) {
            let _ = (store.rows(TABLE), store.rows(SECRETS));
        }
    }
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none/state");
    let refused = Store::open(&path, MasterKey::Beside).unwrap_err();
    assert!(refused.to_string().contains("none/state"), "{refused}");
}

#[tokio::test]
async fn a_memory_store_has_its_rows_as_long_as_it_lives_and_never_waits() {
    let store = Store::memory();
    put(&store, "a", b"1").await;
    assert_eq!(rows(&store), [("a".to_owned(), b"1".to_vec())]);
    assert!(rows(&Store::memory()).is_empty());
}

async fn call(kms: &Kms, clock: &Clock, region: &str, operation: &str, input: Value) -> Value {
    let account: AccountId = "111122223333".parse().unwrap();
    let caller = Caller::root(account, "AKIDEXAMPLE");
    let region = region.parse().unwrap();
    let ctx = CallContext {
        caller: &caller,
        region: &region,
        now: clock.now(),
        request_id: "r",
        invoked_by: None,
        peer: None,
        notes: None,
    };
    kms.call(&ctx, operation, input).await.unwrap_or_else(|e| panic!("{operation}: {e}"))
}

#[tokio::test]
async fn a_whole_kms_is_there_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let clock = Clock::frozen_at("2026-01-01T00:00:00Z".parse().unwrap());
    let home = "us-east-1";
    let kms = Kms::open(open(&path), clock.clone()).unwrap();
    let key =
        call(&kms, &clock, home, "CreateKey", json!({"MultiRegion": true, "Tags": [{"TagKey": "a", "TagValue": "b"}]}))
            .await;
    let key = key["KeyMetadata"]["Arn"].clone();
    call(&kms, &clock, home, "CreateAlias", json!({"AliasName": "alias/a/b", "TargetKeyId": key})).await;
    call(&kms, &clock, home, "EnableKeyRotation", json!({"KeyId": key, "RotationPeriodInDays": 90})).await;
    let root = "arn:aws:iam::111122223333:root";
    let grant = json!({"KeyId": key, "GranteePrincipal": root, "RetiringPrincipal": root, "Operations": ["Decrypt"], "Constraints": {"EncryptionContextSubset": {"a": "b"}}});
    let grant = call(&kms, &clock, home, "CreateGrant", grant).await;
    let doomed = call(&kms, &clock, home, "CreateKey", json!({})).await["KeyMetadata"]["Arn"].clone();
    call(&kms, &clock, home, "ScheduleKeyDeletion", json!({"KeyId": doomed, "PendingWindowInDays": 30})).await;
    call(&kms, &clock, home, "ReplicateKey", json!({"KeyId": key, "ReplicaRegion": "eu-west-1"})).await;
    call(&kms, &clock, home, "RotateKeyOnDemand", json!({"KeyId": key})).await;
    clock.advance(SignedDuration::from_secs(10)).unwrap();
    let sealed = call(&kms, &clock, home, "Encrypt", json!({"KeyId": key, "Plaintext": "c2VlZA=="})).await;
    let questions = [
        (home, "DescribeKey", json!({"KeyId": "alias/a/b"})),
        ("eu-west-1", "DescribeKey", json!({"KeyId": key.as_str().unwrap().rsplit('/').next()})),
        (home, "DescribeKey", json!({"KeyId": doomed})),
        (home, "ListKeys", json!({})),
        (home, "ListAliases", json!({"KeyId": key})),
        (home, "ListResourceTags", json!({"KeyId": key})),
        (home, "ListGrants", json!({"KeyId": key})),
        (home, "ListRetirableGrants", json!({"RetiringPrincipal": root})),
        (home, "GetKeyPolicy", json!({"KeyId": key})),
        (home, "GetKeyRotationStatus", json!({"KeyId": key})),
        (home, "ListKeyRotations", json!({"KeyId": key, "IncludeKeyMaterial": "ALL_KEY_MATERIAL"})),
        (home, "Decrypt", json!({"CiphertextBlob": sealed["CiphertextBlob"]})),
        ("eu-west-1", "Decrypt", json!({"CiphertextBlob": sealed["CiphertextBlob"]})),
    ];
    let mut before = Vec::new();
    for (region, operation, input) in &questions {
        before.push(call(&kms, &clock, region, operation, input.clone()).await);
    }
    drop(kms);

    let kms = Kms::open(open(&path), clock.clone()).unwrap();
    for ((region, operation, input), before) in questions.iter().zip(before) {
        assert_eq!(call(&kms, &clock, region, operation, input.clone()).await, before, "{operation} {region}");
    }
    call(&kms, &clock, home, "RetireGrant", json!({"GrantToken": grant["GrantToken"]})).await;
    drop(kms);

    // What comes due while nobody runs happens when it is opened again.
    clock.advance(SignedDuration::from_hours(24 * 90)).unwrap();
    let kms = Kms::open(open(&path), clock.clone()).unwrap();
    let listed = call(&kms, &clock, home, "ListKeys", json!({})).await;
    assert_eq!(listed["Keys"].as_array().unwrap().len(), 1);
    let rotations =
        call(&kms, &clock, "eu-west-1", "ListKeyRotations", json!({"KeyId": key.as_str().unwrap().rsplit('/').next()}))
            .await;
    let kinds: Vec<&Value> = rotations["Rotations"].as_array().unwrap().iter().map(|r| &r["RotationType"]).collect();
    assert_eq!(kinds, ["ON_DEMAND", "AUTOMATIC"]);
    let grants = call(&kms, &clock, home, "ListGrants", json!({"KeyId": key})).await;
    assert_eq!(grants["Grants"], json!([]));
}

#[tokio::test]
async fn a_deleted_keys_material_leaves_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let clock = Clock::frozen_at("2026-01-01T00:00:00Z".parse().unwrap());
    let material = Table::sealed("kms.material");
    let kms = Kms::open(open(&path), clock.clone()).unwrap();
    let key = call(&kms, &clock, "us-east-1", "CreateKey", json!({})).await["KeyMetadata"]["Arn"].clone();
    call(&kms, &clock, "us-east-1", "RotateKeyOnDemand", json!({"KeyId": key})).await;
    call(&kms, &clock, "us-east-1", "ScheduleKeyDeletion", json!({"KeyId": key, "PendingWindowInDays": 7})).await;
    drop(kms);
    assert_eq!(open(&path).rows(material).unwrap().len(), 2);
    clock.advance(SignedDuration::from_hours(24 * 7)).unwrap();
    drop(Kms::open(open(&path), clock.clone()).unwrap());
    assert_eq!(open(&path).rows(material).unwrap().len(), 0);
}

/// Set for the process that writes until it may not write more.
const FULL_DISK: &str = "CLAVIGER_TEST_STATE_UNTIL_FULL";

/// A limit on the size of files is the full disk that any user can have; it fails writes in the same places.
#[test]
fn a_full_disk_refuses_that_write_and_all_after_it_and_loses_none_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let this_test = "write_until_the_disk_is_full";
    let script = format!(
        "trap '' XFSZ; ulimit -f 4096; exec '{}' --exact {this_test} --nocapture --ignored",
        std::env::current_exe().unwrap().display()
    );
    let child = Command::new("sh").arg("-c").arg(script).env(FULL_DISK, &path).output().unwrap();
    let told = String::from_utf8_lossy(&child.stdout).into_owned();
    assert!(child.status.success(), "{told}\n{}", String::from_utf8_lossy(&child.stderr));
    let acknowledged: usize =
        told.lines().find_map(|line| line.strip_prefix("acknowledged ")).unwrap().parse().unwrap();
    assert!(acknowledged > 0);
    let kept = rows(&open(&path));
    assert!(kept.len() >= acknowledged, "{acknowledged} acknowledged, {} kept", kept.len());
    for (n, (key, value)) in kept.iter().take(acknowledged).enumerate() {
        assert_eq!((key.as_str(), value.len()), (format!("{n:06}").as_str(), 16 << 10));
    }
}

#[tokio::test]
#[ignore = "run by the test of a full disk, in a process with a limit"]
async fn write_until_the_disk_is_full() {
    let Some(path) = std::env::var_os(FULL_DISK) else { return };
    let store = open(Path::new(&path));
    let write = |n: usize| {
        let mut batch = Batch::new();
        batch.put(TABLE, format!("{n:06}"), SecretBytes::new(vec![7; 16 << 10]));
        store.write(batch)
    };
    let mut n = 0;
    let failed = loop {
        match store.durable(write(n)).await {
            Ok(()) => n += 1,
            Err(failed) => break failed,
        }
        assert!(n < 10_000, "the limit does not hold");
    };
    println!("\nacknowledged {n}");
    assert!(failed.to_string().contains(&Path::new(&path).display().to_string()), "{failed}");
    let mut small = Batch::new();
    small.put(TABLE, "zzz", secret(b""));
    store.durable(store.write(small)).await.unwrap_err();
}
