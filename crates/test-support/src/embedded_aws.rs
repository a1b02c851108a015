//! `claviger local-aws` as a process, and the official SDK to work its KMS with.

use std::{net::SocketAddr, path::Path, process::Command, time::Duration};

use aws_sdk_kms::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
    primitives::Blob,
};
use control_plane::Process;
use serde_json::Value;

use crate::eventually;

const ACCOUNT: &str = "111122223333";
/// The access key id of the account's root user: that of AWS's own examples.
pub const ACCESS_KEY: &str = "AKIAIOSFODNN7EXAMPLE";
/// Its secret.
pub const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
/// The region that is used.
pub const REGION: &str = "us-west-2";

/// `claviger local-aws` as a process.
#[derive(Debug)]
pub struct EmbeddedAws {
    process: Process,
    address: SocketAddr,
    kms: Client,
}

impl EmbeddedAws {
    /// Starts `claviger` on a free port, with one account and its state in memory.
    ///
    /// # Panics
    /// When it does not come up.
    pub async fn start(claviger: &Path, folder: &Path) -> Self {
        Self::start_with(claviger, folder, &[]).await
    }

    /// The same, with further flags.
    ///
    /// # Panics
    /// When it does not come up.
    pub async fn start_with(claviger: &Path, folder: &Path, flags: &[String]) -> Self {
        let mut command = Self::command(claviger, 0);
        command.args(flags);
        let process = Process::spawn(command, &folder.join("local-aws.log")).expect("the binary starts");
        let address = eventually("the embedded AWS is ready", Duration::from_secs(20), async || {
            endpoint(&process.log_tail()).ok_or_else(|| process.log_tail())
        })
        .await;
        let config = aws_sdk_kms::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .endpoint_url(format!("http://{address}"))
            .region(Region::new(REGION))
            .credentials_provider(Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "test"))
            .build();
        Self { process, address, kms: Client::from_conf(config) }
    }

    /// How it is started on a port of 127.0.0.1; 0 takes a free one.
    #[must_use]
    pub fn command(claviger: &Path, port: u16) -> Command {
        let mut command = Command::new(claviger);
        command.args(["local-aws", "--output=json"]).arg(format!("--listen=127.0.0.1:{port}"));
        command.arg(format!("--credential={ACCESS_KEY}:{SECRET_KEY}:{ACCOUNT}")).arg(format!("--region={REGION}"));
        command
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Its KMS, as the account's root.
    #[must_use]
    pub fn kms(&self) -> &Client {
        &self.kms
    }

    /// What an SDK needs to find it at `address` (its own, or a proxy's) and to be let in.
    #[must_use]
    pub fn environment(address: SocketAddr) -> [(&'static str, String); 5] {
        [
            ("AWS_ENDPOINT_URL", format!("http://{address}")),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY.to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ]
    }

    /// Makes a symmetric key and returns its ARN.
    ///
    /// # Panics
    /// When it is refused; so do the others below.
    pub async fn create_key(&self) -> String {
        let created = self.kms.create_key().send().await.expect("CreateKey");
        created.key_metadata.and_then(|metadata| metadata.arn).expect("CreateKey answers an ARN")
    }

    /// Disables a key.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn disable_key(&self, key: &str) {
        self.kms.disable_key().key_id(key).send().await.expect("DisableKey");
    }

    /// Enables a key.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn enable_key(&self, key: &str) {
        self.kms.enable_key().key_id(key).send().await.expect("EnableKey");
    }

    /// Gives a key new material.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn rotate_key(&self, key: &str) {
        self.kms.rotate_key_on_demand().key_id(key).send().await.expect("RotateKeyOnDemand");
    }

    /// Encrypts without an encryption context.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn encrypt(&self, key: &str, plaintext: &[u8]) -> Vec<u8> {
        let sealed = self.kms.encrypt().key_id(key).plaintext(Blob::new(plaintext)).send().await.expect("Encrypt");
        sealed.ciphertext_blob.expect("Encrypt answers a ciphertext").into_inner()
    }
}

/// Finds the address in what `-o json` prints when it is ready.
fn endpoint(output: &str) -> Option<SocketAddr> {
    let mut objects = output.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let ready = objects.find(|object| object.get("event").is_some_and(|event| event == "ready"))?;
    ready.get("endpoint")?.as_str()?.strip_prefix("http://")?.parse().ok()
}
