//! Every client follows the scenario of ../README.md and tells the same.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use local_aws::{LocalAws, Options};
use serde_json::Value;
use tokio::{process::Command, time::timeout};

/// Of the account with the key, and of the one with the role.
const CREDENTIALS: [(&str, &str, &str); 2] = [
    ("111122223333", "AKIAOFTHEKEYS0000000", "secret-of-the-keys"),
    ("444455556666", "AKIAOFTHEROLES000000", "secret-of-the-roles"),
];

#[tokio::test(flavor = "multi_thread")]
async fn boto3() {
    follow(python("scenario_boto3.py"), None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_aws_cli() {
    follow(python("scenario_cli.py"), None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_go_sdk() {
    follow(Command::new(tool("scenario-go")), None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_javascript_sdk() {
    // Read from standard input, a script finds the packages of the folder that it runs in.
    let mut node = Command::new("node");
    node.arg("--input-type=module").current_dir(tool("scenario-javascript/node_modules").parent().unwrap());
    follow(node, Some(&scenario().join("javascript/scenario.mjs"))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rust_sdk() {
    follow(Command::new(env!("CARGO_BIN_EXE_scenario")), None).await;
}

/// Runs a client's program against an embedded AWS of its own, and compares what it tells.
async fn follow(mut program: Command, script: Option<&Path>) {
    let given = CREDENTIALS.map(|(account, key, secret)| format!("{key}:{secret}:{account}").parse().unwrap());
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let aws = LocalAws::start(Options { listen, credentials: given.into(), ..Options::default() }).await.unwrap();

    let credentials: serde_json::Map<_, _> = CREDENTIALS
        .iter()
        .map(|(account, key, secret)| {
            let keys = serde_json::json!({ "AccessKeyId": key, "SecretAccessKey": secret });
            ((*account).to_owned(), keys)
        })
        .collect();
    let home = tempfile::tempdir().unwrap();
    let output = program
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        // No configuration of whoever runs the tests.
        .env("HOME", home.path())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("CLAVIGER_ENDPOINT", aws.endpoint_url())
        .env("CLAVIGER_CREDENTIALS", Value::Object(credentials).to_string())
        .stdin(script.map_or_else(Stdio::null, |script| fs::File::open(script).unwrap().into()))
        .kill_on_drop(true)
        .output();
    let output = timeout(Duration::from_secs(180), output).await.expect("the program ends").unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{out}\n{err}", output.status);
    aws.shutdown().await;

    let expected = fs::read_to_string(scenario().join("expected.jsonl")).unwrap();
    let (told, expected) = (steps(&out), steps(&expected));
    for (told, expected) in told.iter().zip(&expected) {
        assert_eq!(told, expected, "in\n{out}");
    }
    assert_eq!(told.len(), expected.len(), "steps in\n{out}");
}

/// The lines of a program, with `KEY` for the id of the key, which is another each time.
fn steps(text: &str) -> Vec<Value> {
    let steps: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let arn = steps.first().and_then(|key| key["arn"].as_str()).unwrap_or_else(|| panic!("no key in {text}"));
    let id = arn.rsplit('/').next().unwrap();
    text.replace(id, "KEY").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn python(script: &str) -> Command {
    let mut python = Command::new(tool("venv/bin/python"));
    python.arg(scenario().join(script));
    python
}

/// What `cargo xtask tools` made.
fn tool(path: &str) -> PathBuf {
    let tools = env::var_os("CLAVIGER_TOOLS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../target/tools"), PathBuf::from);
    let tool = tools.join(path);
    assert!(tool.exists(), "{} is not there: run `cargo xtask tools`", tool.display());
    tool
}

fn scenario() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}
