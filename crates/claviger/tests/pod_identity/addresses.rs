//! The real link-local addresses, in a network of the test's own.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    CLAVIGER,
    network::{Network, program_in},
    rig::{Agent, Rig},
    sdks::{PODS, run_with},
};

fn initialize(network: &Network) -> (Value, String) {
    let mut command = program_in(Some(network), CLAVIGER);
    let output = command.args(["pod-identity", "initialize", "-o", "json"]).output().unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{log}");
    (serde_json::from_slice(&output.stdout).unwrap(), log)
}

#[tokio::test(flavor = "multi_thread")]
async fn pods_reach_the_agent_by_both_families_and_share_its_cache() {
    let network = Network::new(true).await;
    let (told, _) = initialize(&network);
    assert_eq!(told["addresses"], json!(["169.254.170.23", "fd00:ec2::23"]), "{told}");
    // Again, as after the restart of an init container.
    let (again, _) = initialize(&network);
    assert_eq!((&again["addresses"], &again["missing"]), (&told["addresses"], &json!([])));
    if told["link"] == "pod-id-link0" {
        assert_eq!(again["kind"], "existing");
        let routes = network.sh("ip route show 169.254.170.23; ip -6 route show fd00:ec2::23");
        assert_eq!(routes.matches("dev pod-id-link0").count(), 2, "{routes}");
    }

    let rig = Rig::start_in(Some(network), &PODS).await;
    let agent = rig.agent_at(&[]).await;
    for address in ["169.254.170.23:80", "[fd00:ec2::23]:80"] {
        let environment = Agent::environment_at(address.parse().unwrap(), &rig, 0);
        let told = run_with("boto3", &rig, environment).await.unwrap_or_else(|error| panic!("{address}: {error}"));
        assert_eq!(told["random"], 8, "{told}");
    }
    let log = agent.process.log_tail();
    assert_eq!(log.matches("credentials issued").count(), 1, "{log}");
    agent.process.stop(Duration::from_secs(20)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_ipv6_it_is_told_once_and_done_without() {
    let network = Network::new(false).await;
    let rig = Rig::start_in(Some(network), &PODS).await;
    let agent = rig.agent_at(&["--initialize"]).await;
    let environment = Agent::environment_at("169.254.170.23:80".parse().unwrap(), &rig, 0);
    let told = run_with("boto3", &rig, environment).await.unwrap();
    assert_eq!(told["random"], 8, "{told}");
    // Longer than it takes to try again.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let log = agent.process.log_tail();
    let about = log.lines().filter(|line| line.contains("WARN") && line.contains("fd00:ec2::23")).count();
    assert_eq!(about, 2, "once of the address, once of the port:\n{log}");
    let probe = rig.program("curl").args(["-sS", "http://localhost:2703/readyz"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&probe.stdout), "ok\n", "{log}");
    agent.process.stop(Duration::from_secs(20)).await;
}
