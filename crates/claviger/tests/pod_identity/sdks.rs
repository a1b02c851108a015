//! Every SDK gets a pod's credentials from the agent by its default chain, and uses them.

use std::{env, fs, path::Path, process::Stdio, time::Duration};

use serde_json::Value;
use test_support::tools;
use tokio::{process::Command, time::timeout};

use crate::rig::{Agent, Pod, Rig};

pub(crate) const PODS: [Pod; 3] = [
    Pod { namespace: "payments", service_account: "api", associated: true },
    Pod { namespace: "other", service_account: "api", associated: true },
    Pod { namespace: "payments", service_account: "nobody", associated: false },
];

#[tokio::test(flavor = "multi_thread")]
async fn every_sdk_gets_credentials_whose_session_tags_decide() {
    let rig = Rig::start(&PODS).await;
    let keys = format!("--jwks={}", rig.folder.path().join("jwks.json").display());
    let agent = rig.agent(&[&keys]).await;
    for client in ["boto3", "go", "javascript", "rust"] {
        let told = run(client, &rig, &agent, 0).await.unwrap_or_else(|error| panic!("{client}: {error}"));
        let arn = told["arn"].as_str().unwrap();
        assert!(arn.starts_with("arn:aws:sts::111122223333:assumed-role/pods/eks-demo-"), "{client}: {told}");
        assert_eq!(
            (&told["random"], &told["denied"]),
            (&8.into(), &"AccessDeniedException".into()),
            "{client}: {told}"
        );
    }
    // One call for all four of them.
    let log = agent.process.log_tail();
    assert!(log.contains("tokens are verified by the cluster's keys"), "{log}");
    assert_eq!(log.matches("credentials issued").count(), 1, "{log}");

    // The same role in another namespace: the policy looks at the session's tag.
    let told = run("boto3", &rig, &agent, 1).await.unwrap();
    assert_eq!((&told["random"], &told["denied"]), (&0.into(), &"AccessDeniedException".into()), "{told}");

    let refused = run("boto3", &rig, &agent, 2).await.unwrap_err();
    assert!(refused.contains("ResourceNotFoundException") && refused.contains("nobody"), "{refused}");
    agent.process.stop(Duration::from_secs(20)).await;
}

/// What a client's program tells.
async fn run(client: &str, rig: &Rig, agent: &Agent, pod: usize) -> Result<Value, String> {
    run_with(client, rig, agent.environment(rig, pod)).await
}

pub(crate) async fn run_with(client: &str, rig: &Rig, environment: Vec<(String, String)>) -> Result<Value, String> {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients/pod");
    let mut stdin = Stdio::null();
    let program = match client {
        "boto3" => {
            let mut python = rig.program(tools().join("venv/bin/python"));
            python.arg(programs.join("pod_boto3.py"));
            python
        }
        "go" => rig.program(tools().join("pod-go")),
        "javascript" => {
            // Read from standard input, a script finds the packages of the folder that it runs in.
            stdin = fs::File::open(programs.join("pod.mjs")).unwrap().into();
            let mut node = rig.program("node");
            node.arg("--input-type=module").current_dir(tools().join("scenario-javascript"));
            node
        }
        // This test's own program, as the pod below.
        _ => {
            let mut itself = rig.program(env::current_exe().unwrap());
            itself.args(["--exact", "--ignored", "--nocapture", "sdks::a_pod_with_the_rust_sdk"]);
            itself
        }
    };
    let output = Command::from(program)
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .env("HOME", rig.folder.path())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .envs(environment)
        .stdin(stdin)
        .kill_on_drop(true)
        .output();
    let output = timeout(Duration::from_secs(60), output).await.expect("the program ends").unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if !output.status.success() {
        return Err(format!("{out}\n{err}"));
    }
    let line = out.lines().find(|line| line.starts_with('{')).ok_or_else(|| format!("{out}\n{err}"))?;
    serde_json::from_str(line).map_err(|error| format!("{error}: {out}"))
}

/// The pod of `tests/clients/pod` with the AWS SDK for Rust.
#[tokio::test]
#[ignore = "run by the test above, with a pod's environment"]
async fn a_pod_with_the_rust_sdk() {
    let config = aws_config::load_defaults(aws_config::BehaviorVersion::v2026_01_12()).await;
    let who = aws_sdk_sts::Client::new(&config).get_caller_identity().send().await.unwrap();
    let kms = aws_sdk_kms::Client::new(&config);
    let random = kms.generate_random().number_of_bytes(8).send().await.unwrap();
    let refused = kms.list_keys().send().await.unwrap_err();
    let denied = aws_sdk_kms::error::ProvideErrorMetadata::code(&refused).map(str::to_owned);
    let random = random.plaintext.map(|octets| octets.into_inner().len());
    println!("\n{}", serde_json::json!({ "arn": who.arn, "random": random, "denied": denied }));
}
