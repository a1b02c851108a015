//! Where the facts come from: an organization as the `aws` CLI prints it, and a world that the embedded AWS starts with.

use std::{fs, path::Path};

use aws_sdk_kms::{
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
    error::ProvideErrorMetadata as _,
};
use serde_json::{Value, json};

use crate::support::{Daemon, run, told};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/cross-account-volume-key");
const ACCOUNT: &str = "111122223333";
const ANN: &str = "arn:aws:iam::111122223333:user/ann";
const KEY: &str = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// What the `organizations` commands print of an account below a root, under the policies of `kinds`.
fn printed(directory: &Path) -> Vec<String> {
    let policy = |id: &str, kind: &str, statement: Value| {
        let content = json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
        let summary = json!({ "Id": id, "Name": id, "Type": kind, "AwsManaged": false });
        json!({ "Policy": { "PolicySummary": summary, "Content": content } })
    };
    let targets = |target: &str| json!({ "Targets": [{ "TargetId": target, "Type": "ACCOUNT" }] });
    let everything = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
    let for_everybody = json!({ "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*" });
    let deny = |action: &str| json!({ "Effect": "Deny", "Action": action, "Resource": "*" });
    let mut no_describe = deny("kms:DescribeKey");
    no_describe["Principal"] = "*".into();
    let (scp, rcp) = ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY");
    let documents = [
        (
            "999999999999".to_owned(),
            json!({ "Organization": { "Id": "o-example", "MasterAccountId": "999999999999", "FeatureSet": "ALL" } }),
        ),
        (format!("999999999999:{ACCOUNT}"), json!({ "Parents": [{ "Id": "r-abcd", "Type": "ROOT" }] })),
        ("999999999999".to_owned(), policy("p-all", scp, everything)),
        ("999999999999:p-all".to_owned(), json!({ "Targets": [{ "TargetId": "r-abcd" }, { "TargetId": ACCOUNT }] })),
        ("999999999999".to_owned(), policy("p-nolist", scp, deny("kms:ListKeys"))),
        ("999999999999:p-nolist".to_owned(), targets(ACCOUNT)),
        ("999999999999".to_owned(), policy("p-rall", rcp, for_everybody)),
        ("999999999999:p-rall".to_owned(), json!({ "Targets": [{ "TargetId": "r-abcd" }, { "TargetId": ACCOUNT }] })),
        ("999999999999".to_owned(), policy("p-nodescribe", rcp, no_describe)),
        ("999999999999:p-nodescribe".to_owned(), targets("r-abcd")),
    ];
    let write = |(index, (about, document)): (usize, &(String, Value))| {
        let path = directory.join(format!("{index}.json"));
        fs::write(&path, document.to_string()).unwrap();
        format!("{about}={}", path.to_str().unwrap())
    };
    documents.iter().enumerate().map(write).collect()
}

fn explained(outputs: &[String], question: &[&str]) -> (Option<i32>, String) {
    let mut arguments = vec!["explain", "-o", "json", "--principal", ANN, "--other-keys", "absent"];
    arguments.extend(outputs.iter().flat_map(|output| ["--aws-output", output.as_str()]));
    arguments.extend(question);
    let output = run(&arguments);
    (
        output.status.code(),
        if output.stdout.is_empty() { told(&output) } else { String::from_utf8(output.stdout).unwrap() },
    )
}

#[test]
fn an_organization_as_the_aws_cli_prints_it_denies_by_its_policies() {
    let directory = tempfile::tempdir().unwrap();
    let outputs = printed(directory.path());
    for (question, gate) in
        [(&["--action", "kms:ListKeys"][..], "scp"), (&["--action", "kms:DescribeKey", "--resource", KEY], "rcp")]
    {
        let (exit, text) = explained(&outputs, question);
        let answer: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"));
        assert_eq!(exit, Some(2));
        assert_eq!(answer["denial"], json!({ "effect": "explicit", "gate": gate, "account": ACCOUNT }), "{answer}");
    }
    // Of the account's users nothing is known, so what no policy of the organization denies stays open.
    let (_, text) = explained(&outputs, &["--action", "kms:ListAliases"]);
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["verdict"], "conditional", "{text}");
}

#[test]
fn what_is_missing_of_an_organization_is_asked_for_by_its_command() {
    let directory = tempfile::tempdir().unwrap();
    let outputs = printed(directory.path());
    let list = &["--action", "kms:ListKeys"];
    let without = |id: &str| {
        let is_description = |output: &&String| {
            let text = fs::read_to_string(output.split_once('=').unwrap().1).unwrap();
            text.contains(&format!("\"Id\":\"{id}\""))
        };
        outputs.iter().filter(|output| !is_description(output)).cloned().collect::<Vec<_>>()
    };
    let (exit, text) = explained(&without("p-nolist"), list);
    assert!(exit == Some(1) && text.contains("organizations describe-policy --policy-id p-nolist"), "{text}");
    let (exit, text) = explained(&without("o-example"), list);
    assert!(exit == Some(1) && text.contains("organizations describe-organization"), "{text}");

    let path = directory.path().join("a-part.json");
    fs::write(&path, json!({ "Targets": [], "NextToken": "more" }).to_string()).unwrap();
    let part = format!("999999999999:p-all={}", path.to_str().unwrap());
    let (exit, text) = explained(&[outputs, vec![part]].concat(), list);
    assert!(exit == Some(1) && text.contains("only a part of the answer"), "{text}");
}

#[tokio::test]
async fn the_embedded_aws_starts_with_a_world_and_answers_as_explain_does() {
    let directory = tempfile::tempdir().unwrap();
    let world = format!("{EXAMPLE}/world.yaml");
    let key = "arn:aws:kms:us-west-2:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let callers = [
        ("AKIDADMIN", "arn:aws:sts::444455556666:assumed-role/KeyAdmin/me", 0),
        ("AKIDNODE", "arn:aws:sts::111122223333:assumed-role/KarpenterNode/i-1", 2),
    ];
    let credentials = callers.map(|(id, principal, _)| format!("{id}:secret:{principal}"));
    let mut arguments = vec!["local-aws", "--listen=127.0.0.1:0", "--output=json", "--world", &world];
    arguments.extend(credentials.iter().flat_map(|credential| ["--credential", credential]));
    let daemon = Daemon::start(&arguments, directory.path());
    let ready = daemon.until("ready").pop().unwrap();
    for (id, principal, exit) in callers {
        let config = aws_sdk_kms::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-west-2"))
            .endpoint_url(ready["endpoint"].as_str().unwrap())
            .credentials_provider(Credentials::new(id, "secret", None, None, "test"))
            .retry_config(RetryConfig::disabled());
        let described = aws_sdk_kms::Client::from_conf(config.build()).describe_key().key_id(key).send().await;
        let question = ["explain", "-o", "json", "--world", &world, "--principal", principal, "--resource", key];
        let output = run(&[&question[..], &["--other-keys", "absent", "--action", "kms:DescribeKey"]].concat());
        let expected: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", told(&output)));
        assert_eq!(output.status.code(), Some(exit), "{principal}: {expected}");
        match described {
            Ok(described) => assert_eq!((exit, described.key_metadata.unwrap().arn()), (0, Some(key))),
            Err(error) => {
                let error = error.into_service_error();
                assert_eq!(error.code(), expected["error"]["code"].as_str());
                assert_eq!(error.message(), expected["error"]["message"].as_str());
            }
        }
    }
}
