//! An embedded AWS, its administrator, and the adapter under test.

use std::{net::SocketAddr, time::Duration};

use aws_model::{AccountId, SecretBytes};
use aws_sdk_kms::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
};
use key_service::{
    KeyService, KeyServiceError, Opened,
    aws::{AwsKms, AwsKmsSettings, FixedCredentials},
};
use local_aws::{LocalAws, Options, Running};
use tokio::time::Instant;

pub(crate) const REGION: &str = "us-west-2";
pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const OTHER_ACCOUNT: &str = "444455556666";

pub(crate) struct Aws {
    pub(crate) running: Running,
    pub(crate) admin: Client,
}

impl Aws {
    pub(crate) async fn start() -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let running = LocalAws::start(Options { listen, ..Options::default() }).await.unwrap();
        let admin = client(&running, ACCOUNT);
        Self { running, admin }
    }

    /// A new symmetric key's ARN.
    pub(crate) async fn key(&self) -> String {
        self.admin.create_key().send().await.unwrap().key_metadata.unwrap().arn.unwrap()
    }

    /// Settings that reach `key` as the owning account's root user.
    pub(crate) fn settings(&self, key: &str) -> AwsKmsSettings {
        self.settings_of(key, ACCOUNT)
    }

    pub(crate) fn settings_of(&self, key: &str, account: &str) -> AwsKmsSettings {
        AwsKmsSettings {
            region: Some(REGION.parse().unwrap()),
            endpoint: Some(self.running.endpoint_url()),
            credentials: Some(fixed(&self.running, account)),
            ..AwsKmsSettings::new(key.parse().unwrap())
        }
    }

    pub(crate) fn adapter(&self, key: &str) -> AwsKms {
        AwsKms::connect(self.settings(key)).unwrap()
    }
}

fn fixed(running: &Running, account: &str) -> FixedCredentials {
    let credential = running.root_credential(account.parse::<AccountId>().unwrap());
    FixedCredentials {
        access_key_id: credential.access_key_id,
        secret_access_key: SecretBytes::new(credential.secret_access_key.expose().to_vec()),
    }
}

pub(crate) fn sdk_credentials(running: &Running, account: &str) -> Credentials {
    let FixedCredentials { access_key_id, secret_access_key } = fixed(running, account);
    let secret = String::from_utf8(secret_access_key.expose().to_vec()).unwrap();
    Credentials::new(access_key_id, secret, None, None, "test")
}

fn client(running: &Running, account: &str) -> Client {
    let config = aws_sdk_kms::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(REGION))
        .endpoint_url(running.endpoint_url())
        .credentials_provider(sdk_credentials(running, account))
        .build();
    Client::from_conf(config)
}

pub(crate) fn seed() -> SecretBytes {
    SecretBytes::new((0..32).collect())
}

/// As long as the plugin gives a call.
pub(crate) fn deadline() -> Instant {
    Instant::now() + Duration::from_millis(2700)
}

pub(crate) async fn seal(key: &AwsKms) -> Result<Vec<u8>, KeyServiceError> {
    key.seal(&seed(), deadline()).await.map(|sealed| sealed.ciphertext)
}

pub(crate) async fn open(key: &AwsKms, ciphertext: &[u8]) -> Result<Opened, KeyServiceError> {
    key.open(ciphertext, deadline()).await
}
