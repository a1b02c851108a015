//! Against the real etcd and kube-apiserver that `cargo xtask tools` builds.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeMap, os::unix::fs::PermissionsExt as _, path::Path};

use control_plane::{Binaries, Kubernetes, Readiness, Settings, StartError, start};

fn settings(data_folder: &Path) -> Settings {
    Settings {
        binaries: Binaries::in_folder(&test_support::tools(), Some(test_support::NEWEST_KUBERNETES)).unwrap(),
        data_folder: data_folder.to_owned(),
        encryption_configuration: None,
        apiserver_flags: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_survives_a_restart_of_the_apiserver_and_kubectl_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut plane = start(settings(folder.path()), Readiness::Full).await.unwrap();
    let data = BTreeMap::from([("password".to_owned(), b"hunter2".to_vec())]);
    plane.kubernetes().create_secret("db", &data).await.unwrap();
    plane.start_apiserver(Readiness::Full).await.unwrap();
    assert_eq!(plane.kubernetes().secret_data("db").await.unwrap(), data);

    // No encryption was configured: etcd holds the apiserver's protobuf, with the value in it.
    let stored = plane.etcd().get(&Kubernetes::etcd_key("db")).await.unwrap().unwrap();
    assert!(stored.starts_with(b"k8s\0"), "{stored:?}");
    assert!(stored.windows(7).any(|window| window == b"hunter2"));

    let kubectl = tokio::process::Command::new(test_support::tools().join("kubectl"))
        .args(["get", "secret", "db", "--output=jsonpath={.data.password}", "--kubeconfig"])
        .arg(plane.kubeconfig())
        .output()
        .await
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&kubectl.stdout), "aHVudGVyMg==", "{kubectl:?}");
    plane.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_on_the_machine_can_read_its_keys_or_talk_to_its_etcd() {
    let folder = tempfile::tempdir().unwrap();
    let plane = start(settings(&folder.path().join("plane")), Readiness::Full).await.unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path().join("plane")), 0o700);
    assert_eq!(mode(plane.kubeconfig()), 0o600);
    for entry in std::fs::read_dir(folder.path().join("plane/pki")).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }

    // etcdctl with the authority but without a client's certificate.
    let etcdctl = tokio::process::Command::new(test_support::tools().join("etcdctl"))
        .args(["get", "--prefix", "/registry", "--keys-only", "--command-timeout=2s", "--dial-timeout=2s"])
        .arg("--endpoints")
        .arg(plane.etcd().endpoint())
        .arg("--cacert")
        .arg(folder.path().join("plane/pki/ca.crt"))
        .output()
        .await
        .unwrap();
    assert!(!etcdctl.status.success() && etcdctl.stdout.is_empty(), "{etcdctl:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apiserver_that_refuses_its_flags_is_an_error_that_quotes_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings(folder.path());
    settings.apiserver_flags = vec!["--no-such-flag".to_owned()];
    let Err(error) = start(settings, Readiness::Full).await else { panic!("it started") };
    assert!(matches!(error, StartError::Ended { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("kube-apiserver") && text.contains("no-such-flag"), "{text}");
}

#[test]
fn a_missing_program_is_named_with_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let error = Binaries::in_folder(folder.path(), None).unwrap_err().to_string();
    assert!(error.contains("`etcd`") && error.contains(&folder.path().display().to_string()), "{error}");
}
