//! What the apiserver takes for an association, and in what words it refuses the rest.

use std::{env, fs};

use serde_json::{Value, json};
use test_support::{NEWEST_KUBERNETES, OLDEST_KUBERNETES};

use crate::rig::{ASSOCIATIONS, Rig, deployed};

const ROLE: &str = "arn:aws:iam::111122223333:role/reader";

#[test]
fn the_file_has_the_definition() {
    let definition = serde_saphyr::to_string(&kubernetes::association_definition()).unwrap();
    let text = format!(
        "# Written by `UPDATE_DOCS=1 cargo test -p kubernetes` from crates/kubernetes/src/association/definition.rs.\n{definition}"
    );
    let path = deployed("crds/claviger.dev_podidentityassociations.yaml");
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == text, "{} is not the definition: run with UPDATE_DOCS=1", path.display());
}

#[tokio::test(flavor = "multi_thread")]
async fn kubernetes_1_31_refuses_what_is_no_association_and_says_why() {
    refuses_what_is_no_association(OLDEST_KUBERNETES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kubernetes_1_37_refuses_what_is_no_association_and_says_why() {
    refuses_what_is_no_association(NEWEST_KUBERNETES).await;
}

async fn refuses_what_is_no_association(version: &str) {
    let rig = Rig::start(version).await;
    let whole = json!({
        "namespace": "pay*", "serviceAccount": "?pi.*", "roleArn": ROLE,
        "targetRoleArn": "arn:aws-us-gov:iam::444455556666:role/path/target",
        "externalId": "us-east-1/111122223333/prod@a:b=c+d",
        "disableSessionTags": true,
        "sessionTags": { "Team": "a b", "cost/center": "" },
        "sessionName": "{cluster}-{namespace}.{serviceAccount}@{pod}",
        "policy": r#" {"Version": "2012-10-17", "Statement": []}"#,
    });
    rig.associate("whole", whole).await.unwrap();

    let with = |member: &str, value: Value| {
        let mut spec = json!({ "namespace": "payments", "serviceAccount": "api", "roleArn": ROLE });
        spec[member] = value;
        spec
    };
    rig.associate("least", with("namespace", "payments".into())).await.unwrap();
    let arn = "is the ARN of a role, as arn:aws:iam::111122223333:role/NAME";
    let long = "x".repeat(64);
    let refused = [
        (with("namespace", Value::Null), "spec.namespace: Required value"),
        (with("namespace", "".into()), "at least 1 chars long"),
        (
            with("namespace", "Payments".into()),
            "is a namespace or a pattern of such: a-z, 0-9, -, * for any characters",
        ),
        (with("namespace", "a.b".into()), "is a namespace or a pattern of such"),
        (with("namespace", long.into()), "Too long: may not be "),
        (with("serviceAccount", "a/b".into()), "is a service account or a pattern of such"),
        (with("roleArn", "reader".into()), arn),
        (with("roleArn", "arn:aws:iam::111122223333:user/reader".into()), arn),
        (with("roleArn", "arn:aws:iam::1111:role/reader".into()), arn),
        (with("targetRoleArn", "".into()), arn),
        (with("externalId", "abc".into()), "an externalId is for the target role: targetRoleArn is missing"),
        (with("policy", "{}".into()), "a policy needs disableSessionTags: true, as at EKS"),
        (with("policy", "Allow".into()), "is a policy as JSON, as {\"Version\": \"2012-10-17\", \"Statement\": [...]}"),
        (with("disableSessionTags", "yes".into()), "must be of type boolean"),
        (with("sessionTags", json!({ "aws:x": "a" })), "has no key of AWS's own: none begins with aws:"),
        (with("sessionTags", json!({ "Kubernetes-Namespace": "a" })), "EKS's six are there by themselves"),
        (with("sessionTags", json!({ "a": "b*" })), "has keys (1 to 128 characters) and values of letters, digits"),
        (with("sessionTags", json!({ "a": 1 })), "must be of type string"),
        (
            with("sessionName", "a/{pod}".into()),
            "has letters, digits, _+=,.@- and the placeholders {cluster}, {namespace}",
        ),
        (with("sessionName", "{node}".into()), "has letters, digits, _+=,.@- and the placeholders"),
        (
            json!({
                "namespace": "payments", "serviceAccount": "api", "roleArn": ROLE,
                "disableSessionTags": true, "sessionName": "{pod}",
            }),
            "where session tags are disabled it begins with a text of its own or {cluster}",
        ),
    ];
    for (spec, words) in refused {
        let error = rig.associate("refused", spec.clone()).await.unwrap_err();
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(words), "{spec}: {message}");
    }

    let path = format!("{ASSOCIATIONS}/least");
    let mut moved = rig.get(&path).await.unwrap();
    moved["spec"]["namespace"] = "other".into();
    let error = rig.ask("PUT", &path, Some(&moved)).await.unwrap_err();
    assert!(error["message"].as_str().unwrap().contains("never changes, as at EKS"), "{error}");
    moved["spec"]["namespace"] = "payments".into();
    moved["spec"]["roleArn"] = "arn:aws:iam::111122223333:role/writer".into();
    rig.ask("PUT", &path, Some(&moved)).await.unwrap();

    let told = rig.kubectl(&["get", "pia"]).await;
    let columns: Vec<&str> =
        told.lines().next().unwrap().split("  ").map(str::trim).filter(|c| !c.is_empty()).collect();
    assert_eq!(columns, ["NAME", "NAMESPACE", "SERVICE ACCOUNT", "ROLE", "ACCEPTED", "WHY", "AGE"]);
    let explained = rig.kubectl(&["explain", "pia.spec.policy"]).await;
    assert!(explained.contains("A session policy, as JSON"), "{explained}");
}
