//! Killed at any moment, EKS has every change that it acknowledged, whole.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{
    support::{associate, eks, new_cluster, start_at},
    wire,
};

/// Set for the process that is to be killed.
const STATE: &str = "CLAVIGER_TEST_EKS_STATE_TO_KILL";
const KILLS: u64 = 10;

#[test]
fn ten_kills_under_load_lose_no_acknowledged_change() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let told: Vec<Value> = (0..KILLS).flat_map(|round| load_and_kill(&path, round)).collect();
    assert!(told.len() as u64 > KILLS, "changes were on their way: {told:?}");
    Runtime::new().unwrap().block_on(async {
        let aws = start_at(&path).await;
        for told in &told {
            let cluster = told["cluster"].as_str().unwrap();
            let listed =
                wire::rest(&aws, "eks", "GET", &format!("/clusters/{cluster}/pod-identity-associations"), "").await;
            if told["deleted"] == true {
                assert_eq!(listed.rest_error().1, "ResourceNotFoundException", "{told}");
                continue;
            }
            let path =
                format!("/clusters/{cluster}/pod-identity-associations/{}", told["association"].as_str().unwrap());
            assert_eq!(eks(&aws, "GET", &path, Value::Null).await["association"]["serviceAccount"], "api", "{told}");
        }
        aws.shutdown().await;
    });
}

/// Runs a process that makes clusters as fast as it can, kills it, and returns what it told.
fn load_and_kill(path: &Path, round: u64) -> Vec<Value> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::write_until_killed", "--nocapture", "--ignored"])
        .env(STATE, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let (first, has_told) = mpsc::channel();
    let reader = thread::spawn(move || {
        let told = output.lines().map_while(Result::ok).filter_map(|line| serde_json::from_str::<Value>(&line).ok());
        told.filter(Value::is_object).inspect(|_| first.send(()).unwrap_or_default()).collect::<Vec<_>>()
    });
    has_told.recv_timeout(Duration::from_secs(30)).unwrap_or_else(|_| panic!("the process changes nothing"));
    thread::sleep(Duration::from_millis(round * 7 % 31));
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

#[test]
#[ignore = "run by the test that kills it"]
fn write_until_killed() {
    let Some(path) = std::env::var_os(STATE) else { return };
    Runtime::new().unwrap().block_on(async {
        let aws = start_at(Path::new(&path)).await;
        for number in 0.. {
            let cluster = format!("c-{}-{number}", std::process::id());
            new_cluster(&aws, &cluster).await;
            let association = associate(&aws, &cluster, "api").await;
            // A hundred clusters are all that there may be.
            let deleted = number % 4 != 0;
            if deleted {
                eks(&aws, "DELETE", &format!("/clusters/{cluster}"), Value::Null).await;
            }
            let told = json!({ "cluster": cluster, "association": association["associationId"], "deleted": deleted });
            // In one piece, so that a kill leaves no half of it.
            std::io::stdout().write_all(format!("{told}\n").as_bytes()).unwrap();
            std::io::stdout().flush().unwrap();
        }
    });
}
