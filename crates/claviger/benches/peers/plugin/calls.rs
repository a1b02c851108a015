//! The calls that are made.

use kms_plugin::proto::v2::{DecryptRequest, EncryptRequest, StatusRequest};
use serde_json::json;
use test_support::{Counts, EmbeddedAws, KmsClient, Network, connect};
use tokio::task::JoinSet;

use super::subject::Subject;
use crate::{
    connection::Connection,
    load::{Outcome, Pace},
    wire,
};

pub(super) async fn status(subject: &Subject<'_>, pace: Pace) -> Outcome {
    let callers = vec![connect(&subject.socket)];
    pace.closed_loop(subject.pid(), callers, |mut client: KmsClient| async move {
        client.status(StatusRequest {}).await.unwrap();
        client
    })
    .await
}

pub(super) async fn encrypt(subject: &Subject<'_>, pace: Pace) -> Outcome {
    let callers = vec![connect(&subject.socket)];
    pace.closed_loop(subject.pid(), callers, |mut client: KmsClient| async move {
        client.encrypt(EncryptRequest { plaintext: vec![7; 32], uid: "bench".to_owned() }).await.unwrap();
        client
    })
    .await
}

/// Each caller opens a ciphertext of its own: identical Decrypts would be made one. All share a connection, as an
/// apiserver's do. Told with what went over the network while it was measured.
pub(super) async fn decrypt(
    subject: &Subject<'_>,
    in_flight: usize,
    network: &Network,
    pace: Pace,
) -> (Outcome, Counts) {
    let mut client = connect(&subject.socket);
    let mut callers = Vec::new();
    for number in 0..in_flight {
        let request = sealed(&mut client, [number as u8; 32]).await;
        callers.push((client.clone(), request));
    }
    let call = |(mut client, request): (KmsClient, DecryptRequest)| async move {
        client.decrypt(request.clone()).await.unwrap();
        (client, request)
    };
    let callers = pace.warm_up(callers, call).await;
    let before = network.counts();
    let outcome = pace.measure(subject.pid(), callers, call).await;
    (outcome, network.counts() - before)
}

/// `burst` Decrypts of one ciphertext at once: what that costs the key service.
pub(super) async fn identical_decrypts(subject: &Subject<'_>, burst: usize, network: &Network) -> Counts {
    let mut client = connect(&subject.socket);
    let request = sealed(&mut client, [7; 32]).await;
    let before = network.counts();
    let calls = (0..burst).map(|_| {
        let (mut client, request) = (client.clone(), request.clone());
        async move { client.decrypt(request).await.is_ok() }
    });
    let well = calls.collect::<JoinSet<_>>().join_all().await;
    assert_eq!(well, vec![true; burst]);
    network.counts() - before
}

/// `burst` calls of Status at once: how many of them were well.
pub(super) async fn statuses(subject: &Subject<'_>, burst: usize) -> usize {
    let client = connect(&subject.socket);
    let calls = (0..burst).map(|_| {
        let mut client = client.clone();
        async move { client.status(StatusRequest {}).await.is_ok() }
    });
    calls.collect::<JoinSet<_>>().join_all().await.into_iter().filter(|well| *well).count()
}

async fn sealed(client: &mut KmsClient, plaintext: [u8; 32]) -> DecryptRequest {
    let request = EncryptRequest { plaintext: plaintext.to_vec(), uid: "bench".to_owned() };
    let sealed = client.encrypt(request).await.unwrap().into_inner();
    DecryptRequest {
        ciphertext: sealed.ciphertext,
        uid: "bench".to_owned(),
        key_id: sealed.key_id,
        annotations: sealed.annotations,
    }
}

/// What the key service and the network take by themselves: no SDK, a request that was signed beforehand.
pub(super) struct KmsAlone {
    pub(super) encrypt: Outcome,
    pub(super) decrypt: Outcome,
}

pub(super) async fn kms_alone(aws: &EmbeddedAws, key: &str, network: &Network, pace: Pace) -> KmsAlone {
    let address = network.address();
    let open = async |operation, body| {
        let request = wire::kms(address, operation, &body);
        Connection::open(address, request).await.unwrap()
    };
    let mut connection = open("Encrypt", json!({"KeyId": key, "Plaintext": PLAINTEXT})).await;
    let sealed: serde_json::Value = serde_json::from_slice(connection.call().await.unwrap().body()).unwrap();
    let encrypt = pace
        .closed_loop(aws.pid(), vec![connection], |connection: Connection| connection.expect("CiphertextBlob"))
        .await;
    let connection = open("Decrypt", json!({"KeyId": key, "CiphertextBlob": sealed["CiphertextBlob"]})).await;
    let decrypt =
        pace.closed_loop(aws.pid(), vec![connection], |connection: Connection| connection.expect("Plaintext")).await;
    KmsAlone { encrypt, decrypt }
}

/// 32 bytes, in base64.
const PLAINTEXT: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
