//! Agents that sign as EKS Auth is asked and do not say which node they are of: AWS's own does so, and ours without a broker.

use std::{
    env,
    ffi::OsString,
    net::{SocketAddr, TcpListener},
    process::Command,
};

use control_plane::Process;
use test_support::{EmbeddedAws, REGION, eventually};

use crate::{
    CLAVIGER,
    cluster::{SOON, http},
    outside::{Outside, claviger},
    rig::{Agent, Rig},
    sdks::run_with,
};

/// Names eks-pod-identity-agent, built by whoever runs the test: it is no part of this repository.
const PEER: &str = "CLAVIGER_PEER_POD_IDENTITY_AGENT";

/// By the command and flags of AWS's agent, which ours takes, too.
async fn start(rig: &Rig, name: &str, program: &[OsString], broker: SocketAddr) -> Agent {
    // AWS's does not choose a port by itself, nor tell which.
    let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (address, probe, metrics) = (free(), free().port(), free().port());
    let folder = rig.folder.path();
    let mut command = Command::new(&program[0]);
    command.args(&program[1..]).args(["server", "--cluster-name=demo", "--bind-hosts=127.0.0.1"]);
    command.args(["--metrics-address=127.0.0.1".to_owned(), format!("--port={}", address.port())]);
    command.args([format!("--probe-port={probe}"), format!("--metrics-port={metrics}")]);
    command.arg(format!("--endpoint=https://localhost:{}", broker.port()));
    command.env_clear().env("HOME", folder).env("SSL_CERT_FILE", folder.join("tls.crt"));
    command.env("AWS_REGION", REGION).envs(EmbeddedAws::environment(rig.aws.address()));
    command.env_remove("AWS_ENDPOINT_URL");
    let process = Process::spawn(command, &folder.join(format!("{name}.log"))).unwrap();
    eventually("it listens", SOON, async || {
        let connected = tokio::net::TcpStream::connect(address).await;
        connected.map(drop).map_err(|error| format!("{error}: {}", process.log_tail()))
    })
    .await;
    Agent { process, address }
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_of_no_node_are_served_where_that_is_allowed_alone() {
    let mut agents = vec![("ours", vec![CLAVIGER.into(), "pod-identity".into()])];
    match env::var_os(PEER) {
        Some(program) => agents.push(("peer", vec![program])),
        None => println!("{PEER} names no eks-pod-identity-agent: it is not tested"),
    }
    let mut outside = Outside::start().await;
    let pod = outside.pod("payments", "api", "one").await;
    outside.write_agent_token().await;
    let keys = outside.write_keys().await.display().to_string();
    let associations = outside.associate(&["payments"]).display().to_string();
    let arguments = outside.broker(Some(&keys), &associations);
    let strict = outside.start_broker("strict", claviger(&arguments), &[]).await;
    let open = [&arguments[..], &["--allow-unbound-agents".to_owned()]].concat();
    let open = outside.start_broker("open", claviger(&open), &[]).await;
    for (name, program) in agents {
        let before_open = start(&outside.rig, &format!("{name}-open"), &program, open.address).await;
        let environment = before_open.environment(&outside.rig, pod);
        let told = run_with("boto3", &outside.rig, environment).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(told["random"], 8, "{name}: {told}");

        let before_strict = start(&outside.rig, &format!("{name}-strict"), &program, strict.address).await;
        let token = std::fs::read_to_string(&outside.rig.tokens[pod]).unwrap();
        let headers = format!("Authorization: {token}\r\n");
        let refused = http(before_strict.address, "GET /v1/credentials", &headers, "").await;
        assert!(!refused.starts_with("HTTP/1.1 200") && !refused.contains("SecretAccessKey"), "{name}: {refused}");
        for agent in [before_open, before_strict] {
            agent.process.stop(SOON).await;
        }
    }
    let log = std::fs::read_to_string(strict.process.log()).unwrap();
    assert!(log.contains("MissingAuthenticationTokenException") && !log.contains("credentials issued"), "{log}");
    open.process.stop(SOON).await;
    strict.process.stop(SOON).await;
    outside.cluster.plane.stop().await;
}
