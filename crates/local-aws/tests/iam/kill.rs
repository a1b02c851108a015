//! Killed at any moment, IAM has every change that it acknowledged.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use local_aws::Options;
use tokio::{runtime::Runtime, task::JoinSet};

use crate::support::{allow, done, iam, start_at, trust};

/// Set for the process that is to be killed.
const STATE: &str = "CLAVIGER_TEST_IAM_STATE_TO_KILL";
const KILLS: u32 = 12;
const WRITERS: u32 = 4;

#[test]
fn a_dozen_kills_under_load_lose_no_acknowledged_role() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let mut told = Vec::new();
    for round in 0..KILLS {
        told.extend(load_and_kill(&path, round));
    }
    assert!(told.len() > KILLS as usize, "writes were on their way: {told:?}");
    Runtime::new().unwrap().block_on(async {
        let aws = start_at(&path, Options::default()).await;
        for line in told {
            let (state, role) = line.split_once(' ').unwrap();
            let policy = iam(&aws, "GetRolePolicy", &[("RoleName", role), ("PolicyName", "p")]).await;
            assert_eq!(policy.status == 200, state == "made", "{line}: {policy:?}");
        }
        aws.shutdown().await;
    });
}

/// Runs a process that makes and deletes roles as fast as it can, kills it, and returns what it was told of each.
fn load_and_kill(path: &Path, round: u32) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::write_until_killed", "--nocapture", "--ignored"])
        .env(STATE, path)
        .env("CLAVIGER_TEST_ROUND", round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let (first, has_told) = std::sync::mpsc::channel();
    let reader = thread::spawn(move || {
        let lines = output.lines().map_while(Result::ok);
        let told = lines.filter(|line| line.starts_with("made ") || line.starts_with("gone "));
        told.inspect(|_| first.send(()).unwrap_or_default()).collect::<Vec<_>>()
    });
    has_told.recv_timeout(Duration::from_secs(30)).unwrap_or_else(|_| panic!("the process makes nothing"));
    thread::sleep(Duration::from_millis(u64::from(round * 7 % 31)));
    if let Some(ended) = child.try_wait().unwrap() {
        panic!("the process ended by itself: {ended}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

#[test]
#[ignore = "run by the test that kills it"]
fn write_until_killed() {
    let Some(path) = std::env::var_os(STATE) else { return };
    let round = std::env::var("CLAVIGER_TEST_ROUND").unwrap();
    Runtime::new().unwrap().block_on(async {
        let aws = Arc::new(start_at(Path::new(&path), Options::default()).await);
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let (aws, round) = (Arc::clone(&aws), round.clone());
            writers.spawn(async move {
                for number in 0.. {
                    let role = format!("r{round}-{writer}-{number}");
                    let named = [("RoleName", role.as_str()), ("PolicyName", "p")];
                    done(&aws, "CreateRole", &[named[0], ("AssumeRolePolicyDocument", &trust())]).await;
                    done(&aws, "PutRolePolicy", &[named[0], named[1], ("PolicyDocument", &allow("kms:*"))]).await;
                    if number % 3 == 0 {
                        done(&aws, "DeleteRolePolicy", &named).await;
                        done(&aws, "DeleteRole", &named[..1]).await;
                        tell("gone", &role);
                    } else {
                        tell("made", &role);
                    }
                }
            });
        }
        writers.join_next().await;
    });
    panic!("a writer ended");
}

/// In one piece, so that a kill leaves no half of it.
fn tell(state: &str, role: &str) {
    std::io::stdout().write_all(format!("{state} {role}\n").as_bytes()).unwrap();
    std::io::stdout().flush().unwrap();
}
