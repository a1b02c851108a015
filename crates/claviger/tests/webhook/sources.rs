//! Associations that the webhook has from elsewhere than its own apiserver.

use std::{fs, path::Path, process::Stdio};

use serde_json::{Value, json};
use test_support::{EmbeddedAws, NEWEST_KUBERNETES, REGION, tools};
use tokio::{io::AsyncWriteExt as _, process::Command};

use crate::{
    CLAVIGER,
    cluster::{Cluster, Webhook},
};

/// An EKS cluster `demo`, whose service account `api` of the namespace `default` has an association.
async fn eks(aws: &EmbeddedAws, home: &Path) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients/pod/pod_setup.py");
    let mut python = Command::new(tools().join("venv/bin/python"))
        .arg(script)
        .env_clear()
        .env("HOME", home)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .envs(EmbeddedAws::environment(aws.address()))
        .env("AWS_DEFAULT_REGION", REGION)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let pods = json!([{ "namespace": "default", "serviceAccount": "api" }]);
    python.stdin.take().unwrap().write_all(pods.to_string().as_bytes()).await.unwrap();
    let made = python.wait_with_output().await.unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

fn is_injected(pod: &Value) -> bool {
    !pod["metadata"]["labels"].is_null()
}

#[tokio::test(flavor = "multi_thread")]
async fn associations_of_eks_and_of_the_brokers_file_count() {
    let cluster = Cluster::start(NEWEST_KUBERNETES).await;
    let home = tempfile::tempdir().unwrap();
    let aws = EmbeddedAws::start(Path::new(CLAVIGER), home.path()).await;
    eks(&aws, home.path()).await;
    let file = home.path().join("associations.yaml");
    let association = |account: &str| {
        format!(
            "apiVersion: claviger.dev/v1alpha1\nkind: PodIdentityAssociation\nspec: {{ namespace: 'def*', serviceAccount: \
             {account}, roleArn: 'arn:aws:iam::111122223333:role/pods' }}\n"
        )
    };
    fs::write(&file, association("nobody")).unwrap();
    let flags = ["--associations=eks:demo".to_owned(), format!("--associations={}", file.display())];
    let webhook = Webhook::start_with(&cluster, &flags, &EmbeddedAws::environment(aws.address())).await;
    cluster.register(&webhook, "Fail", "v1").await;
    cluster.until_injected().await;
    cluster.until("the other is not", "other", |pod| !is_injected(pod)).await;

    let new = file.with_extension("new");
    fs::write(&new, association("oth??")).unwrap();
    fs::rename(new, &file).unwrap();
    cluster.until("the file names the other", "other", is_injected).await;
    // A file that is none changes nothing.
    fs::write(&file, "kind: Pod\n").unwrap();
    webhook.until_logged("cannot be read; what was read before counts").await;
    cluster.until("the other still is", "other", is_injected).await;
    webhook.stop().await;
}
