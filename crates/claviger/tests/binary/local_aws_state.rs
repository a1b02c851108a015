//! `claviger local-aws snapshot`, `restore`, `export` and `import`, beside one that runs.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use aws_sdk_kms::{
    Client,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
    primitives::Blob,
};
use serde_json::Value;

use crate::support::{Daemon, run, told};

struct Aws {
    _daemon: Daemon,
    endpoint: String,
    kms: Client,
}

impl Aws {
    fn start(directory: &Path, more: &[&str]) -> Self {
        let credential = "--credential=AKIDEXAMPLE:secret:111122223333";
        let arguments = [&["local-aws", "--listen=127.0.0.1:0", "-ojson", credential], more].concat();
        let daemon = Daemon::start(&arguments, directory);
        let ready = daemon.until("ready").pop().unwrap();
        let endpoint = ready["endpoint"].as_str().unwrap().to_owned();
        let config = aws_sdk_kms::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-west-2"))
            .endpoint_url(&endpoint)
            .credentials_provider(Credentials::new("AKIDEXAMPLE", "secret", None, None, "test"))
            .retry_config(RetryConfig::disabled());
        Self { _daemon: daemon, kms: Client::from_conf(config.build()), endpoint }
    }

    /// Exit code, stdout and stderr, without the port and the folder.
    fn state(&self, arguments: &[&str], folder: &Path) -> String {
        let output = run(&[&["local-aws"], arguments, &["--endpoint-url", &self.endpoint]].concat());
        told(&output).replace(&self.endpoint, "URL").replace(folder.to_str().unwrap(), "DIR")
    }

    async fn seal(&self) -> (String, Vec<u8>) {
        let key = self.kms.create_key().send().await.unwrap().key_metadata.unwrap().key_id;
        let sealed = self.kms.encrypt().key_id(&key).plaintext(Blob::new("x")).send().await.unwrap();
        (key, sealed.ciphertext_blob.unwrap().into_inner())
    }

    async fn opens(&self, sealed: &[u8]) -> bool {
        self.kms.decrypt().ciphertext_blob(Blob::new(sealed)).send().await.is_ok()
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn a_snapshot_is_sealed_and_what_it_restores_is_what_was() {
    let folder = tempfile::tempdir().unwrap();
    let (file, key) = (folder.path().join("before.json"), folder.path().join("before.json.key"));
    let path = file.to_str().unwrap();
    let aws = Aws::start(folder.path(), &[]);
    let (id, sealed) = aws.seal().await;
    insta::assert_snapshot!("state_snapshot", aws.state(&["snapshot", path], folder.path()));
    assert_eq!((mode(&file), mode(&key)), (0o600, 0o600));
    let kept: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(kept["secrets"], "sealed");

    aws.kms.schedule_key_deletion().key_id(&id).send().await.unwrap();
    assert!(!aws.opens(&sealed).await);
    insta::assert_snapshot!("state_restore", aws.state(&["restore", path], folder.path()));
    assert!(aws.opens(&sealed).await);

    // Elsewhere too, and once more over itself; not without the key.
    let state = folder.path().join("state");
    let other = Aws::start(folder.path(), &["--state", state.to_str().unwrap()]);
    assert!(!other.opens(&sealed).await);
    other.state(&["restore", path], folder.path());
    assert!(other.opens(&sealed).await);
    other.state(&["snapshot", path], folder.path());
    other.state(&["restore", path], folder.path());
    assert!(other.opens(&sealed).await);
    fs::remove_file(&key).unwrap();
    insta::assert_snapshot!("state_restore_without_key", other.state(&["restore", path], folder.path()));
    insta::assert_snapshot!("state_import_sealed", other.state(&["import", path], folder.path()));
}

#[tokio::test]
async fn an_export_has_secrets_only_where_they_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    let path = file.to_str().unwrap();
    let aws = Aws::start(folder.path(), &[]);
    let (id, sealed) = aws.seal().await;
    insta::assert_snapshot!("state_export", aws.state(&["export", path], folder.path()));
    let bare = fs::read_to_string(&file).unwrap();
    assert!(bare.contains(&id) && !bare.contains("kms.material"));
    let printed = run(&["local-aws", "export", "--endpoint-url", &aws.endpoint]);
    assert_eq!(String::from_utf8(printed.stdout).unwrap(), bare);
    insta::assert_snapshot!("state_import", aws.state(&["import", path], folder.path()));
    assert!(!aws.opens(&sealed).await);
    aws.kms.describe_key().key_id(&id).send().await.unwrap();

    let (_, sealed) = aws.seal().await;
    aws.state(&["export", "--with-secrets", path], folder.path());
    assert_eq!(mode(&file), 0o600);
    let other = Aws::start(folder.path(), &[]);
    other.state(&["import", path], folder.path());
    assert!(other.opens(&sealed).await);
}

#[tokio::test]
async fn a_file_that_is_wrong_is_told_with_its_line_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    let path = file.to_str().unwrap();
    let aws = Aws::start(folder.path(), &[]);
    let (id, sealed) = aws.seal().await;
    aws.state(&["export", "--with-secrets", path], folder.path());
    let state = fs::read_to_string(&file).unwrap();
    fs::write(&file, state.replacen("\"description\"", "\"descripton\"", 1)).unwrap();
    insta::assert_snapshot!("state_import_wrong", aws.state(&["import", path], folder.path()).replace(&id, "KEY-ID"));
    fs::write(&file, state.split_at(state.len() / 2).0).unwrap();
    let cut = aws.state(&["import", path], folder.path());
    assert!(cut.contains("state.json:") && cut.contains("this is no JSON"), "{cut}");
    assert!(aws.opens(&sealed).await);
    insta::assert_snapshot!("state_import_absent", aws.state(&["import", "/nonexistent"], folder.path()));
    let nobody = run(&["local-aws", "export", "--endpoint-url", "http://127.0.0.1:1"]);
    assert_eq!(nobody.status.code(), Some(1));
    insta::assert_snapshot!("state_of_nobody", told(&nobody));
}
