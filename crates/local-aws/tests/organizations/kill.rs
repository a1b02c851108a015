//! Killed at any moment, Organizations has every change that it acknowledged, whole.

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

use crate::support::{MANAGEMENT, Somebody, attach, deny_encrypt, detach, done, options, start_at, text, unit};

/// Set for the process that is to be killed.
const STATE: &str = "CLAVIGER_TEST_ORGANIZATIONS_STATE_TO_KILL";
const KILLS: u64 = 10;

#[test]
fn ten_kills_under_load_lose_no_acknowledged_change() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let told: Vec<Value> = (0..KILLS).flat_map(|round| load_and_kill(&path, round)).collect();
    assert!(told.len() as u64 > KILLS, "changes were on their way: {told:?}");
    Runtime::new().unwrap().block_on(async {
        let aws = start_at(&path, options()).await;
        for told in &told {
            let id = told["unit"].as_str().unwrap();
            let described = done(&aws, "DescribeOrganizationalUnit", json!({ "OrganizationalUnitId": id })).await;
            assert_eq!(described["OrganizationalUnit"]["Name"], told["name"], "{told}");
            let of = json!({ "TargetId": id, "Filter": "SERVICE_CONTROL_POLICY" });
            let on_it = done(&aws, "ListPoliciesForTarget", of).await["Policies"].as_array().unwrap().len();
            assert_eq!(on_it == 2, told["attached"] == true, "{told}");
            // The account was told to be there: it is, with its role.
            let account = told["account"].as_str().unwrap();
            done(&aws, "DescribeAccount", json!({ "AccountId": account })).await;
        }
        aws.shutdown().await;
    });
}

/// Runs a process that changes the organization as fast as it can, kills it, and returns what it told.
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
        let aws = start_at(Path::new(&path), options()).await;
        let there = Somebody::root(&aws, MANAGEMENT).organizations(&aws, "DescribeOrganization", json!({})).await;
        if there.status != 200 {
            done(&aws, "CreateOrganization", json!({})).await;
            deny_encrypt(&aws).await;
        }
        let root = text(&done(&aws, "ListRoots", json!({})).await, "/Roots/0/Id");
        let policies = done(&aws, "ListPolicies", json!({ "Filter": "SERVICE_CONTROL_POLICY" })).await;
        let deny =
            policies["Policies"].as_array().unwrap().iter().find(|policy| policy["Name"] == "NoEncrypt").unwrap();
        let deny = text(deny, "/Id");
        for number in 0.. {
            let name = format!("{}-{number}", std::process::id());
            let unit = unit(&aws, &root, &name).await;
            attach(&aws, &deny, &unit).await;
            let attached = number % 3 != 0;
            if !attached {
                detach(&aws, &deny, &unit).await;
            }
            let email = format!("{name}@example.com");
            let asked = done(&aws, "CreateAccount", json!({ "Email": email, "AccountName": name })).await;
            let asked = json!({ "CreateAccountRequestId": text(&asked, "/CreateAccountStatus/Id") });
            let made = done(&aws, "DescribeCreateAccountStatus", asked).await;
            let account = text(&made, "/CreateAccountStatus/AccountId");
            let told = json!({ "unit": unit, "name": name, "attached": attached, "account": account });
            // In one piece, so that a kill leaves no half of it.
            std::io::stdout().write_all(format!("{told}\n").as_bytes()).unwrap();
            std::io::stdout().flush().unwrap();
        }
    });
}
