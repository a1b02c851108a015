//! Killed at any moment, the embedded AWS has every write that it acknowledged.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests fail by panicking"
)]

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use aws_model::AccountId;
use local_aws::{
    CallContext, Caller, CallerKind, Clock, ServiceError,
    kms::Kms,
    store::{MasterKey, Store},
};
use serde_json::{Value, json};

/// Set for the process that is to be killed.
const STATE: &str = "CLAVIGER_TEST_STATE_TO_KILL";
const KILLS: u32 = 100;

/// A write that was acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Written {
    Key(String),
    /// A key and its alias.
    Alias(String, String),
    Grant(String, String),
    /// Sealed under material that a rotation had just made.
    Ciphertext(String),
}

impl Written {
    fn line(&self) -> String {
        match self {
            Self::Key(key) => format!("key {key}"),
            Self::Alias(key, alias) => format!("alias {key} {alias}"),
            Self::Grant(key, grant) => format!("grant {key} {grant}"),
            Self::Ciphertext(blob) => format!("ciphertext {blob}"),
        }
    }

    /// None for a line that the kill cut off, or that is no acknowledgement.
    fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.strip_suffix(" end")?.split(' ').collect();
        Some(match words.as_slice() {
            ["key", key] => Self::Key((*key).to_owned()),
            ["alias", key, alias] => Self::Alias((*key).to_owned(), (*alias).to_owned()),
            ["grant", key, grant] => Self::Grant((*key).to_owned(), (*grant).to_owned()),
            ["ciphertext", blob] => Self::Ciphertext((*blob).to_owned()),
            _ => return None,
        })
    }
}

async fn call(kms: &Kms, operation: &str, input: Value) -> Result<Value, ServiceError> {
    let account: AccountId = "111122223333".parse().unwrap();
    let caller = Caller {
        account,
        arn: format!("arn:aws:iam::{account}:root"),
        user_id: account.to_string(),
        access_key_id: "AKIDEXAMPLE".into(),
        kind: CallerKind::Root,
    };
    let region = "us-east-1".parse().unwrap();
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    kms.call(&CallContext { caller: &caller, region: &region, now, request_id: "r" }, operation, input).await
}

fn open(path: &Path) -> Kms {
    let clock = Clock::frozen_at("2026-01-01T00:00:00Z".parse().unwrap());
    Kms::open(Store::open(path, MasterKey::Beside).unwrap(), clock).unwrap()
}

#[test]
fn a_hundred_kills_under_load_lose_no_acknowledged_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let mut acknowledged = BTreeSet::new();
    for round in 0..KILLS {
        acknowledged.extend(load_and_kill(&path, round));
    }
    println!("{} writes were acknowledged", acknowledged.len());
    assert!(acknowledged.len() > 4 * KILLS as usize, "there was load: {}", acknowledged.len());
    let kms = open(&path);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for written in &acknowledged {
        runtime.block_on(check(&kms, written));
    }
}

/// Runs a process that writes as fast as it can, kills it at another moment each round, and returns what it told.
fn load_and_kill(path: &Path, round: u32) -> Vec<Written> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "write_until_killed", "--nocapture", "--ignored"])
        .env(STATE, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let told = BufReader::new(child.stdout.take().unwrap());
    let (first, has_told) = mpsc::channel();
    let reader = thread::spawn(move || {
        let written = told.lines().map_while(Result::ok).filter_map(|line| Written::parse(&line));
        // Whoever waited for the first is gone after it.
        written.inspect(|_| first.send(()).unwrap_or_default()).collect()
    });
    // Every fourth dies while it opens the file (in the first rounds: makes it), the others at some point of the load.
    if !round.is_multiple_of(4) {
        has_told.recv_timeout(Duration::from_secs(30)).expect("the process writes nothing");
    }
    thread::sleep(Duration::from_millis(u64::from(round * 7 % 61)));
    if let Some(ended) = child.try_wait().unwrap() {
        panic!("the process ended by itself: {ended}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

async fn check(kms: &Kms, written: &Written) {
    let answer = match written {
        Written::Key(key) => call(kms, "DescribeKey", json!({"KeyId": key})).await,
        Written::Alias(key, alias) => {
            let answer = call(kms, "DescribeKey", json!({"KeyId": alias})).await;
            assert_eq!(answer.as_ref().unwrap()["KeyMetadata"]["KeyId"], json!(key));
            answer
        }
        Written::Grant(key, grant) => call(kms, "ListGrants", json!({"KeyId": key, "GrantId": grant})).await,
        Written::Ciphertext(blob) => call(kms, "Decrypt", json!({"CiphertextBlob": blob})).await,
    };
    if let Err(error) = answer {
        panic!("{written:?} was acknowledged and is lost: {error}");
    }
}

#[test]
#[ignore = "run by the test that kills it"]
fn write_until_killed() {
    let Some(path) = std::env::var_os(STATE) else { return };
    let kms = Arc::new(open(Path::new(&path)));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let writers: Vec<_> = (0..8).map(|_| runtime.spawn(write(Arc::clone(&kms)))).collect();
    runtime.block_on(async {
        for writer in writers {
            writer.await.unwrap();
        }
    });
}

async fn write(kms: Arc<Kms>) {
    loop {
        let key =
            call(&kms, "CreateKey", json!({})).await.unwrap()["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned();
        tell(&Written::Key(key.clone()));
        let alias = format!("alias/{key}");
        call(&kms, "CreateAlias", json!({"AliasName": alias, "TargetKeyId": key})).await.unwrap();
        tell(&Written::Alias(key.clone(), alias));
        let grant =
            json!({"KeyId": key, "GranteePrincipal": "arn:aws:iam::111122223333:root", "Operations": ["Decrypt"]});
        let grant = call(&kms, "CreateGrant", grant).await.unwrap()["GrantId"].as_str().unwrap().to_owned();
        tell(&Written::Grant(key.clone(), grant));
        // Encrypts while the rotation is on its way to the disk: the ciphertext must not be told before its material.
        let seal = async {
            let sealed = call(&kms, "Encrypt", json!({"KeyId": key, "Plaintext": "c2VlZA=="})).await.unwrap();
            tell(&Written::Ciphertext(sealed["CiphertextBlob"].as_str().unwrap().to_owned()));
        };
        let (rotated, ()) = tokio::join!(call(&kms, "RotateKeyOnDemand", json!({"KeyId": key})), seal);
        rotated.unwrap();
    }
}

/// Ends each line with a word, which tells a whole line from one that the kill cut off.
fn tell(written: &Written) {
    println!("{} end", written.line());
}
