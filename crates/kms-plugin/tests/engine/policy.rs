//! `docs/reference/errors.md` says what the code does, and the engine does what both say.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use daemon::http::Health;
use key_service::ErrorClass;
use kms_plugin::{
    caller::Api,
    engine::{Engine, Refusal},
    policy::{DEFAULT_COAST, StatusReaction, policy},
};
use tokio::time::{Instant, sleep};
use tonic::Code;

use crate::support::{Rig, TestKey, caller, open, request, seed, status_becomes};

const DOCUMENT: &str = include_str!("../../../../docs/reference/errors.md");

/// A row of the first table.
#[derive(Debug, PartialEq)]
struct Row {
    status: (StatusReaction, Code),
    live: bool,
    encrypt: Code,
    decrypt: Code,
}

/// The rows of the table under this head, cell by cell.
fn table(head: &str) -> Vec<Vec<&'static str>> {
    let rows = DOCUMENT.lines().skip_while(|line| *line != head).skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

fn code(cell: &str) -> Code {
    let name = cell.trim_matches('`');
    let same = |code: &Code| format!("{code:?}").to_uppercase() == name.replace('_', "");
    (0..=16).map(Code::from).find(same).unwrap_or_else(|| panic!("`{cell}` is no gRPC code"))
}

fn documented() -> BTreeMap<&'static str, Row> {
    let head = "| class | what happened | Status | livez | readyz | Encrypt | Decrypt |";
    let row = |cells: Vec<&'static str>| {
        let [class, _, status, live, ready, encrypt, decrypt] = cells[..] else { panic!("{cells:?}") };
        let status = match status.strip_prefix("coasts, then ") {
            Some(end) => (StatusReaction::Coast, code(end)),
            None => (StatusReaction::Err, code(status)),
        };
        assert!(["ok", "err"].contains(&live) && ready == "as Status", "{cells:?}");
        let row = Row { status, live: live == "ok", encrypt: code(encrypt), decrypt: code(decrypt) };
        (class.trim_matches('`'), row)
    };
    table(head).into_iter().map(row).collect()
}

#[test]
fn the_document_and_the_code_hold_the_same_table() {
    let coded = |class: ErrorClass| {
        let policy = policy(class);
        let status = (policy.status, policy.encrypt);
        (class.as_str(), Row { status, live: policy.live, encrypt: policy.encrypt, decrypt: policy.decrypt })
    };
    assert_eq!(documented(), ErrorClass::ALL.map(coded).into_iter().collect());
    assert!(DOCUMENT.contains(&format!("for {} minutes from the last good probe", DEFAULT_COAST.as_secs() / 60)));
}

/// A running engine whose key fails with `class` from the first probe on that comes after it was well.
async fn failing(class: ErrorClass) -> (Arc<TestKey>, Arc<Engine>, Instant) {
    let key = TestKey::new();
    let engine = Rig::start(key.clone()).engine;
    engine.status(Api::V2).await.unwrap();
    let last_good = Instant::now();
    key.fail(class);
    (key, engine, last_good)
}

fn is_class(status: &Result<String, Refusal>, class: ErrorClass) -> bool {
    status.as_ref().is_err_and(|refusal| refusal.class.as_str() == class.as_str())
}

#[tokio::test(start_paused = true)]
async fn status_and_the_health_endpoints_follow_each_row() {
    for class in ErrorClass::ALL {
        let Row { status: (reaction, code), live, .. } = &documented()[class.as_str()];
        let (key, engine, last_good) = failing(class).await;
        status_becomes(&engine, |status| is_class(status, class)).await;
        let after = last_good.elapsed();
        match reaction {
            StatusReaction::Coast => assert!((600..=602).contains(&after.as_secs()), "{class}: erred after {after:?}"),
            StatusReaction::Err => assert!(after <= Duration::from_secs(32), "{class}: erred only after {after:?}"),
        }
        assert_eq!(engine.status(Api::V2).await.unwrap_err().code, *code, "{class}");
        assert_eq!(engine.live().is_ok(), *live, "{class}");
        assert!(engine.ready().unwrap_err().starts_with(class.as_str()), "{class}");

        key.fail(None);
        let recovery = status_becomes(&engine, Result::is_ok).await;
        assert!(recovery <= Duration::from_secs(6), "{class}: {recovery:?}");
        assert_eq!((engine.live(), engine.ready()), (Ok(()), Ok(())), "{class}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_calls_answer_each_rows_codes_and_are_always_tried() {
    for class in ErrorClass::ALL {
        let row = &documented()[class.as_str()];
        let (key, engine, _) = failing(class).await;
        key.fail(None);
        let sealed = engine.encrypt(seed(), &caller(Api::V2)).await.unwrap().ciphertext;
        key.fail(class);
        for _ in 0..2 {
            let refusal = engine.encrypt(seed(), &caller(Api::V2)).await.unwrap_err();
            assert_eq!((refusal.code, refusal.class.as_str()), (row.encrypt, class.as_str()));
            let refusal = open(&engine, &sealed).await.unwrap_err();
            assert_eq!((refusal.code, refusal.class.as_str()), (row.decrypt, class.as_str()));
            // Once while it coasts or has just failed, once when Status errs.
            status_becomes(&engine, |status| is_class(status, class)).await;
        }
        // Decrypts work before Status does.
        key.fail(None);
        assert_eq!(open(&engine, &sealed).await.unwrap(), seed());
    }
}

#[tokio::test]
async fn requests_that_can_never_be_served_are_refused_as_documented_without_a_call() {
    let rows = table("| class | what happened | Encrypt | Decrypt |");
    let [class, _, encrypt, decrypt] = rows[0][..] else { panic!("{rows:?}") };
    let key = TestKey::new();
    let engine = Rig::start(key.clone()).engine;
    engine.status(Api::V2).await.unwrap();

    let calls = key.counts();
    for hostile in [&b""[..], b"1", b"vault:v1:AAAA", &[0xc1], &[0xc1, 9, 9], &[b'1'; 7000]] {
        let refusal = engine.decrypt(request(hostile), &caller(Api::V2)).await.unwrap_err();
        assert_eq!((refusal.code, refusal.class.as_str()), (code(decrypt), class.trim_matches('`')));
    }
    let too_long = aws_model::SecretBytes::new(vec![7; 4096]);
    let refusal = engine.encrypt(too_long, &caller(Api::V2)).await.unwrap_err();
    assert_eq!(refusal.code, code(encrypt));
    assert!(refusal.message.contains("1024"), "{refusal}");
    assert_eq!(key.counts(), calls);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_was_taken_away_is_not_good_again_because_the_service_is_absent_too() {
    let (key, engine, _) = failing(ErrorClass::Disabled).await;
    status_becomes(&engine, |status| is_class(status, ErrorClass::Disabled)).await;
    key.fail(ErrorClass::Absent);
    status_becomes(&engine, |status| is_class(status, ErrorClass::Absent)).await;
    assert_eq!(engine.status(Api::V2).await.unwrap_err().code, Code::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn a_key_service_that_was_never_there_leaves_nothing_to_coast_on_and_the_plugin_alive() {
    let key = TestKey::new();
    key.fail(ErrorClass::Absent);
    let engine = Rig::start(key.clone()).engine;
    assert_eq!(engine.status(Api::V2).await.unwrap_err().code, Code::Unavailable);
    assert_eq!(engine.encrypt(seed(), &caller(Api::V1Beta1)).await.unwrap_err().code, Code::Unavailable);
    assert_eq!(engine.live(), Ok(()));
    key.fail(None);
    // An Encrypt does not wait for the next poll: it asks for a probe.
    sleep(Duration::from_secs(1)).await;
    engine.encrypt(seed(), &caller(Api::V1Beta1)).await.unwrap();
    engine.status(Api::V2).await.unwrap();
}
