//! What was imported is there after a restart, whatever happens on the way into the file.

use std::{fs, path::Path, process::Command};

use authz::{file::NoFiles, text::SourceText, world::World};
use jiff::SignedDuration;
use local_aws::{Clock, LocalAws, Options, StartError, State, store::MasterKey};
use serde_json::{Value, json};

use crate::{
    ask, export,
    filled::{call, called},
    import,
    support::{done, iam, start_at},
    wire::{start, start_with},
};

fn told(text: &str) -> World {
    authz::file::world::read(&SourceText::new("world", text), &NoFiles).unwrap()
}

const ANN: &str = r#"{"accounts": {"111122223333": {}}, "users": {"arn:aws:iam::111122223333:user/ann": {}}}"#;
const BEN: &str = r#"{"accounts": {"111122223333": {}}, "users": {"arn:aws:iam::111122223333:user/ben": {}}}"#;

#[tokio::test]
async fn the_world_of_an_imported_state_is_there_after_a_restart_and_no_other_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let one = start_with(Options { world: told(ANN), ..Options::default() }).await;
    let state = export(&one).await;
    assert!(state.contains("user/ann"));
    one.shutdown().await;
    let aws = start_at(&path, Options { world: told(BEN), ..Options::default() }).await;
    import(&aws, &state).await;
    done(&aws, "TagUser", &[("UserName", "ann"), ("Tags.member.1.Key", "a"), ("Tags.member.1.Value", "b")]).await;
    let after = export(&aws).await;
    aws.shutdown().await;

    for world in [World::new(), told(ANN)] {
        let aws = start_at(&path, Options { world, ..Options::default() }).await;
        assert_eq!(export(&aws).await, after);
        assert!(done(&aws, "GetUser", &[("UserName", "ann")]).await.body.contains("<Value>b</Value>"));
        assert_eq!(iam(&aws, "GetUser", &[("UserName", "ben")]).await.status, 404);
        aws.shutdown().await;
    }
    let state = State::File { path: path.clone(), master_key: MasterKey::Beside };
    let listen = "127.0.0.1:0".parse().unwrap();
    let refused = LocalAws::start(Options { state, listen, world: told(BEN), ..Options::default() }).await.unwrap_err();
    assert!(matches!(refused, StartError::OtherWorld), "{refused:?}");
}

#[tokio::test]
async fn how_the_clock_goes_is_there_after_a_restart_unless_it_is_told_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let clock = Clock::frozen_at("2026-01-01T00:00:00Z".parse().unwrap());
    let one = start_with(Options { clock, ..Options::default() }).await;
    let state = export(&one).await;
    one.shutdown().await;
    let now = async |path: &Path, options| {
        let aws = start_at(path, options).await;
        let now = aws.clock().now().to_string();
        aws.shutdown().await;
        now
    };
    // What a kill would leave.
    let (killed, of) = (folder.path().join("killed"), |path: &Path| path.with_extension("key"));
    let kill = || {
        fs::copy(&path, &killed).unwrap();
        fs::copy(of(&path), of(&killed)).unwrap();
    };

    let aws = start_at(&path, Options::default()).await;
    import(&aws, &state).await;
    kill();
    assert_eq!(now(&killed, Options::default()).await, "2026-01-01T00:00:00Z");
    assert_eq!(ask(&aws, "POST", "clock", r#"{"advance": "P30D"}"#).await.status, 200);
    kill();
    assert_eq!(now(&killed, Options::default()).await, "2026-01-31T00:00:00Z");
    // By a program that has it, at its end.
    aws.clock().advance(SignedDuration::from_hours(24)).unwrap();
    aws.shutdown().await;
    assert_eq!(now(&path, Options::default()).await, "2026-02-01T00:00:00Z");
    let other = Clock::frozen_at("2027-01-01T00:00:00Z".parse().unwrap());
    assert_eq!(now(&path, Options { clock: other, ..Options::default() }).await, "2027-01-01T00:00:00Z");
    assert_eq!(now(&path, Options::default()).await, "2027-01-01T00:00:00Z");
}

/// Set for the process that imports more than the disk takes.
const FULL_DISK: &str = "CLAVIGER_TEST_IMPORT_UNTIL_FULL";

/// A limit on the size of files is the full disk that any user can have.
#[test]
fn a_state_that_the_disk_does_not_take_leaves_the_former_one_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let this_test = "kept::import_more_than_the_disk_takes";
    let script = format!(
        "trap '' XFSZ; ulimit -f 8192; exec '{}' --exact {this_test} --nocapture --ignored",
        std::env::current_exe().unwrap().display()
    );
    let child = Command::new("sh").arg("-c").arg(script).env(FULL_DISK, &path).output().unwrap();
    let told = String::from_utf8_lossy(&child.stdout).into_owned();
    assert!(child.status.success(), "{told}\n{}", String::from_utf8_lossy(&child.stderr));
    assert!(told.contains("1 passed"), "{told}");
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "the state and its key: {left:?}");
}

#[tokio::test]
#[ignore = "run by the test of a full disk, in a process with a limit"]
async fn import_more_than_the_disk_takes() {
    let Some(path) = std::env::var_os(FULL_DISK) else { return };
    let path = Path::new(&path);
    let aws = start_at(path, Options::default()).await;
    let key = call(&aws, "CreateKey", json!({})).await["KeyMetadata"]["KeyId"].clone();
    let before = export(&aws).await;
    let mut large: Value = serde_json::from_str(&before).unwrap();
    let row = large["tables"]["kms.key"].as_object_mut().unwrap().values_mut().next().unwrap();
    row["description"] = "x".repeat(16 << 20).into();
    let refused = ask(&aws, "POST", "import", &large.to_string()).await;
    assert_eq!(refused.status, 500, "{}", refused.body);
    assert!(refused.body.contains("which is as it was: make room"), "{}", refused.body);
    assert_eq!(export(&aws).await, before);
    // It goes on.
    call(&aws, "DisableKey", json!({"KeyId": key})).await;
    import(&aws, &before).await;
    call(&aws, "CreateAlias", json!({"AliasName": "alias/after", "TargetKeyId": key})).await;
    let after = export(&aws).await;
    aws.shutdown().await;
    let aws = start_at(path, Options::default()).await;
    assert_eq!(export(&aws).await, after);
    assert_eq!(called(&aws, "DescribeKey", json!({"KeyId": "alias/after"})).await.status, 200);
    aws.shutdown().await;
}

#[tokio::test]
async fn an_import_into_a_file_that_is_a_link_leaves_it_one() {
    let folder = tempfile::tempdir().unwrap();
    let (link, target) = (folder.path().join("state"), folder.path().join("data").join("real"));
    fs::create_dir(target.parent().unwrap()).unwrap();
    drop(start_at(&target, Options::default()).await);
    fs::rename(target.with_file_name("real.key"), folder.path().join("state.key")).unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let other = start().await;
    call(&other, "CreateKey", json!({})).await;
    let state = export(&other).await;
    let aws = start_at(&link, Options::default()).await;
    import(&aws, &state).await;
    aws.shutdown().await;
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    let aws = start_at(&link, Options::default()).await;
    assert_eq!(export(&aws).await, state);
    aws.shutdown().await;
    other.shutdown().await;
}
