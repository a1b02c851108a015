//! A cluster in an embedded AWS, pods' tokens, and an agent before it.

use std::{
    ffi::OsStr,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use control_plane::Process;
use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::{EmbeddedAws, eventually, tools};
use tokio::{io::AsyncWriteExt as _, process::Command};

use crate::{
    CLAVIGER,
    network::{Network, program_in},
};

/// A pod's service account, and whether that has a role.
pub(crate) struct Pod {
    pub(crate) namespace: &'static str,
    pub(crate) service_account: &'static str,
    pub(crate) associated: bool,
}

/// What runs.
pub(crate) struct Rig {
    pub(crate) folder: TempDir,
    pub(crate) aws: EmbeddedAws,
    /// Of each pod, the file with its token.
    pub(crate) tokens: Vec<PathBuf>,
    /// Where everything runs, if not in the network of the test.
    network: Option<Network>,
}

impl Rig {
    pub(crate) async fn start(pods: &[Pod]) -> Self {
        Self::start_in(None, pods).await
    }

    pub(crate) async fn start_in(network: Option<Network>, pods: &[Pod]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let claviger = match &network {
            Some(network) => network.script(folder.path(), CLAVIGER),
            None => PathBuf::from(CLAVIGER),
        };
        let aws = EmbeddedAws::start(&claviger, folder.path()).await;
        let asked: Vec<Value> = pods
            .iter()
            .map(|pod| json!({ "namespace": pod.namespace, "serviceAccount": pod.service_account, "associated": pod.associated }))
            .collect();
        let made = setup(network.as_ref(), aws.address(), &Value::Array(asked), folder.path()).await;
        fs::write(folder.path().join("jwks.json"), made["jwks"].to_string()).unwrap();
        let tokens = made["tokens"].as_array().unwrap().iter().enumerate();
        let tokens = tokens
            .map(|(number, token)| {
                let file = folder.path().join(format!("token-{number}"));
                fs::write(&file, token.as_str().unwrap()).unwrap();
                file
            })
            .collect();
        Self { folder, aws, tokens, network }
    }

    /// What a test has started by itself.
    pub(crate) fn of(folder: TempDir, aws: EmbeddedAws, tokens: Vec<PathBuf>) -> Self {
        Self { folder, aws, tokens, network: None }
    }

    /// A program in the network of everything else.
    pub(crate) fn program(&self, program: impl AsRef<OsStr>) -> std::process::Command {
        program_in(self.network.as_ref(), program)
    }

    /// An agent on free ports of this machine.
    pub(crate) async fn agent(&self, flags: &[&str]) -> Agent {
        let here = ["--bind-hosts=127.0.0.1", "--port=0", "--probe-port=0", "--metrics-port=0"];
        self.agent_at(&[&here, flags].concat()).await
    }

    /// An agent that listens where the flags say.
    pub(crate) async fn agent_at(&self, flags: &[&str]) -> Agent {
        let mut command = self.program(CLAVIGER);
        command.args(["pod-identity", "agent", "--cluster-name=demo", "--log-format=json", "--max-pod-qps=0"]);
        command.args(["--metrics-address=127.0.0.1"]).arg(format!("--endpoint=http://{}", self.aws.address()));
        command.args(flags).env_clear().env("HOME", self.folder.path());
        command.envs(EmbeddedAws::environment(self.aws.address()));
        let process = Process::spawn(command, &self.folder.path().join("agent.log")).unwrap();
        let address = eventually("the agent listens", Duration::from_secs(20), async || {
            address(&process.log_tail(), "listening").ok_or_else(|| process.log_tail())
        })
        .await;
        Agent { process, address }
    }
}

/// The agent as a process.
pub(crate) struct Agent {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
}

impl Agent {
    /// Where its metrics are.
    pub(crate) async fn side_port(&self) -> SocketAddr {
        eventually("the agent has a side port", Duration::from_secs(20), async || {
            address(&self.process.log_tail(), "health and metrics").ok_or_else(|| self.process.log_tail())
        })
        .await
    }

    /// What EKS's webhook sets in a pod, and where AWS is.
    pub(crate) fn environment(&self, rig: &Rig, pod: usize) -> Vec<(String, String)> {
        Self::environment_at(self.address, rig, pod)
    }

    pub(crate) fn environment_at(agent: SocketAddr, rig: &Rig, pod: usize) -> Vec<(String, String)> {
        let region = test_support::REGION.to_owned();
        [
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("http://{agent}/v1/credentials")),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", rig.tokens[pod].display().to_string()),
            ("AWS_REGION", region.clone()),
            ("AWS_DEFAULT_REGION", region),
            ("AWS_STS_REGIONAL_ENDPOINTS", "regional".to_owned()),
            ("AWS_ENDPOINT_URL", format!("http://{}", rig.aws.address())),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}

/// The address of a line of the log with this message.
pub(crate) fn address(log: &str, message: &str) -> Option<SocketAddr> {
    let mut lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.find(|line| line["message"] == message)?["address"].as_str()?.parse().ok()
}

async fn setup(network: Option<&Network>, aws: SocketAddr, pods: &Value, home: &Path) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients/pod/pod_setup.py");
    let mut python = Command::from(program_in(network, tools().join("venv/bin/python")))
        .arg(script)
        .env_clear()
        .env("HOME", home)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .envs(EmbeddedAws::environment(aws))
        .env("AWS_DEFAULT_REGION", test_support::REGION)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(pods.to_string().as_bytes()).await.unwrap();
    let made = python.wait_with_output().await.unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    serde_json::from_slice(&made.stdout).unwrap()
}
