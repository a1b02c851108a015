//! Who, under which key_id, with what outcome; never the content.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    sync::Arc,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use key_service::ErrorClass;
use kms_plugin::{
    audit::{AuditLog, AuditTarget},
    caller::{Api, CallerInfo},
    engine::{DecryptRequest, Engine, EngineSettings, Gate},
    metrics::Metrics,
};
use prometheus_client::registry::Registry;
use serde_json::Value;

use crate::support::{TestKey, caller, seed};

fn start(key: &Arc<TestKey>, path: &Path) -> (Arc<Engine>, AuditLog) {
    let metrics = Metrics::register(&mut Registry::default());
    let audit = AuditLog::start(AuditTarget::File(path.to_owned()), &metrics).unwrap();
    let engine = Engine::start(key.clone(), Gate::new(8, None), EngineSettings::default(), &metrics, audit.clone());
    (engine, audit)
}

/// The fields that `docs/reference/observability.md` names.
fn documented() -> BTreeSet<&'static str> {
    let document = include_str!("../../../../docs/reference/observability.md");
    let rows = document.lines().skip_while(|line| *line != "| field | says |").filter(|line| line.starts_with("| `"));
    rows.flat_map(|row| row.split(" | ").next().unwrap().split('`').skip(1).step_by(2)).collect()
}

fn records(path: &Path) -> Vec<Value> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn each_seal_open_and_refusal_is_one_line_that_says_who_and_how() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.log");
    let key = TestKey::new();
    let (engine, audit) = start(&key, &path);
    let sealed = engine.encrypt(seed(), &caller(Api::V2)).await.unwrap();
    let hostile = "x\"}\n{".repeat(1000);
    let request = DecryptRequest { ciphertext: sealed.ciphertext.clone(), key_id: Some(hostile) };
    engine.decrypt(request.clone(), &caller(Api::V1Beta1)).await.unwrap();
    key.fail(ErrorClass::Denied);
    engine.decrypt(request, &caller(Api::V2)).await.unwrap_err();
    audit.flush();

    let records = records(&path);
    let field = |name: &str| records.iter().map(|record| record[name].clone()).collect::<Vec<_>>();
    assert_eq!(field("operation"), ["encrypt", "decrypt", "decrypt"]);
    assert_eq!(field("api"), ["v2", "v1beta1", "v2"]);
    assert_eq!(field("outcome"), ["ok", "ok", "refused"]);
    assert_eq!(field("class"), [Value::Null, Value::Null, "denied".into()]);
    assert_eq!(field("material"), ["1".into(), "1".into(), Value::Null]);
    assert_eq!(records[0]["key_id"], key.current().to_string());
    assert!(records[1]["key_id"].as_str().unwrap().len() <= 1024, "a hostile key_id does not fill the disk");
    for record in &records {
        assert_eq!((&record["request_uid"], &record["key"]), (&"uid-1".into(), &"test-key".into()));
        assert_eq!((&record["peer_pid"], &record["peer_uid"]), (&4711.into(), &0.into()));
        assert!(record["duration_us"].as_u64().is_some());
        record["time"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    }
    let text = fs::read_to_string(&path).unwrap();
    for content in [seed().expose(), &sealed.ciphertext] {
        assert!(!text.contains(&BASE64_STANDARD.encode(content)) && !text.contains(&format!("{content:?}")));
    }
}

#[tokio::test(start_paused = true)]
async fn the_documented_fields_are_those_that_are_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.log");
    symlink("/dev/full", &path).unwrap();
    let key = TestKey::new();
    let (engine, audit) = start(&key, &path);
    let sealed = engine.encrypt(seed(), &caller(Api::V2)).await.unwrap();
    audit.flush();
    // That one was lost. The next line tells of it.
    fs::remove_file(&path).unwrap();
    audit.reopen();

    let request = DecryptRequest { ciphertext: sealed.ciphertext, key_id: Some(sealed.key_id.to_string()) };
    let (seals, opens) = key.counts();
    let holds = key.hold();
    let release = async {
        key.calls_begun(seals + opens + 1).await;
        tokio::task::yield_now().await;
        holds.add_permits(1);
    };
    let by = caller(Api::V2);
    let twice = [engine.decrypt(request.clone(), &by), engine.decrypt(request.clone(), &by)];
    let (opened, ()) = tokio::join!(futures_util::future::join_all(twice), release);
    assert!(opened.iter().all(Result::is_ok));
    key.fail(ErrorClass::Denied);
    holds.add_permits(1);
    engine.decrypt(request, &by).await.unwrap_err();
    audit.flush();

    let records = records(&path);
    assert_eq!((records[0]["operation"].as_str(), records[0]["dropped"].as_u64()), (Some("audit"), Some(1)));
    let written: BTreeSet<_> = records.iter().flat_map(|record| record.as_object().unwrap().keys()).collect();
    assert_eq!(written.into_iter().map(String::as_str).collect::<BTreeSet<_>>(), documented());
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_a_line_too() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.log");
    let key = TestKey::new();
    let (engine, audit) = start(&key, &path);
    engine.status(Api::V2).await.unwrap();
    let _holds = key.hold();
    let encrypting = engine.clone();
    let caller_that_leaves = tokio::spawn(async move { encrypting.encrypt(seed(), &caller(Api::V2)).await });
    key.calls_begun(3).await;
    caller_that_leaves.abort();
    assert!(caller_that_leaves.await.unwrap_err().is_cancelled());
    audit.flush();
    let records = records(&path);
    assert_eq!((records.len(), &records[0]["outcome"]), (1, &"abandoned".into()));
}

#[tokio::test]
async fn the_file_is_its_owners_alone_and_is_opened_anew_on_request() {
    let directory = tempfile::tempdir().unwrap();
    let (path, rotated) = (directory.path().join("audit.log"), directory.path().join("audit.log.1"));
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let (engine, audit) = start(&TestKey::new(), &path);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    engine.encrypt(seed(), &caller(Api::V2)).await.unwrap();
    audit.flush();
    fs::rename(&path, &rotated).unwrap();
    engine.encrypt(seed(), &caller(Api::V2)).await.unwrap();
    audit.reopen();
    engine.encrypt(seed(), &caller(Api::V2)).await.unwrap();
    audit.flush();
    assert_eq!((records(&rotated).len(), records(&path).len()), (2, 1));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn letting_go_of_the_log_writes_what_is_queued() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.log");
    let (engine, audit) = start(&TestKey::new(), &path);
    for _ in 0..50 {
        engine.encrypt(seed(), &caller(Api::V2)).await.unwrap();
    }
    drop((engine, audit));
    assert_eq!(records(&path).len(), 50);
}

#[tokio::test]
async fn a_log_that_cannot_be_kept_is_found_out_at_the_start() {
    let metrics = Metrics::register(&mut Registry::default());
    let target = AuditTarget::File("/nonexistent/audit.log".into());
    let error = AuditLog::start(target, &metrics).unwrap_err();
    assert!(error.to_string().contains("/nonexistent/audit.log"), "{error}");
}

#[tokio::test]
async fn a_target_that_nobody_drains_holds_no_call_up_and_the_gap_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).unwrap();
    let mut drain = fs::File::options().read(true).write(true).open(&path).unwrap();
    let mut registry = Registry::default();
    let metrics = Metrics::register(&mut registry);
    let audit = AuditLog::start(AuditTarget::File(path), &metrics).unwrap();
    let settings = EngineSettings::default();
    let engine = Engine::start(TestKey::new(), Gate::new(8, None), settings, &metrics, audit.clone());

    // Far more than the pipe and the queue hold; nobody reads yet, and every call still ends.
    const CALLS: usize = 12_000;
    let empty = DecryptRequest { ciphertext: Vec::new(), key_id: None };
    for _ in 0..CALLS {
        engine.decrypt(empty.clone(), &caller(Api::V2)).await.unwrap_err();
    }
    let told = std::thread::spawn(move || {
        let (mut written, mut dropped) = (0, 0);
        for line in BufRead::lines(BufReader::new(&mut drain)) {
            let record: Value = serde_json::from_str(&line.unwrap()).unwrap();
            match record["dropped"].as_u64() {
                Some(missing) => {
                    assert!(record.as_object().unwrap().keys().all(|field| documented().contains(field.as_str())));
                    dropped += missing;
                }
                None => written += 1,
            }
            if record["request_uid"] == "last" {
                break;
            }
        }
        (written, dropped)
    });
    audit.flush();
    let last = CallerInfo { uid: "last".to_owned(), ..caller(Api::V2) };
    engine.decrypt(empty, &last).await.unwrap_err();
    let (written, dropped) = told.join().unwrap();
    assert!(dropped > 0);
    assert_eq!(written + dropped, CALLS as u64 + 1);
    let mut scrape = String::new();
    prometheus_client::encoding::text::encode(&mut scrape, &registry).unwrap();
    assert!(scrape.contains(&format!("claviger_kms_audit_records_dropped_total {dropped}\n")), "{scrape}");
}
