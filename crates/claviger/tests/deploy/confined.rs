//! The agent's containers do their work as the root that the chart makes them: with one capability each, and no way to another.

use std::{fs, process::Command};

use control_plane::Process;
use serde_json::{Value, json};
use test_support::eventually;

use crate::{CLAVIGER, helm::render, plane::SOON};

/// The container's program with its flags, under its `securityContext`, as a line of shell. As runc has it: the capabilities that are
/// added are all that it can ever have, and nothing that it starts gains any (`no_new_privs`).
fn confined(container: &Value, user: &Value) -> String {
    let context = &container["securityContext"];
    assert_eq!(
        (&context["allowPrivilegeEscalation"], &context["capabilities"]["drop"]),
        (&json!(false), &json!(["ALL"]))
    );
    let user = context.get("runAsUser").unwrap_or(user);
    let added = context["capabilities"]["add"].as_array().into_iter().flatten();
    let added: Vec<String> = added.map(|name| format!(",+{}", name.as_str().unwrap().to_lowercase())).collect();
    assert_eq!(user == &json!(0), added.len() == 1, "another user's process would not get them: {context}");
    let arguments = container["args"].as_array().unwrap().iter();
    let arguments: Vec<String> = arguments.map(|argument| format!("'{}'", argument.as_str().unwrap())).collect();
    let (capabilities, arguments) = (added.concat(), arguments.join(" "));
    format!(
        "setpriv --bounding-set -all{capabilities} --inh-caps -all{capabilities} --no-new-privs {CLAVIGER} {arguments}"
    )
}

#[tokio::test]
async fn one_capability_each_is_enough_for_the_agent_and_for_its_addresses() {
    bind_both(0, "true").await;
}

/// Root without capabilities stands for the other user, whom a namespace of the test's own does not know.
#[tokio::test]
async fn none_is_enough_for_the_agent_where_every_user_may_have_port_80() {
    bind_both(65532, "echo 80 > /proc/sys/net/ipv4/ip_unprivileged_port_start").await;
}

async fn bind_both(user: u32, before: &str) {
    let values = json!({
        "cluster": { "name": "demo", "region": "eu-west-1" },
        "agent": { "upstream": "eks", "watchPods": false, "runAsUser": user },
        "broker": { "enabled": false }, "webhook": { "enabled": false },
    });
    let rendered = render(&values).unwrap();
    let spec = rendered.iter().find_map(|document| document.pod_spec()).unwrap();
    let user = &spec["securityContext"]["runAsUser"];
    let initialize = confined(&spec["initContainers"][0], user);
    let agent = confined(&spec["containers"][0], user);

    // A network of its own, in which nobody else has the addresses.
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--net", "sh", "-e", "-c"]);
    command.arg(format!("ip link set lo up; {before}; {initialize}; exec {agent}"));
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    let process = Process::spawn(command, &folder.path().join("agent.log")).unwrap();
    let address =
        |line: Value| (line["message"] == "listening").then(|| line["address"].as_str().map(str::to_owned))?;
    eventually("both addresses are bound", SOON, async || {
        let log = fs::read_to_string(process.log()).unwrap();
        let lines = log.lines().filter_map(|line| serde_json::from_str(line).ok());
        let mut bound: Vec<String> = lines.filter_map(address).collect();
        bound.sort();
        if bound == ["169.254.170.23:80", "[fd00:ec2::23]:80"] { Ok(()) } else { Err(log) }
    })
    .await;
    assert!(process.stop(SOON).await.success(), "{}", process.log_tail());
}
