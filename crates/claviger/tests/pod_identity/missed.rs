//! `claviger diagnose pod` says that a pod was missed exactly where the webhook does.

use std::process::Command;

use pod_identity::webhook::{Facts, Missed, Pod, ServiceAccount, Settings, missed};
use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::CLAVIGER;

const ASSOCIATIONS: &str = "
apiVersion: claviger.dev/v1alpha1
kind: PodIdentityAssociation
spec: {namespace: payments, serviceAccount: api, roleArn: 'arn:aws:iam::111122223333:role/reader'}
";

/// The link of a pod over files, by a cluster whose service account `api` has an association.
fn injection(folder: &std::path::Path, pod: &Value, account: &Value) -> Value {
    let write = |name: &str, text: &str| {
        let file = folder.join(name);
        std::fs::write(&file, text).unwrap();
        file
    };
    let objects = write("objects.json", &json!({ "kind": "List", "items": [pod, account] }).to_string());
    let mut command = Command::new(CLAVIGER);
    command.args(["diagnose", "pod", "payments/one", "-ojson", "--kubectl-output"]).arg(objects);
    command.arg("--associations").arg(write("associations.yaml", ASSOCIATIONS));
    command.arg("--world").arg(write("world.yaml", "accounts: {\"111122223333\": {}}"));
    command.args(["--cluster-arn=arn:aws:eks:us-west-2:111122223333:cluster/own"]);
    command.arg("--node-role=arn:aws:iam::111122223333:role/node").env_clear().env("HOME", folder);
    let output = command.output().unwrap();
    assert!(!output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let chain: Value = serde_json::from_slice(&output.stdout).unwrap();
    chain["links"].as_array().unwrap().iter().find(|link| link["name"] == "injection").unwrap().clone()
}

fn container(name: &str, variables: &[&str]) -> Value {
    let value = |name: &str| match name {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI" => "http://169.254.170.23/v1/credentials",
        _ => "/tokens/one",
    };
    let env: Vec<_> = variables.iter().map(|name| json!({ "name": name, "value": value(name) })).collect();
    json!({ "name": name, "env": env })
}

#[test]
fn a_pod_that_the_webhook_calls_missed_is_called_so_and_no_other() {
    const URI: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
    const TOKEN: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
    const ROLE: [&str; 2] = ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"];
    let folder = tempfile::tempdir().unwrap();
    let env = [&[][..], &[URI, TOKEN], &[URI], &[TOKEN], &ROLE];
    let metadata = [
        json!({}),
        json!({ "labels": { "eks.amazonaws.com/skip-pod-identity-webhook": "false" } }),
        // In quotes, as the peer takes it.
        json!({ "annotations": { "eks.amazonaws.com/skip-containers": "\"main\"" } }),
        json!({ "labels": { "eks.amazonaws.com/fargate-profile": "small" } }),
    ];
    let role = json!({ "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/old" });
    let accounts = [("api", json!({})), ("api", role.clone()), ("web", json!({})), ("web", role)];
    let mut counts = [0, 0];
    for (env, meta) in env.iter().flat_map(|env| metadata.iter().map(move |meta| (env, meta))) {
        for (name, annotations) in &accounts {
            for volume in ["other", "eks-pod-identity-token"] {
                let mut pod = json!({
                    "kind": "Pod", "metadata": meta,
                    "spec": {
                        "serviceAccountName": name, "nodeName": "one", "containers": [container("main", env)],
                        "volumes": [{ "name": volume, "emptyDir": {} }],
                    },
                });
                pod["metadata"]["namespace"] = "payments".into();
                pod["metadata"]["name"] = "one".into();
                let account = json!({
                    "kind": "ServiceAccount",
                    "metadata": { "namespace": "payments", "name": name, "annotations": annotations },
                });
                let told: Vec<_> = annotations.as_object().unwrap().iter().collect();
                let told = told.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap()));
                let settings = Settings::default();
                let read = ServiceAccount::of(told, &settings.annotation_prefix);
                let facts =
                    Facts { associated: *name == "api", service_account: Some(&read), settings: &settings, jitter: 0 };
                let missed = missed(&Pod::deserialize(&pod).unwrap(), &facts);

                let link = injection(folder.path(), &pod, &account);
                let text = link.to_string();
                // To be made anew helps where it was not injected, and only there.
                let is_broken = link["state"] == "broken";
                let says = match (text.contains("delete the pod"), text.contains("a volume of its own")) {
                    (true, false) if is_broken => Some(false),
                    (false, true) if is_broken => Some(true),
                    (false, false) => None,
                    _ => panic!("{link:#}"),
                };
                let webhook = missed.map(|missed| matches!(missed, Missed::VolumeTaken));
                assert_eq!(says, webhook, "{missed:?} of {pod:#}\nand {account:#}\n{link:#}");
                counts[usize::from(missed.is_some())] += 1;
            }
        }
    }
    assert!(counts.iter().all(|count| *count > 20), "{counts:?}");
}
