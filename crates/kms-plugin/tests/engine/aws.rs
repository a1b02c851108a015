//! The engine over the AWS adapter and the embedded AWS: what happens to a real key.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use aws_model::SecretBytes;
use aws_sdk_kms::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
};
use key_service::aws::{AwsKms, AwsKmsSettings, FixedCredentials};
use kms_plugin::{
    caller::Api,
    engine::{Engine, Gate},
    status::StatusSettings,
};
use local_aws::{LocalAws, Options, Running};
use tonic::Code;

use crate::support::{Rig, caller, open, request, seed, settings};

struct Aws {
    running: Running,
    admin: Client,
    access_key_id: String,
    secret: String,
}

impl Aws {
    async fn start() -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let running = LocalAws::start(Options { listen, ..Options::default() }).await.unwrap();
        let root = running.root_credential("111122223333".parse().unwrap());
        let secret = String::from_utf8(root.secret_access_key.expose().to_vec()).unwrap();
        let config = aws_sdk_kms::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("us-west-2"))
            .endpoint_url(running.endpoint_url())
            .credentials_provider(Credentials::new(&root.access_key_id, &secret, None, None, "test"))
            .build();
        Self { admin: Client::from_conf(config), access_key_id: root.access_key_id, secret, running }
    }

    async fn key(&self) -> String {
        self.admin.create_key().send().await.unwrap().key_metadata.unwrap().arn.unwrap()
    }

    /// An engine that probes so often that the tests need not wait.
    fn engine(&self, key: &str) -> Arc<Engine> {
        let key = AwsKms::connect(AwsKmsSettings {
            region: Some("us-west-2".parse().unwrap()),
            endpoint: Some(self.running.endpoint_url()),
            credentials: Some(FixedCredentials {
                access_key_id: self.access_key_id.clone(),
                secret_access_key: SecretBytes::new(self.secret.clone().into_bytes()),
            }),
            ..AwsKmsSettings::new(key.parse().unwrap())
        });
        let status = StatusSettings {
            settled_interval: Duration::from_millis(20),
            unsettled_interval: Duration::from_millis(20),
            least_interval: Duration::from_millis(5),
            ..StatusSettings::default()
        };
        Rig::with(Arc::new(key.unwrap()), Gate::new(32, None), settings(status)).engine
    }
}

/// Polls until Status is as wanted, for ten seconds at most.
async fn until(engine: &Engine, wanted: impl Fn(Result<&str, Code>) -> bool) -> String {
    let polls = async {
        loop {
            let status = engine.status(Api::V2).await;
            if wanted(status.as_ref().map(|key| key.as_str()).map_err(|refusal| refusal.code)) {
                return status.map_or_else(|refusal| refusal.message, |key| key.to_string());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), polls).await.expect("Status never became so")
}

#[tokio::test]
async fn a_disabled_key_errs_on_status_and_calls_and_recovers_when_enabled() {
    let aws = Aws::start().await;
    let key = aws.key().await;
    let engine = aws.engine(&key);
    let sealed = engine.encrypt(seed(), &caller(Api::V2)).await.unwrap();
    assert_eq!(engine.status(Api::V2).await.unwrap(), sealed.key_id);

    aws.admin.disable_key().key_id(&key).send().await.unwrap();
    let reason = until(&engine, |status| status == Err(Code::FailedPrecondition)).await;
    assert!(reason.contains("DisabledException"), "{reason}");
    for code in [
        engine.encrypt(seed(), &caller(Api::V2)).await.unwrap_err().code,
        open(&engine, &sealed.ciphertext).await.unwrap_err().code,
    ] {
        assert_eq!(code, Code::FailedPrecondition);
    }
    aws.admin.enable_key().key_id(&key).send().await.unwrap();
    assert_eq!(open(&engine, &sealed.ciphertext).await.unwrap(), seed(), "before any probe");
    assert_eq!(until(&engine, |status| status.is_ok()).await, sealed.key_id.as_str());

    aws.admin.schedule_key_deletion().key_id(&key).pending_window_in_days(7).send().await.unwrap();
    let reason = until(&engine, |status| status == Err(Code::FailedPrecondition)).await;
    assert!(reason.contains("pending deletion"), "{reason}");
}

#[tokio::test]
async fn a_drill_of_throttles_slowness_and_lost_answers_leaves_status_good_and_everything_readable() {
    let aws = Aws::start().await;
    let key = aws.key().await;
    let engine = aws.engine(&key);
    let sealed = engine.encrypt(seed(), &caller(Api::V2)).await.unwrap();
    let drill = |fault: &str| aws.running.put_faults(fault.parse().unwrap()).unwrap();

    drill("kms:* throttle=0/s");
    assert_eq!(engine.encrypt(seed(), &caller(Api::V2)).await.unwrap_err().code, Code::ResourceExhausted);
    // It coasts on what it has proven.
    assert_eq!(engine.status(Api::V2).await.unwrap(), sealed.key_id);

    for fault in ["kms:* throttle=0/s times=2", "kms:* latency=100ms..300ms", "kms:Encrypt lost=closed times=1"] {
        drill(fault);
        let during = engine.encrypt(seed(), &caller(Api::V2)).await.unwrap_or_else(|error| panic!("{fault}: {error}"));
        assert_eq!(open(&engine, &during.ciphertext).await.unwrap(), seed(), "{fault}");
        assert!(aws.running.faults()[0].fired > 0, "{fault}");
    }
    assert_eq!(open(&engine, &sealed.ciphertext).await.unwrap(), seed());
    assert_eq!(until(&engine, |status| status.is_ok()).await, sealed.key_id.as_str());
}

#[tokio::test]
async fn a_rotation_changes_the_key_id_and_what_was_sealed_before_still_opens() {
    let aws = Aws::start().await;
    let key = aws.key().await;
    let engine = aws.engine(&key);
    let before = engine.encrypt(seed(), &caller(Api::V2)).await.unwrap();
    assert!(before.key_id.as_str().starts_with(&format!("{key}@")), "{}", before.key_id);
    assert!(before.ciphertext.len() <= 1024);
    aws.admin.rotate_key_on_demand().key_id(&key).send().await.unwrap();
    let after = until(&engine, |status| status.is_ok_and(|key_id| key_id != before.key_id.as_str())).await;
    assert!(after.starts_with(&format!("{key}@")), "{after}");
    assert_eq!(engine.encrypt(seed(), &caller(Api::V2)).await.unwrap().key_id.as_str(), after);
    assert_eq!(open(&engine, &before.ciphertext).await.unwrap(), seed());
}

#[tokio::test]
async fn what_aws_encryption_provider_sealed_opens_as_it_stands_in_etcd() {
    let aws = Aws::start().await;
    let key = aws.key().await;
    // As it does: KMS's own bytes, after a `1` or, long ago, bare.
    let plaintext = aws_sdk_kms::primitives::Blob::new(seed().expose());
    let sealed = aws.admin.encrypt().key_id(&key).plaintext(plaintext).send().await.unwrap().ciphertext_blob.unwrap();
    let prefixed = [b"1", sealed.as_ref()].concat();
    let engine = aws.engine(&key);
    for api in Api::ALL {
        assert_eq!(engine.decrypt(request(&prefixed), &caller(api)).await.unwrap(), seed());
    }
    assert_eq!(engine.decrypt(request(sealed.as_ref()), &caller(Api::V1Beta1)).await.unwrap(), seed());
}

#[tokio::test]
async fn an_alias_that_moves_to_another_key_changes_the_key_id_and_reads_both() {
    let aws = Aws::start().await;
    let (one, two) = (aws.key().await, aws.key().await);
    aws.admin.create_alias().alias_name("alias/etcd").target_key_id(&one).send().await.unwrap();
    let engine = aws.engine("alias/etcd");
    let before = engine.encrypt(seed(), &caller(Api::V2)).await.unwrap();
    aws.admin.update_alias().alias_name("alias/etcd").target_key_id(&two).send().await.unwrap();
    until(&engine, |status| status.is_ok_and(|key_id| key_id.starts_with(&two))).await;
    assert_eq!(open(&engine, &before.ciphertext).await.unwrap(), seed());
    // With the former key disabled its Secrets are out of reach, and nothing else is.
    aws.admin.disable_key().key_id(&one).send().await.unwrap();
    assert_eq!(open(&engine, &before.ciphertext).await.unwrap_err().code, Code::FailedPrecondition);
    let after = engine.encrypt(seed(), &caller(Api::V2)).await.unwrap();
    assert!(after.key_id.as_str().starts_with(&two));
    assert!(engine.status(Api::V2).await.is_ok());
}
