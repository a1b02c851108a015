//! Log files.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    path::{Path, PathBuf},
    time::Duration,
};

use flate2::read::GzDecoder;
use local_aws::{Clock, Limits, LocalAws, Options, StartError, TrailFiles};
use serde_json::{Value, json};

use crate::{
    wire::ACCOUNT,
    world::{KEY, OTHER, ann, events, kms, start_with},
};

/// Every file under a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> =
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect();
    found.sort();
    found
}

fn records(file: &Path) -> Vec<Value> {
    let read: Value = serde_json::from_reader(GzDecoder::new(File::open(file).unwrap())).unwrap();
    assert_eq!(read.as_object().unwrap().len(), 1, "{file:?}");
    read["Records"].as_array().unwrap().clone()
}

/// Source: AWS CloudTrail User Guide, "CloudTrail log file examples" > "CloudTrail log file name format".
#[tokio::test]
async fn a_shutdown_leaves_every_event_in_the_file_of_its_account_and_region() {
    let directory = tempfile::tempdir().unwrap();
    let trail = TrailFiles { every: Duration::from_secs(3600), ..TrailFiles::in_directory(directory.path()) };
    let clock = Clock::frozen_at("2026-06-30T02:34:07Z".parse().unwrap());
    let aws = start_with(Options { trail: Some(trail), clock, ..Options::default() }).await;
    kms(&aws, &ann(), "Encrypt", json!({"KeyId": KEY, "Plaintext": "c2VjcmV0"})).await;
    kms(&aws, &ann(), "ListKeys", json!({})).await;
    let looked_up = [events(&aws, ACCOUNT, json!({})).await, events(&aws, OTHER, json!({})).await];
    aws.shutdown().await;

    let written = files(directory.path());
    let [own, other] = &written[..] else { panic!("{written:?}") };
    for (file, account, looked_up) in [(own, ACCOUNT, &looked_up[0]), (other, OTHER, &looked_up[1])] {
        let folder = directory.path().join(format!("AWSLogs/{account}/CloudTrail/us-west-2/2026/06/30"));
        assert_eq!(file.parent().unwrap(), folder);
        let name = file.file_name().unwrap().to_str().unwrap();
        let unique = name.strip_prefix(&format!("{account}_CloudTrail_us-west-2_20260630T0234Z_")).unwrap();
        let unique = unique.strip_suffix(".json.gz").unwrap();
        assert!(unique.len() == 16 && unique.chars().all(|one| one.is_ascii_alphanumeric()), "{name}");
        let records = records(file);
        // The lookup is an event itself, told after its own answer.
        assert_eq!(&records[..looked_up.len()], &looked_up[..], "{file:?}");
        assert_eq!(records.last().unwrap()["eventName"], "LookupEvents");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_events_are_written_before_memory_lets_go_of_them() {
    let directory = tempfile::tempdir().unwrap();
    let trail = TrailFiles { every: Duration::from_secs(3600), ..TrailFiles::in_directory(directory.path()) };
    let limits = Limits { trail_bytes: 32 << 10, ..Limits::default() };
    let aws = start_with(Options { trail: Some(trail), limits, ..Options::default() }).await;
    for _ in 0..500 {
        kms(&aws, &ann(), "ListKeys", json!({})).await;
    }
    aws.shutdown().await;
    let written = files(directory.path());
    assert!(written.len() > 1, "nothing was written while it ran");
    let ids: Vec<String> = written
        .iter()
        .flat_map(|file| records(file))
        .map(|record| record["eventID"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 500);
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 500, "each once");
}

/// Once there is much to write, there is no end of it while calls go on.
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_while_files_are_written_waits_for_the_next_ones() {
    let directory = tempfile::tempdir().unwrap();
    let trail = TrailFiles { every: Duration::from_secs(3600), ..TrailFiles::in_directory(directory.path()) };
    // An eighth of it is much: some hundred of these calls.
    let limits = Limits { trail_bytes: 512 << 10, ..Limits::default() };
    let aws = start_with(Options { trail: Some(trail), limits, ..Options::default() }).await;
    for _ in 0..500 {
        kms(&aws, &ann(), "ListKeys", json!({})).await;
    }
    aws.shutdown().await;
    let written: Vec<usize> = files(directory.path()).iter().map(|file| records(file).len()).collect();
    assert_eq!(written.iter().sum::<usize>(), 500);
    assert!(written.len() <= 10, "files of so many events: {written:?}");
}

#[tokio::test]
async fn a_file_that_cannot_be_written_keeps_no_other_from_being() {
    let directory = tempfile::tempdir().unwrap();
    let trail = TrailFiles { every: Duration::from_secs(3600), ..TrailFiles::in_directory(directory.path()) };
    let aws = start_with(Options { trail: Some(trail), ..Options::default() }).await;
    // An event in both accounts; the caller's, whose file comes first, has no place.
    kms(&aws, &ann(), "Encrypt", json!({"KeyId": KEY, "Plaintext": "c2VjcmV0"})).await;
    let taken = directory.path().join(format!("AWSLogs/{ACCOUNT}"));
    fs::write(&taken, "").unwrap();
    aws.shutdown().await;

    let written = files(directory.path());
    let [no_folder, other] = &written[..] else { panic!("{written:?}") };
    assert_eq!(*no_folder, taken);
    assert_eq!(records(other)[0]["recipientAccountId"], OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_goes_away_stops_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("bucket");
    let trail = TrailFiles { every: Duration::from_secs(3600), ..TrailFiles::in_directory(&root) };
    let limits = Limits { trail_bytes: 16 << 10, ..Limits::default() };
    let aws = start_with(Options { trail: Some(trail), limits, ..Options::default() }).await;
    fs::remove_dir_all(&root).unwrap();
    fs::write(&root, "in the way").unwrap();
    for _ in 0..200 {
        kms(&aws, &ann(), "ListKeys", json!({})).await;
    }
    aws.shutdown().await;
}

#[tokio::test]
async fn a_directory_that_cannot_be_made_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let taken = directory.path().join("file");
    fs::write(&taken, "").unwrap();
    let options = Options {
        listen: "127.0.0.1:0".parse().unwrap(),
        trail: Some(TrailFiles::in_directory(&taken)),
        ..Options::default()
    };
    let error = LocalAws::start(options).await.unwrap_err();
    assert!(matches!(&error, StartError::Trail { directory, .. } if *directory == taken), "{error:?}");
    assert!(error.to_string().contains("file") && error.to_string().contains("choose"), "{error}");
}
