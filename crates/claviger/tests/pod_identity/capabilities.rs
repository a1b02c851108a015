//! What the agent can do with no more than it says that it takes, and with ports and addresses that are not there yet.

use std::{fs, process::Command, time::Duration};

use control_plane::Process;
use serde_json::Value;
use test_support::{EmbeddedAws, eventually, tools};

use crate::{
    CLAVIGER,
    cluster::SOON,
    network::{Network, program_in},
    rig::Rig,
    sdks::PODS,
};

const BOTH: &str = "-all,+net_admin,+net_bind_service";
/// Of `capabilities(7)`: numbers 10 and 12.
const EFFECTIVE: &str = "CapEff:\t0000000000001400";
const ADDRESSES: [&str; 2] = ["169.254.170.23:80", "[fd00:ec2::23]:80"];

/// What the log tells with this message: where.
fn addresses(process: &Process, message: &str) -> Vec<String> {
    let log = fs::read_to_string(process.log()).unwrap();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let lines = lines.filter(|line| line["message"].as_str().is_some_and(|told| told.starts_with(message)));
    let mut all: Vec<_> = lines.filter_map(|line| line["address"].as_str().map(str::to_owned)).collect();
    all.sort();
    all
}

async fn binds(process: &Process, wanted: &[&str]) {
    eventually("the agent listens", SOON, async || {
        let bound = addresses(process, "listening");
        if bound == wanted { Ok(()) } else { Err((bound, process.log_tail())) }
    })
    .await;
}

fn status(process: &Process) -> String {
    fs::read_to_string(format!("/proc/{}/status", process.pid())).unwrap()
}

/// The status and the body that `curl` gets.
fn curl(mut command: Command, url: &str, headers: &[&str]) -> String {
    command.args(["-sSg", "--max-time", "20", "-w", " %{http_code}", url]);
    command.args(headers.iter().flat_map(|header| ["-H", header]));
    let output = command.output().unwrap();
    String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
}

/// An agent that no pod gets anything from: there is no AWS behind it.
fn agent(network: &Network, folder: &tempfile::TempDir) -> Process {
    let mut command = program_in(Some(network), CLAVIGER);
    command.args(["pod-identity", "agent", "--cluster-name=demo", "--log-format=json", "--metrics-port=none"]);
    command.args(["--region=us-west-2", "--endpoint=http://127.0.0.1:9"]).env_clear().env("HOME", folder.path());
    Process::spawn(command, &folder.path().join("agent.log")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_capabilities_are_enough_to_set_the_addresses_up_and_to_serve_there() {
    let rig = Rig::start_in(Some(Network::new(true).await), &PODS[..1]).await;
    let mut command = rig.program("setpriv");
    command.args(["--bounding-set", BOTH, "--inh-caps", BOTH, "--no-new-privs", CLAVIGER, "pod-identity", "agent"]);
    command.args(["--initialize", "--cluster-name=demo", "--log-format=json"]);
    command.arg(format!("--endpoint=http://{}", rig.aws.address()));
    command.env_clear().env("HOME", rig.folder.path()).envs(EmbeddedAws::environment(rig.aws.address()));
    let process = Process::spawn(command, &rig.folder.path().join("agent.log")).unwrap();
    binds(&process, &ADDRESSES).await;
    let status = status(&process);
    assert!(status.contains(EFFECTIVE), "{status}");
    let token = format!("Authorization: {}", fs::read_to_string(&rig.tokens[0]).unwrap());
    for address in ADDRESSES {
        let given = curl(rig.program("curl"), &format!("http://{address}/v1/credentials"), &[&token]);
        assert!(given.contains("\"AccessKeyId\"") && given.ends_with(" 200"), "{given}");
    }
    assert!(process.stop(SOON).await.success(), "{}", process.log_tail());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_that_is_not_root_needs_them_as_ambient_ones() {
    let folder = tempfile::tempdir().unwrap();
    let run = |ambient: &str, name: &str| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-user=1000", "--map-group=1000", "--net", "--keep-caps", "sh", "-e", "-c"]);
        command.arg(format!(
            "ip link set lo up; exec setpriv --bounding-set {BOTH} --inh-caps {BOTH} --ambient-caps {ambient} --no-new-privs \
             {CLAVIGER} pod-identity agent --initialize --cluster-name=demo --region=us-west-2 --log-format=json"
        ));
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("HOME", folder.path());
        Process::spawn(command, &folder.path().join(name)).unwrap()
    };
    let process = run(BOTH, "agent.log");
    binds(&process, &ADDRESSES).await;
    let status = status(&process);
    assert!(status.contains(EFFECTIVE), "{status}");
    let users = fs::read_to_string(format!("/proc/{}/uid_map", process.pid())).unwrap();
    assert_eq!(users.split_whitespace().next(), Some("1000"), "{users}");
    let mut within = Command::new("nsenter");
    within.arg(format!("--target={}", process.pid())).args(["--user", "--net", "--preserve-credentials", "curl"]);
    assert_eq!(curl(within, "http://localhost:2703/readyz", &[]), "ok\n 200", "{}", process.log_tail());
    assert!(process.stop(SOON).await.success(), "{}", process.log_tail());

    // Without, it ends and says what it takes.
    let process = run("-all", "refused.log");
    assert!(!process.ended().await.success());
    assert!(process.log_tail().contains("CAP_NET_ADMIN"), "{}", process.log_tail());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_another_process_has_is_told_once_and_taken_over_when_that_ends() {
    let (network, folder) = (Network::new(true).await, tempfile::tempdir().unwrap());
    assert!(
        program_in(Some(&network), CLAVIGER).args(["pod-identity", "initialize"]).output().unwrap().status.success()
    );
    let mut other = program_in(Some(&network), tools().join("venv/bin/python"));
    other.args(["-m", "http.server", "--bind", "::", "--directory"]).arg(folder.path()).arg("80");
    let other = Process::spawn(other, &folder.path().join("other.log")).unwrap();
    let probe = |url: &str| curl(program_in(Some(&network), "curl"), url, &[]);
    eventually("the other process has the port", SOON, async || {
        let answer = probe("http://169.254.170.23/");
        if answer.ends_with(" 200") { Ok(()) } else { Err(answer) }
    })
    .await;

    let process = agent(&network, &folder);
    let taken = "not listening there yet: another process has the port";
    eventually("it is told of both addresses", SOON, async || {
        if addresses(&process, taken) == ADDRESSES { Ok(()) } else { Err(process.log_tail()) }
    })
    .await;
    eventually("it is not ready", SOON, async || {
        let ready = probe("http://localhost:2703/readyz");
        if ready.ends_with(" 503") && ready.contains("169.254.170.23:80") { Ok(()) } else { Err(ready) }
    })
    .await;
    // Longer than it takes to try again.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    other.stop(SOON).await;
    binds(&process, &ADDRESSES).await;
    assert_eq!(probe("http://localhost:2703/readyz"), "ok\n 200");
    assert_eq!(addresses(&process, "not listening"), ADDRESSES, "{}", process.log_tail());
    assert!(process.stop(SOON).await.success(), "{}", process.log_tail());
}

/// Linux has no switch for IPv4 as it has for IPv6: what there is are networks that have no address of it for pods.
#[tokio::test(flavor = "multi_thread")]
async fn where_only_the_ipv6_address_is_there_pods_are_served_by_it() {
    let (network, folder) = (Network::new(true).await, tempfile::tempdir().unwrap());
    network.sh("ip address add fd00:ec2::23/128 dev lo nodad");
    let process = agent(&network, &folder);
    binds(&process, &ADDRESSES[1..]).await;
    let probe = |url: &str| curl(program_in(Some(&network), "curl"), url, &[]);
    eventually("it is ready", SOON, async || {
        let ready = probe("http://localhost:2703/readyz");
        if ready == "ok\n 200" { Ok(()) } else { Err((ready, process.log_tail())) }
    })
    .await;
    let answer = probe("http://[fd00:ec2::23]/v1/credentials");
    assert!(answer.ends_with(" 400"), "{answer}");
    // Longer than it takes to try again.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let told = addresses(&process, "not listening there yet: the address is not set up");
    assert_eq!(told, &ADDRESSES[..1], "{}", process.log_tail());
    assert!(process.stop(SOON).await.success(), "{}", process.log_tail());
}
