//! `claviger kms-plugin` over AWS KMS: a change of its credentials, and TLS.

use std::{fs, path::Path};

use kms_plugin::proto::v2::{DecryptRequest, EncryptRequest, StatusRequest, StatusResponse};
use rustix::process::Signal;
use test_support::{ACCESS_KEY, EmbeddedAws, KmsClient, Network, SECRET_KEY, connect, eventually};
use tonic::Code;

use crate::{
    kms_plugin::get,
    support::{Daemon, SOON, claviger},
};

/// A plugin for one key, and its client.
struct Plugin {
    daemon: Daemon,
    /// Of its health port.
    address: String,
    client: KmsClient,
}

impl Plugin {
    fn start(directory: &Path, key: &str, endpoint: &str, environment: &[(&str, &str)]) -> Self {
        let socket = directory.join("kms.sock");
        let named = ["kms-plugin", "--key", key, "--endpoint-url", endpoint, "--listen", socket.to_str().unwrap()];
        let mut command = claviger(&[&named[..], &["--log-format=json", "--health-listen=127.0.0.1:0"]].concat());
        command.env("AWS_EC2_METADATA_DISABLED", "true").envs(environment.iter().copied());
        let daemon = Daemon::spawn(&mut command);
        let address = daemon.until_logged("health and metrics")["address"].as_str().unwrap().to_owned();
        Self { daemon, address, client: connect(&socket) }
    }

    async fn status(&self) -> Result<StatusResponse, tonic::Status> {
        self.client.clone().status(StatusRequest {}).await.map(tonic::Response::into_inner)
    }

    fn stop(mut self) {
        self.daemon.signal(Signal::TERM);
        assert_eq!(self.daemon.ended().code(), Some(0));
    }
}

fn write_credentials(path: &Path, secret: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let text = format!("[default]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {secret}\n");
    fs::write(path, text).unwrap();
}

/// Its other files are those that the tests of the settings and of keyrings change.
#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_change_in_a_file_are_taken_up_without_a_signal() {
    let directory = tempfile::tempdir().unwrap();
    let aws = EmbeddedAws::start(Path::new(env!("CARGO_BIN_EXE_claviger")), directory.path()).await;
    let (key, endpoint) = (aws.create_key().await, format!("http://{}", aws.address()));
    for (variable, file) in [
        ("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
        ("AWS_CONFIG_FILE", "config"),
        ("HOME", ".aws/credentials"),
        ("HOME", ".aws/config"),
    ] {
        let place = tempfile::tempdir_in(directory.path()).unwrap();
        let path = place.path().join(file);
        write_credentials(&path, "not the secret");
        let named = if variable == "HOME" { place.path() } else { &path };
        let plugin = Plugin::start(place.path(), &key, &endpoint, &[(variable, named.to_str().unwrap())]);
        let refused = plugin.status().await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied, "{file}: {refused}");

        write_credentials(&path, SECRET_KEY);
        let why = plugin.daemon.until_logged("reloading");
        assert!(why["cause"].as_str().unwrap().contains(path.to_str().unwrap()), "{why}");
        eventually("Status is good", SOON, async || plugin.status().await).await;
        plugin.stop();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kms_is_spoken_to_over_tls_with_whom_the_machine_trusts_and_nobody_else() {
    let directory = tempfile::tempdir().unwrap();
    let aws = EmbeddedAws::start(Path::new(env!("CARGO_BIN_EXE_claviger")), directory.path()).await;
    let (key, network) = (aws.create_key().await, Network::tls(aws.address(), directory.path()).await);
    let endpoint = network.url();
    assert!(endpoint.starts_with("https://"), "{endpoint}");
    let trusting = |authority: &Path| {
        let credentials = [("AWS_ACCESS_KEY_ID", ACCESS_KEY), ("AWS_SECRET_ACCESS_KEY", SECRET_KEY)];
        let trust = ("SSL_CERT_FILE", authority.to_str().unwrap());
        Plugin::start(directory.path(), &key, &endpoint, &[credentials[0], credentials[1], trust])
    };

    let mut plugin = trusting(network.authority().unwrap());
    let key_id = plugin.status().await.unwrap().key_id;
    let (plaintext, uid) = (b"a seed".to_vec(), String::new());
    let sealed = plugin.client.encrypt(EncryptRequest { plaintext: plaintext.clone(), uid: uid.clone() }).await;
    let sealed = sealed.unwrap().into_inner();
    assert_eq!(sealed.key_id, key_id);
    let (ciphertext, annotations) = (sealed.ciphertext, sealed.annotations);
    let opened = plugin.client.decrypt(DecryptRequest { ciphertext, uid, key_id, annotations }).await.unwrap();
    assert_eq!(opened.into_inner().plaintext, plaintext);
    let through = network.counts();
    assert!(through.encrypts >= 2 && through.decrypts >= 3, "a probe, a proven Encrypt and a Decrypt: {through:?}");
    plugin.stop();

    // An authority that is somebody else's.
    let other = tempfile::tempdir().unwrap();
    let other_network = Network::tls(aws.address(), other.path()).await;
    let before = network.counts();
    let plugin = trusting(other_network.authority().unwrap());
    let refused = plugin.status().await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable, "{refused}");
    let answer = get(&plugin.address, "/readyz");
    assert!(answer.contains("absent: ") && answer.contains("certificate"), "{answer}");
    let through = network.counts() - before;
    assert!(through.connections > 0 && through.calls() == 0, "{through:?}");
    plugin.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_key_has_its_own_socket_and_encryption_context() {
    let directory = tempfile::tempdir().unwrap();
    let aws = EmbeddedAws::start(Path::new(env!("CARGO_BIN_EXE_claviger")), directory.path()).await;
    let keys = [aws.create_key().await, aws.create_key().await];
    let sockets = [directory.path().join("a.sock"), directory.path().join("b.sock")];
    let contexts = [("cluster", "a"), ("cluster", "b")];
    let listen = sockets.iter().map(|socket| format!("--listen={}", socket.display()));
    let keyed = keys.iter().map(|key| format!("--key={key}"));
    let bound = contexts.iter().map(|(name, value)| format!("--encryption-context={name}={value}"));
    let arguments: Vec<_> = listen.chain(keyed).chain(bound).collect();
    let common = ["kms-plugin", "--log-format=json", "--health-listen=127.0.0.1:0"];
    let arguments: Vec<&str> = common.into_iter().chain(arguments.iter().map(String::as_str)).collect();
    let mut daemon = Daemon::spawn(claviger(&arguments).envs(EmbeddedAws::environment(aws.address())));
    daemon.until_logged("health and metrics");

    for (of, socket) in sockets.iter().enumerate() {
        let mut client = connect(socket);
        let request = EncryptRequest { plaintext: b"a seed".to_vec(), uid: String::new() };
        let sealed = client.encrypt(request).await.unwrap().into_inner();
        assert!(sealed.key_id.starts_with(&keys[of]), "{}", sealed.key_id);
        // Behind the two octets that name our format is what KMS gave.
        let blob = aws_sdk_kms::primitives::Blob::new(&sealed.ciphertext[2..]);
        for (with, (name, value)) in contexts.into_iter().enumerate() {
            let opening = aws.kms().decrypt().key_id(&keys[of]).ciphertext_blob(blob.clone());
            let opened = opening.encryption_context(name, value).send().await;
            assert_eq!(opened.is_ok(), of == with, "sealed for {of}, opened with {value}: {opened:?}");
        }
        let without = aws.kms().decrypt().key_id(&keys[of]).ciphertext_blob(blob).send().await;
        assert!(without.unwrap_err().into_service_error().is_invalid_ciphertext_exception());
    }
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ended().code(), Some(0));
}
