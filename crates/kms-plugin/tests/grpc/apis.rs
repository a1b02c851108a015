//! What each of the three APIs says.

use std::sync::Arc;

use daemon::unix_socket::Peer;
use kms_plugin::{
    caller::Api,
    policy::{Refusal, RefusalClass},
    proto::{v1beta1, v2, v2alpha1},
    server::Limits,
};
use tonic::Code;

use crate::{
    sealers::{Negating, Refusing},
    served::Served,
};

#[tokio::test]
async fn each_api_says_the_version_that_its_apiservers_take() {
    let served = Served::start_with(Arc::new(Negating::default()), Limits::default());
    let status = served.v2().status(v2::StatusRequest {}).await.unwrap().into_inner();
    assert_eq!((status.version.as_str(), status.healthz.as_str(), status.key_id.as_str()), ("v2beta1", "ok", "key@1"));
    let mut v2alpha1 = v2alpha1::key_management_service_client::KeyManagementServiceClient::new(served.channel());
    assert_eq!(v2alpha1.status(v2::StatusRequest {}).await.unwrap().into_inner().version, "v2alpha1");
    let version = v1(&served).version(v1beta1::VersionRequest { version: "v1beta1".to_owned() }).await.unwrap();
    let version = version.into_inner();
    assert_eq!((version.version.as_str(), version.runtime_name.as_str()), ("v1beta1", "claviger"));
    assert_eq!(version.runtime_version, env!("CARGO_PKG_VERSION"));
    served.stop().await;
}

#[tokio::test]
async fn v1beta1_refuses_a_caller_of_another_version() {
    let served = Served::start_with(Arc::new(Negating::default()), Limits::default());
    for version in ["", "v1beta2", "v2", "V1BETA1"] {
        let version = version.to_owned();
        let (plain, cipher) = (b"ping".to_vec(), b"pong".to_vec());
        let refusals = [
            v1(&served).version(v1beta1::VersionRequest { version: version.clone() }).await.unwrap_err(),
            v1(&served).encrypt(v1beta1::EncryptRequest { version: version.clone(), plain }).await.unwrap_err(),
            v1(&served).decrypt(v1beta1::DecryptRequest { version, cipher }).await.unwrap_err(),
        ];
        for refusal in refusals {
            assert_eq!(refusal.code(), Code::InvalidArgument, "{refusal}");
        }
    }
    served.stop().await;
}

#[tokio::test]
async fn what_the_caller_sent_reaches_the_sealer_and_its_answer_the_caller() {
    let sealer = Arc::new(Negating::default());
    let served = Served::start_with(Arc::clone(&sealer), Limits::default());
    let sealed = served.v2().encrypt(v2::EncryptRequest { plaintext: vec![1, 2], uid: "u-1".to_owned() }).await;
    let v2::EncryptResponse { ciphertext, key_id, annotations } = sealed.unwrap().into_inner();
    assert_eq!((ciphertext.as_slice(), key_id.as_str()), (&[254, 253][..], "key@1"));
    assert_eq!(annotations["note.example.com"], [0, 255]);
    let request = v2::DecryptRequest { ciphertext, uid: "u-2".to_owned(), key_id, annotations };
    assert_eq!(served.v2().decrypt(request).await.unwrap().into_inner().plaintext, [1, 2]);
    let request = v1beta1::EncryptRequest { version: "v1beta1".to_owned(), plain: vec![7] };
    assert_eq!(v1(&served).encrypt(request).await.unwrap().into_inner().cipher, [248]);

    let seen: Vec<_> = sealer
        .calls
        .lock()
        .unwrap()
        .iter()
        .map(|(caller, key_id)| (caller.api, caller.uid.clone(), key_id.clone()))
        .collect();
    assert_eq!(
        seen,
        [
            (Api::V2, "u-1".to_owned(), None),
            (Api::V2, "u-2".to_owned(), Some("key@1".to_owned())),
            (Api::V1Beta1, String::new(), None),
        ]
    );
    served.stop().await;
}

#[tokio::test]
async fn the_peer_is_known_behind_the_rewrite() {
    let sealer = Arc::new(Negating::default());
    let served = Served::start_with(Arc::clone(&sealer), Limits::default());
    served.v2().encrypt(v2::EncryptRequest { plaintext: vec![1], uid: String::new() }).await.unwrap();
    let peer = sealer.calls.lock().unwrap()[0].0.peer;
    let this = Peer {
        pid: Some(i32::try_from(std::process::id()).unwrap()),
        uid: rustix::process::geteuid().as_raw(),
        gid: rustix::process::getegid().as_raw(),
    };
    assert_eq!(peer, this);
    served.stop().await;
}

#[tokio::test]
async fn a_refusal_keeps_its_code_and_its_words() {
    let refusal = Refusal {
        class: RefusalClass::InvalidRequest,
        code: Code::FailedPrecondition,
        message: "the key is disabled".to_owned(),
    };
    let served = Served::start_with(Arc::new(Refusing(refusal)), Limits::default());
    for status in [
        served.v2().status(v2::StatusRequest {}).await.unwrap_err(),
        served.v2().encrypt(v2::EncryptRequest::default()).await.unwrap_err(),
        served.v2().decrypt(v2::DecryptRequest::default()).await.unwrap_err(),
    ] {
        assert_eq!((status.code(), status.message()), (Code::FailedPrecondition, "the key is disabled"));
    }
    served.stop().await;
}

fn v1(
    served: &Served,
) -> v1beta1::key_management_service_client::KeyManagementServiceClient<tonic::transport::Channel> {
    v1beta1::key_management_service_client::KeyManagementServiceClient::new(served.channel())
}
