//! What a hostile, slow or silent peer can make the plugin keep: nothing for long, and never much.

use std::{collections::HashMap, sync::Arc, time::Duration};

use kms_plugin::{proto::v2, server::Limits};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
    task::JoinSet,
    time::timeout,
};
use tonic::Code;

use crate::{
    sealers::{Held, Negating},
    served::Served,
};

const SHORT: Duration = Duration::from_millis(50);
/// Long enough for a machine under load, short enough to fail a test.
const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_peer_without_a_preface_is_dropped() {
    let served = negating(Limits { preface: SHORT, ..Limits::default() });
    let mut silent = served.raw().await;
    closed(&mut silent).await;
    let mut halting = served.raw().await;
    halting.write_all(&HELLO[..20]).await.unwrap();
    closed(&mut halting).await;
    served.stop().await;
}

#[tokio::test]
async fn a_peer_that_halts_within_a_frame_is_dropped() {
    let served = negating(Limits { keepalive: SHORT, keepalive_answer: SHORT, ..Limits::default() });
    let mut halting = served.raw().await;
    halting.write_all(HELLO).await.unwrap();
    // HEADERS of 100 octets, of which five come.
    halting.write_all(b"\0\0\x64\x01\x04\0\0\0\x01\x83\x86\x44\x01\x2f").await.unwrap();
    closed(&mut halting).await;
    served.stop().await;
}

#[tokio::test]
async fn a_connection_without_calls_is_closed_in_good_order() {
    let served = negating(Limits { idle: SHORT, ..Limits::default() });
    let mut idle = served.raw().await;
    idle.write_all(HELLO).await.unwrap();
    let mut heard = Vec::new();
    // Until its GOAWAY: all streams may have been taken, error code 0.
    let goaway = b"\x07\0\0\0\0\0\x7f\xff\xff\xff\0\0\0\0";
    timeout(PATIENCE, async {
        while !heard.windows(goaway.len()).any(|window| window == goaway) {
            assert_ne!(idle.read_buf(&mut heard).await.unwrap(), 0, "closed without GOAWAY: {heard:?}");
        }
    })
    .await
    .expect("a GOAWAY");
    drop(idle);
    served.stop().await;
}

#[tokio::test]
async fn the_largest_request_that_the_api_allows_is_served_and_a_larger_one_refused() {
    let served = negating(Limits::default());
    let request = |annotation: usize| v2::DecryptRequest {
        ciphertext: vec![1; 1024],
        uid: "0".repeat(36),
        key_id: "k".repeat(1024),
        annotations: HashMap::from([("a.example.com".to_owned(), vec![2; annotation])]).into_iter().collect(),
    };
    assert_eq!(served.v2().decrypt(request(32 * 1024)).await.unwrap().into_inner().plaintext.len(), 1024);
    let refusal = served.v2().decrypt(request(64 * 1024)).await.unwrap_err();
    assert_eq!(refusal.code(), Code::OutOfRange, "{refusal}");
    served.stop().await;
}

#[tokio::test]
async fn a_request_that_is_not_done_in_time_is_given_up() {
    let (held, _beginning) = Held::new();
    let served = Served::start_with(held, Limits { request: SHORT, ..Limits::default() });
    let refusal = served.v2().decrypt(v2::DecryptRequest::default()).await.unwrap_err();
    assert_eq!(refusal.code(), Code::DeadlineExceeded, "{refusal}");
    served.stop().await;
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let served = negating(Limits { request: SHORT, ..Limits::default() });
    let mut halting = served.raw().await;
    halting.write_all(HELLO).await.unwrap();
    // POST /v2.KeyManagementService/Encrypt, te: trailers, and no DATA.
    let path = b"/v2.KeyManagementService/Encrypt";
    let mut block = vec![0x83, 0x86, 0x04, path.len() as u8];
    block.extend_from_slice(path);
    block.extend_from_slice(b"\0\x0ccontent-type\x10application/grpc\0\x02te\x08trailers");
    let mut frame = vec![0, 0, block.len() as u8, 0x01, 0x04, 0, 0, 0, 1];
    frame.extend_from_slice(&block);
    halting.write_all(&frame).await.unwrap();
    let answer = timeout(PATIENCE, async {
        loop {
            let mut head = [0; 9];
            halting.read_exact(&mut head).await.unwrap();
            let mut payload = vec![0; usize::from(head[1]) << 8 | usize::from(head[2])];
            halting.read_exact(&mut payload).await.unwrap();
            if head[5..] == [0, 0, 0, 1] {
                return (head[3], head[4]);
            }
        }
    })
    .await
    .expect("an answer");
    // HEADERS with END_STREAM and END_HEADERS: the status alone.
    assert_eq!(answer, (1, 5));
    drop(halting);
    served.stop().await;
}

#[tokio::test]
async fn requests_beyond_the_places_wait_for_one() {
    let (held, mut beginning) = Held::new();
    let served = Served::start_with(Arc::clone(&held), Limits { max_in_flight: 1, ..Limits::default() });
    let calls = [(); 3].map(|()| {
        let mut client = served.v2();
        tokio::spawn(async move { client.encrypt(v2::EncryptRequest::default()).await })
    });
    for _ in 0..3 {
        beginning.recv().await.unwrap();
        assert!(beginning.try_recv().is_err(), "two at a time");
        held.let_go.add_permits(1);
    }
    for call in calls {
        call.await.unwrap().unwrap();
    }
    served.stop().await;
}

#[tokio::test]
async fn requests_beyond_those_that_may_wait_are_refused() {
    let (held, mut beginning) = Held::new();
    let limits = Limits { max_in_flight: 1, max_waiting: 1, ..Limits::default() };
    let served = Served::start_with(Arc::clone(&held), limits);
    let mut calls = JoinSet::new();
    for _ in 0..3 {
        let mut client = served.v2();
        calls.spawn(async move { client.encrypt(v2::EncryptRequest::default()).await });
    }
    let refused = timeout(PATIENCE, calls.join_next()).await.expect("an answer").unwrap().unwrap();
    assert_eq!(refused.unwrap_err().code(), Code::ResourceExhausted);
    beginning.recv().await.unwrap();
    held.let_go.add_permits(2);
    for served in calls.join_all().await {
        served.unwrap();
    }
    served.stop().await;
}

/// All of it is in this thread: its clock stands still until nothing is left that anybody could do.
#[tokio::test(start_paused = true)]
async fn connections_beyond_the_places_wait_for_one() {
    let served = negating(Limits { max_connections: 1, ..Limits::default() });
    let mut first = served.raw().await;
    first.write_all(HELLO).await.unwrap();
    // Its SETTINGS are here: it has the place.
    first.read_u8().await.unwrap();
    let mut client = served.v2();
    let waiting = tokio::spawn(async move { client.status(v2::StatusRequest {}).await });
    let mut second = served.raw().await;
    second.write_all(HELLO).await.unwrap();
    assert!(timeout(SHORT, second.read_u8()).await.is_err(), "it was served beside the first");
    drop(first);
    drop(second);
    timeout(PATIENCE, waiting).await.expect("its turn").unwrap().unwrap();
    served.stop().await;
}

#[tokio::test]
async fn one_connection_has_so_many_streams_and_so_large_headers() {
    let served = negating(Limits::default());
    let mut raw = served.raw().await;
    raw.write_all(HELLO).await.unwrap();
    let mut head = [0; 9];
    raw.read_exact(&mut head).await.unwrap();
    assert_eq!(head[3], 4, "SETTINGS come first");
    let mut settings = vec![0; usize::from(head[2])];
    raw.read_exact(&mut settings).await.unwrap();
    let settings: HashMap<u16, u32> = settings
        .chunks(6)
        .map(|setting| {
            let (name, value) = setting.split_at(2);
            (u16::from_be_bytes(name.try_into().unwrap()), u32::from_be_bytes(value.try_into().unwrap()))
        })
        .collect();
    let limits = Limits::default();
    // RFC 9113, section 6.5.2.
    assert_eq!(settings[&3], limits.max_streams);
    assert_eq!(settings[&6], limits.max_header_list);
    drop(raw);
    served.stop().await;
}

/// The preface and empty SETTINGS.
const HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

fn negating(limits: Limits) -> Served {
    Served::start_with(Arc::new(Negating::default()), limits)
}

async fn closed(stream: &mut UnixStream) {
    let mut heard = Vec::new();
    // A reset counts as well.
    let ended = timeout(PATIENCE, stream.read_to_end(&mut heard)).await;
    assert!(ended.is_ok(), "still open");
}
