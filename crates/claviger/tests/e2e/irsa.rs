//! IAM roles for service accounts on a cluster of one's own: a real apiserver issues the token, boto3 takes it from the file
//! that EKS's webhook would mount, and the embedded AWS knows the cluster's keys from a file.

use std::{path::Path, process::Output};

use control_plane::Kubernetes;
use serde_json::{Value, json};
use test_support::{EmbeddedAws, control_plane, tools};
use tokio::process::Command;

use super::{CLAVIGER, on_each_apiserver};

const ISSUER: &str = "https://oidc.example.com/demo";

on_each_apiserver! { a_service_account_assumes_its_role_and_opens_what_that_may_open }

async fn a_service_account_assumes_its_role_and_opens_what_that_may_open(version: &str) {
    let folder = tempfile::tempdir().unwrap();
    let plane = control_plane(version, folder.path(), vec![format!("--service-account-issuer={ISSUER}")]).await;
    let keys = folder.path().join("jwks.json");
    let published = ask(plane.kubernetes(), "GET", "/openid/v1/jwks", None).await;
    std::fs::write(&keys, published.to_string()).unwrap();
    let told = format!("--oidc-keys={ISSUER}={}", keys.display());
    let aws = EmbeddedAws::start_with(Path::new(CLAVIGER), folder.path(), &[told]).await;

    let made = run(aws.address(), &["setup", ISSUER, "system:serviceaccount:default:api"], &[]).await;
    assert!(made.status.success(), "{made:?}");
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    let role = made["role"].as_str().unwrap();
    let pod = async |account: &str| {
        let file = folder.path().join(account);
        std::fs::write(&file, token(plane.kubernetes(), account).await).unwrap();
        let environment = [("AWS_ROLE_ARN", role), ("AWS_WEB_IDENTITY_TOKEN_FILE", file.to_str().unwrap())];
        run(aws.address(), &["pod", made["sealed"].as_str().unwrap()], &environment).await
    };
    let opened = pod("api").await;
    assert!(opened.status.success(), "{opened:?}");
    let opened: Value = serde_json::from_slice(&opened.stdout).unwrap();
    assert_eq!(opened["opened"], "hello");
    assert!(opened["arn"].as_str().unwrap().starts_with("arn:aws:sts::111122223333:assumed-role/pod/"), "{opened}");

    // Another account of the same cluster has a token as good, and the role does not trust it.
    let other = pod("other").await;
    let error = String::from_utf8_lossy(&other.stderr);
    assert!(error.contains("AccessDenied") && error.contains("sts:AssumeRoleWithWebIdentity"), "{other:?}");
    plane.stop().await;
}

async fn ask(kubernetes: &Kubernetes, method: &str, path: &str, body: Option<Value>) -> Value {
    let answer = kubernetes.request(method.parse().unwrap(), path, body.as_ref()).await.unwrap();
    assert!((200..300).contains(&answer.status), "{path}: {answer:?}");
    answer.body
}

/// A token of a new service account, as the kubelet asks for it where the webhook has added the volume.
async fn token(kubernetes: &Kubernetes, account: &str) -> String {
    let accounts = "/api/v1/namespaces/default/serviceaccounts";
    let made = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account}});
    ask(kubernetes, "POST", accounts, Some(made)).await;
    let request = json!({
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"audiences": ["sts.amazonaws.com"], "expirationSeconds": 3600},
    });
    let answer = ask(kubernetes, "POST", &format!("{accounts}/{account}/token"), Some(request)).await;
    answer["status"]["token"].as_str().unwrap().to_owned()
}

/// Runs boto3 as the root user, or with `environment` in place of any keys.
async fn run(address: std::net::SocketAddr, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let home = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients/irsa.py");
    let as_root = EmbeddedAws::environment(address);
    let known = as_root.into_iter().filter(|(name, _)| environment.is_empty() || !name.contains("_KEY"));
    Command::new(tools().join("venv/bin/python"))
        .arg(script)
        .args(arguments)
        .env_clear()
        .env("HOME", home.path())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .envs(known)
        .env("AWS_DEFAULT_REGION", test_support::REGION)
        .envs(environment.iter().copied())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap()
}
