//! The probes of what is assumed of AWS, run through the `aws` command against the embedded AWS: once as it is assumed,
//! once with the assumption switched off. A probe has to tell the two apart.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use authz::{
    file::{NoFiles, world},
    rules::{
        Assumptions, RULES, Rule, Turns,
        probe::{Asked, Next, Outcome, Probe, Run, Verdict},
    },
    text::SourceText,
};
use jiff::SignedDuration;
use local_aws::{Clock, Credential, LocalAws, Options, Running};
use serde_json::{Value, json};

use crate::python::{venv, workspace};

const REGION: &str = "us-east-1";

/// The parameter of an image that is not encrypted, with one volume.
const IMAGE: &str = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";

/// The services of the embedded AWS, as the `aws` command names them.
const SERVICES: [&str; 6] = ["autoscaling", "ec2", "iam", "kms", "organizations", "sts"];

/// Of these the embedded AWS does not do what is assumed, as the ledger says of each.
const DEPARTURES: [&str; 1] = ["iam-policy-saved-text"];

/// Of this one it does neither: whatever key may not be used, a launch fails in the words of `Client.InvalidKMSKey.InvalidState`.
const NEITHER: &str = "launch-fails-inaccessible";

fn probes() -> impl Iterator<Item = (&'static Rule, Probe)> {
    RULES.iter().filter_map(|rule| Some((*rule, rule.probe()?.unwrap())))
}

/// Whether all that a probe calls is embedded.
fn is_embedded(probe: &Probe) -> bool {
    probe.all_calls().all(|call| SERVICES.contains(&call.service()))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_probe_tells_an_assumption_that_holds_from_one_that_does_not() {
    let mut cli = Cli::start();
    let mut wrong = Vec::new();
    let mut run = 0;
    for (rule, probe) in probes().filter(|(rule, probe)| is_embedded(probe) && rule.id != NEITHER) {
        let assumed = !DEPARTURES.contains(&rule.id);
        let mut worlds = vec![(Assumptions::default(), assumed)];
        // A switch of nothing, or of launches alone, turns nothing here.
        if rule.turns().is_some_and(Turns::is_of_embedded_aws) {
            worlds.push((Assumptions::default().with(rule.id, false).unwrap(), !assumed));
        }
        for (assumptions, holds) in worlds {
            let is_default = assumptions == Assumptions::default();
            let (found, left) = found(&mut cli, &probe, assumptions).await;
            run += 1;
            let wanted = if holds { Verdict::Holds } else { Verdict::DoesNotHold };
            if found != wanted || !left.is_empty() {
                wrong.push(format!("{} {}: {found:?}, left: {left:?}", rule.id, if is_default { "on" } else { "off" }));
            }
        }
    }
    println!("{run} runs");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_aws_command_takes_every_call_of_every_probe() {
    let mut cli = Cli::start();
    let (mut wrong, mut known) = (Vec::new(), BTreeSet::new());
    for (rule, probe) in probes() {
        for call in probe.all_calls() {
            let words: Vec<_> = call.words.iter().map(|word| stand_in(word)).collect();
            if !known.insert(words.clone()) {
                continue;
            }
            let Outcome { succeeded, printed } = cli.call(&json!({ "words": words }));
            if !succeeded {
                wrong.push(format!("{}: {}: {printed}", rule.id, call.text));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A word with something of the right form for each name.
fn stand_in(word: &str) -> String {
    let mut parts = word.split('<');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('>').unwrap();
        let is_account = name.chars().all(|letter| letter.is_ascii_uppercase());
        filled.push_str(if is_account { "111122223333" } else { "aGVsbG8gdGhlcmUsIHByb2Jl" });
        filled.push_str(rest);
    }
    filled
}

/// The verdict of a probe over an embedded AWS of its own, and what it left there.
async fn found(cli: &mut Cli, probe: &Probe, assumptions: Assumptions) -> (Verdict, Vec<String>) {
    let wants_v6 = probe.givens.iter().any(|given| given.name == "neighbour");
    let host: IpAddr = if wants_v6 { Ipv6Addr::LOCALHOST.into() } else { Ipv4Addr::LOCALHOST.into() };
    // Where nothing takes its time, none passes but what a probe waits.
    let is_ec2s = probe.all_calls().any(|call| ["autoscaling", "ec2"].contains(&call.service()));
    let clock: Clock = if is_ec2s { "real" } else { "frozen" }.parse().unwrap();
    let aws = start(assumptions, host, clock.clone()).await;
    let given = given(cli, &aws, probe);
    let instance = given.get("instance").cloned();
    let mut run = Run::new(probe, given).unwrap();
    loop {
        match run.next_step() {
            Next::Call(asked) => {
                // Whoever runs this at AWS waits as well: a role goes after the groups that use it.
                if asked.words.iter().any(|word| word == "delete-service-linked-role") {
                    groups_gone(cli, &aws, &clock);
                }
                run.answered(&cli.call(&request(&aws, &asked)));
            }
            Next::Wait(minutes) => {
                // What groups have to launch is launched before the time passes that it then has.
                ask(cli, &aws, "A", "autoscaling describe-auto-scaling-groups");
                clock.advance(SignedDuration::from_mins(minutes.into())).unwrap();
            }
            // Whoever is still connected is cut off.
            Next::Done(verdict) => {
                if let Some(instance) = &instance {
                    ask(cli, &aws, "A", &format!("ec2 terminate-instances --instance-ids {instance}"));
                    ask(cli, &aws, "A", &format!("ec2 wait instance-terminated --instance-ids {instance}"));
                }
                groups_gone(cli, &aws, &clock);
                let untold = run.left_behind().iter().map(|left| format!("{}: {}", left.call, left.printed));
                let left = untold.chain(still_there(cli, &aws, probe)).collect();
                return (verdict, left);
            }
        }
    }
}

/// A group that is deleted waits for its instances.
fn groups_gone(cli: &mut Cli, aws: &Running, clock: &Clock) {
    for _ in 0..100 {
        if !ask(cli, aws, "A", "autoscaling describe-auto-scaling-groups").contains("Delete in progress") {
            break;
        }
        clock.advance(SignedDuration::from_secs(10)).unwrap();
    }
}

/// What an administrator is answered, as text.
fn ask(cli: &mut Cli, aws: &Running, by: &str, words: &str) -> String {
    let words = words.split(' ').chain(["--output", "text"]).map(str::to_owned).collect();
    let asked = Asked { by: by.to_owned(), credentials: None, words };
    cli.call(&request(aws, &asked)).printed.trim().to_owned()
}

/// What is in the accounts that were not there before: everything that a probe makes has its name. Keys are pending
/// deletion, and the organization's policies decide as before.
fn still_there(cli: &mut Cli, aws: &Running, probe: &Probe) -> Vec<String> {
    let mut there = Vec::new();
    for caller in probe.givens.iter().filter(|given| given.is_caller()) {
        let mut ask = |words: &str| ask(cli, aws, &caller.name, words);
        let identities = ask("iam get-account-authorization-details");
        if identities.contains("probe") {
            there.push(format!("{}: {identities}", caller.name));
        }
        let keys = ask("kms list-keys --query Keys[].KeyId");
        for key in keys.split_whitespace() {
            let state = ask(&format!("kms describe-key --key-id {key} --query KeyMetadata.KeyState"));
            if !state.contains("PendingDeletion") && !state.contains("AccessDenied") {
                there.push(format!("{} has the key {key}, {state}", caller.name));
            }
        }
        for (what, words) in [
            ("volumes", "ec2 describe-volumes --query Volumes[].VolumeId"),
            ("snapshots", "ec2 describe-snapshots --owner-ids self --query Snapshots[].SnapshotId"),
            ("templates", "ec2 describe-launch-templates --query LaunchTemplates[].LaunchTemplateId"),
            (
                "instances",
                "ec2 describe-instances --query Reservations[].Instances[?State.Name!='terminated'][].InstanceId",
            ),
            ("groups", "autoscaling describe-auto-scaling-groups --query AutoScalingGroups[].AutoScalingGroupName"),
        ] {
            let found = ask(words);
            if !found.is_empty() {
                there.push(format!("{} has {what}: {found}", caller.name));
            }
        }
        if caller.name == "M" {
            let (_, target) = ACCOUNTS[0];
            for kind in ["SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"] {
                let listed = "organizations list-policies-for-target --query Policies[].Name";
                let attached = ask(&format!("{listed} --target-id {target} --filter {kind}"));
                if !["FullAWSAccess", "RCPFullAWSAccess"].contains(&attached.as_str()) {
                    there.push(format!("attached to {target}: {attached}"));
                }
            }
        }
    }
    there
}

/// The accounts that callers are of. M manages the organization that A is in.
const ACCOUNTS: [(&str, &str); 4] =
    [("A", "111122223333"), ("B", "444455556666"), ("M", "777788889999"), ("ROOT", "444455556666")];

const WORLD: &str = r#"
users:
  arn:aws:iam::111122223333:user/administrator:
    policies: &all {all: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "*", Resource: "*"}]}}
  arn:aws:iam::444455556666:user/administrator: {policies: *all}
  arn:aws:iam::777788889999:user/administrator: {policies: *all}
organization:
  id: o-abcdefghij
  managementAccount: "777788889999"
  root: {id: r-ab12, accounts: {"111122223333": {}}}
"#;

async fn start(assumptions: Assumptions, host: IpAddr, clock: Clock) -> Running {
    let world = world::read(&SourceText::new("world.yaml", WORLD), &NoFiles).unwrap();
    let credentials = ACCOUNTS.iter().map(|(name, _)| credential(name)).collect();
    let listen = SocketAddr::new(host, 0);
    LocalAws::start(Options { listen, world, credentials, assumptions, clock, ..Options::default() }).await.unwrap()
}

fn credential(name: &str) -> Credential {
    let (_, account) = ACCOUNTS.iter().find(|(known, _)| *known == name).unwrap();
    let user = if name == "ROOT" { "root" } else { "user/administrator" };
    format!("AKIAPROBE{name}:secret:arn:aws:iam::{account}:{user}").parse().unwrap()
}

fn given(cli: &mut Cli, aws: &Running, probe: &Probe) -> BTreeMap<String, String> {
    let mut ask = |words: &str| ask(cli, aws, "A", words);
    let mut of = |name: &str| match name {
        "address" => "127.0.0.1".to_owned(),
        "image" => ask(&format!("ssm get-parameter --name {IMAGE} --query Parameter.Value")),
        "neighbour" => "::2".to_owned(),
        "region" => REGION.to_owned(),
        "instance" => {
            let image = ask(&format!("ssm get-parameter --name {IMAGE} --query Parameter.Value"));
            let placed = format!("AvailabilityZone={REGION}a");
            let launched = ask(&format!(
                "ec2 run-instances --image-id {image} --instance-type t3.micro --placement {placed} --query Instances[0].InstanceId"
            ));
            ask(&format!("ec2 wait instance-running --instance-ids {launched}"));
            launched
        }
        "subnet" => ask(&format!(
            "ec2 describe-subnets --filters Name=availability-zone,Values={REGION}a --query Subnets[0].SubnetId"
        )),
        "tail" => "3333".to_owned(),
        "zone" => format!("{REGION}a"),
        caller => ACCOUNTS.iter().find(|(name, _)| *name == caller).map_or("", |(_, account)| account).to_owned(),
    };
    probe.givens.iter().map(|given| (given.name.clone(), of(&given.name))).collect()
}

fn request(aws: &Running, asked: &Asked) -> Value {
    let (key, secret, token) = match &asked.credentials {
        None => {
            let Credential { access_key_id, secret_access_key, .. } = credential(&asked.by);
            (json!(access_key_id), json!(String::from_utf8_lossy(secret_access_key.expose())), Value::Null)
        }
        Some(answer) => {
            let answer: Value = serde_json::from_str(answer).unwrap();
            let held = answer.get("Credentials").or_else(|| answer.get("AccessKey")).unwrap();
            let member = |name: &str| held.get(name).cloned().unwrap_or_default();
            (member("AccessKeyId"), member("SecretAccessKey"), member("SessionToken"))
        }
    };
    json!({ "endpoint": aws.endpoint_url(), "key": key, "secret": secret, "token": token, "words": asked.words })
}

/// The `aws` command, started once.
struct Cli {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    _home: tempfile::TempDir,
}

impl Cli {
    fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut process = Command::new(venv().join("python"))
            .arg(workspace().join("tests/clients/aws_cli.py"))
            .env_clear()
            .env("PATH", venv())
            // No configuration of whoever runs the tests.
            .env("HOME", home.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_DEFAULT_REGION", REGION)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (process.stdin.take(), BufReader::new(process.stdout.take().unwrap()));
        Self { process, input, output, _home: home }
    }

    fn call(&mut self, call: &Value) -> Outcome {
        writeln!(self.input.as_mut().unwrap(), "{call}").unwrap();
        let mut answer = String::new();
        self.output.read_line(&mut answer).unwrap();
        let answer: Answered = serde_json::from_str(&answer).unwrap();
        Outcome { succeeded: answer.succeeded, printed: answer.printed }
    }
}

#[derive(serde::Deserialize)]
struct Answered {
    succeeded: bool,
    printed: String,
}

impl Drop for Cli {
    fn drop(&mut self) {
        // It ends with its input.
        drop(self.input.take());
        let _ = self.process.wait();
    }
}
