//! The Python clients under `tests/clients`, in the venv that `cargo xtask tools` makes.
//!
//! `CLAVIGER_CASES="iam_users iam_roles"` runs the contract's modules of these names alone, or the CLI's scenarios, or the ways to launch.

use std::{
    collections::BTreeMap,
    env,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use local_aws::{KeySource, LocalAws, Options, Running};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
    time::timeout,
};

const ACCOUNTS: [&str; 2] = ["111122223333", "444455556666"];

#[tokio::test(flavor = "multi_thread")]
async fn boto3_holds_the_embedded_aws_to_its_contract() {
    let keys = tempfile::tempdir().unwrap();
    let keys = keys.path().join("jwks.json");
    let aws = start_with_keys_in(&keys).await;
    run("run.py", &contract("local"), &aws.endpoint_url(), &credentials(&aws), Some(&keys)).await;
    aws.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_aws_cli_drives_every_operation() {
    let keys = tempfile::tempdir().unwrap();
    let keys = keys.path().join("jwks.json");
    let aws = start_with_keys_in(&keys).await;
    run("cli.py", &chosen(), &aws.endpoint_url(), &credentials(&aws), Some(&keys)).await;
    aws.shutdown().await;
}

/// Instances of Karpenter's controller under a key of another account.
#[tokio::test(flavor = "multi_thread")]
async fn a_launch_lives_or_dies_by_what_it_may_do_with_a_foreign_key() {
    let aws = start().await;
    run("volume_keys.py", &[], &aws.endpoint_url(), &credentials(&aws), None).await;
    aws.shutdown().await;
}

/// Instances of Auto Scaling groups under a key of another account.
#[tokio::test(flavor = "multi_thread")]
async fn a_group_lives_or_dies_by_what_its_role_may_do_with_a_foreign_key() {
    let aws = start().await;
    run("volume_keys_autoscaling.py", &[], &aws.endpoint_url(), &credentials(&aws), None).await;
    aws.shutdown().await;
}

/// Auto Scaling groups, Spot Instance requests, fleets and clusters.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_linked_role_that_is_in_use_is_not_deleted() {
    let aws = start().await;
    run("role_users.py", &[], &aws.endpoint_url(), &credentials(&aws), None).await;
    aws.shutdown().await;
}

/// What who launches must be allowed beside the key.
#[tokio::test(flavor = "multi_thread")]
async fn a_launch_fails_for_want_of_each_permission_that_it_takes() {
    let aws = start().await;
    let update = env::var("UPDATE_DOCS").ok();
    let update: Vec<_> = update.iter().map(|update| ("UPDATE_DOCS", update.as_str())).collect();
    run_with("launch_permissions.py", &chosen(), &aws.endpoint_url(), &credentials(&aws), &update).await;
    aws.shutdown().await;
}

/// What who makes a node group must be allowed, and what EKS's role.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_group_fails_for_want_of_each_permission_that_it_takes() {
    let aws = start().await;
    run("node_permissions.py", &[], &aws.endpoint_url(), &credentials(&aws), None).await;
    aws.shutdown().await;
}

/// What the service-linked roles that launch must be allowed.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_linked_role_launches_by_what_its_policy_allows() {
    let aws = start().await;
    run("role_permissions.py", &[], &aws.endpoint_url(), &credentials(&aws), None).await;
    aws.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn moto_departs_from_the_contract_just_where_it_is_said() {
    let mut moto = Command::new(venv().join("moto_server"))
        .args(["-H", "127.0.0.1", "-p", "0"])
        .env("PYTHONUNBUFFERED", "1")
        .env("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(moto.stderr.take().unwrap()).lines();
    let endpoint = timeout(Duration::from_secs(60), async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if let Some((_, rest)) = line.split_once("Running on ") {
                return rest.trim().to_owned();
            }
        }
        panic!("moto ended before it listened");
    })
    .await
    .expect("moto listens within a minute");
    let drain = tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });

    // moto's own account is fixed; it takes any secret.
    let key = |id: &str| json!({ "AccessKeyId": id, "SecretAccessKey": "secret" });
    let credentials =
        json!({ "123456789012": key("AKIAMOTOONE000000000"), "210987654321": key("AKIAMOTOTWO000000000") });
    run("run.py", &contract("moto"), &endpoint, &credentials.to_string(), None).await;
    moto.kill().await.unwrap();
    drain.await.unwrap();
}

/// The contract's arguments.
fn contract(against: &str) -> Vec<String> {
    [against.to_owned()].into_iter().chain(chosen()).collect()
}

/// What alone is run.
fn chosen() -> Vec<String> {
    env::var("CLAVIGER_CASES").unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

pub(crate) async fn start() -> Running {
    start_with(BTreeMap::new()).await
}

/// The issuer of the scripts' tokens has its keys in a file, which they write.
async fn start_with_keys_in(keys: &Path) -> Running {
    let issuer = "https://oidc.claviger.example/cluster".to_owned();
    let issuers = BTreeMap::from([(issuer, KeySource::File(keys.to_owned()))]);
    start_with(issuers).await
}

async fn start_with(issuers: BTreeMap<String, KeySource>) -> Running {
    let accounts = ACCOUNTS.iter().map(|account| account.parse().unwrap()).collect();
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    LocalAws::start(Options { listen, accounts, world: world(), issuers, ..Options::default() }).await.unwrap()
}

/// A managed policy that AWS has not published; of the accounts nothing, so that they are open.
fn world() -> authz::world::World {
    let text = r#"{"managedPolicies": {"arn:aws:iam::aws:policy/Told": {"Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["kms:Describe*", "kms:List*"], "Resource": "*"}]}}}"#;
    authz::file::world::read(&authz::text::SourceText::new("world.yaml", text), &authz::file::NoFiles).unwrap()
}

/// The root credentials, as the scripts take them.
fn credentials(aws: &Running) -> String {
    credentials_of(aws, &ACCOUNTS)
}

pub(crate) fn credentials_of(aws: &Running, accounts: &[&str]) -> String {
    let all: serde_json::Map<_, _> = accounts
        .iter()
        .map(|account| {
            let credential = aws.root_credential(account.parse().unwrap());
            let secret = String::from_utf8(credential.secret_access_key.expose().to_vec()).unwrap();
            let keys = json!({ "AccessKeyId": credential.access_key_id, "SecretAccessKey": secret });
            ((*account).to_owned(), keys)
        })
        .collect();
    serde_json::Value::Object(all).to_string()
}

/// Runs a script to its end, which must be a good one.
pub(crate) async fn run(script: &str, arguments: &[String], endpoint: &str, credentials: &str, keys: Option<&Path>) {
    let keys = keys.map(|keys| ("CLAVIGER_JWKS", keys.to_str().unwrap()));
    run_with(script, arguments, endpoint, credentials, keys.as_slice()).await;
}

/// The same, with more in its environment.
pub(crate) async fn run_with(
    script: &str,
    arguments: &[String],
    endpoint: &str,
    credentials: &str,
    environment: &[(&str, &str)],
) {
    let home = tempfile::tempdir().unwrap();
    let scripts = workspace().join("tests/clients");
    let output = Command::new(venv().join("python"))
        .arg(scripts.join(script))
        .args(arguments)
        .env_clear()
        .env("PATH", venv())
        // No configuration of whoever runs the tests.
        .env("HOME", home.path())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("CLAVIGER_ENDPOINT", endpoint)
        .env("CLAVIGER_CREDENTIALS", credentials)
        .envs(environment.iter().copied())
        .kill_on_drop(true)
        .output();
    let output = timeout(Duration::from_secs(900), output).await.expect("the script ends").unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{script} {arguments:?}: {}\n{out}\n{err}", output.status);
    println!("{script} {arguments:?}: {out}");
}

/// The venv's `bin`.
pub(crate) fn venv() -> PathBuf {
    let tools = env::var_os("CLAVIGER_TOOLS").map_or_else(|| workspace().join("target/tools"), PathBuf::from);
    let bin = tools.join("venv/bin");
    assert!(bin.join("python").exists(), "{} has no python: run `cargo xtask tools`", bin.display());
    bin
}

pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}
