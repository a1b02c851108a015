//! Nothing unproven leaves, and every frame can be read again.

use aws_model::SecretBytes;
use key_service::ErrorClass;
use kms_plugin::{
    caller::Api,
    engine::{EngineSettings, Gate},
    peer_format::SealFormat,
};
use tokio::time::Instant;
use tonic::Code;

use crate::support::{Rig, TestKey, caller, open, request, seed};

#[tokio::test]
async fn an_encrypt_is_one_seal_and_one_open_that_proves_it() {
    let key = TestKey::new();
    let engine = Rig::start(key.clone()).engine;
    engine.status(Api::V2).await.unwrap();
    let sealed = engine.encrypt(seed(), &caller(Api::V2)).await.unwrap();
    assert_eq!(key.counts(), (2, 2), "the probe's and the Encrypt's");
    assert_eq!(sealed.key_id.as_str(), key.current().to_string());
    assert!(sealed.ciphertext.len() <= 1024 && sealed.annotations.is_empty());
    assert_eq!(open(&engine, &sealed.ciphertext).await.unwrap(), seed());
}

#[tokio::test]
async fn a_ciphertext_that_does_not_open_to_what_went_in_is_thrown_away() {
    let key = TestKey::new();
    let engine = Rig::start(key.clone()).engine;
    engine.status(Api::V2).await.unwrap();
    *key.mangles.lock().unwrap() = true;
    let refusal = engine.encrypt(seed(), &caller(Api::V2)).await.unwrap_err();
    assert_eq!((refusal.code, refusal.class.as_str()), (Code::DataLoss, "corrupt_ciphertext"));
}

#[tokio::test]
async fn a_key_that_seals_but_may_not_open_seals_nothing() {
    let key = TestKey::new();
    let engine = Rig::start(key.clone()).engine;
    engine.status(Api::V2).await.unwrap();
    key.fail_opens(ErrorClass::Denied);
    assert_eq!(engine.encrypt(seed(), &caller(Api::V2)).await.unwrap_err().code, Code::PermissionDenied);
}

#[tokio::test]
async fn in_the_peers_format_the_key_services_bytes_follow_its_prefix_and_ours_is_read_as_well() {
    let key = TestKey::new();
    let ours = Rig::start(key.clone()).engine;
    let format = SealFormat::AwsEncryptionProvider;
    let settings = EngineSettings { format, ..EngineSettings::default() };
    let theirs = Rig::with(key.clone(), Gate::new(8, None), settings).engine;
    let by_us = ours.encrypt(seed(), &caller(Api::V2)).await.unwrap().ciphertext;
    let by_them = theirs.encrypt(seed(), &caller(Api::V2)).await.unwrap().ciphertext;
    assert_eq!((by_us[0], by_them[0]), (0xc1, b'1'));
    for engine in [&ours, &theirs] {
        for ciphertext in [&by_us, &by_them] {
            assert_eq!(open(engine, ciphertext).await.unwrap(), seed());
        }
        // What it sealed before it had a prefix comes through v1beta1 only.
        let bare = request(&by_them[1..]);
        assert_eq!(engine.decrypt(bare.clone(), &caller(Api::V1Beta1)).await.unwrap(), seed());
        assert_eq!(engine.decrypt(bare, &caller(Api::V2)).await.unwrap_err().code, Code::InvalidArgument);
    }
}

#[tokio::test]
async fn the_v1beta1_health_probes_four_octets_and_nothing_at_all_are_sealed_too() {
    let engine = Rig::start(TestKey::new()).engine;
    for plaintext in [&b"ping"[..], b""] {
        let plaintext = SecretBytes::new(plaintext.to_vec());
        let sealed = engine.encrypt(plaintext.clone(), &caller(Api::V1Beta1)).await.unwrap();
        assert_eq!(open(&engine, &sealed.ciphertext).await.unwrap(), plaintext);
    }
}

#[tokio::test(start_paused = true)]
async fn an_encrypt_ends_before_the_apiserver_gives_up() {
    let key = TestKey::new();
    let engine = Rig::start(key.clone()).engine;
    engine.status(Api::V2).await.unwrap();
    let _holds = key.hold();
    let started = Instant::now();
    assert_eq!(engine.encrypt(seed(), &caller(Api::V2)).await.unwrap_err().code, Code::DeadlineExceeded);
    assert!(started.elapsed().as_millis() < 3000);
}
