//! The end of a server: nobody who got in is turned away.

use std::{io::ErrorKind, sync::Arc, time::Duration};

use daemon::unix_socket::Endpoint;
use kms_plugin::{
    proto::v2::{self, key_management_service_client::KeyManagementServiceClient},
    server::{Limits, ServeError},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
    time::timeout,
};

use crate::{
    sealers::{Held, Negating},
    served::{DRAIN, Served},
};

#[tokio::test]
async fn calls_that_have_begun_are_finished_and_nobody_else_gets_in() {
    let (held, mut beginning) = Held::new();
    let served = Served::start_with(Arc::clone(&held), Limits::default());
    let path = served.path().to_owned();
    let mut client = served.v2();
    let call = tokio::spawn(async move { client.encrypt(v2::EncryptRequest::default()).await });
    beginning.recv().await.unwrap();

    served.shutdown.request();
    // The file goes first.
    while path.exists() {
        tokio::task::yield_now().await;
    }
    assert_eq!(UnixStream::connect(&path).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert!(!served.serving.is_finished());
    held.let_go.add_permits(1);
    call.await.unwrap().expect("the call that had begun");
    served.stop().await;
}

#[tokio::test]
async fn who_was_still_waiting_to_be_accepted_is_served() {
    let (held, mut beginning) = Held::new();
    let served = Served::start_with(Arc::clone(&held), Limits { max_connections: 1, ..Limits::default() });
    let mut first = served.v2();
    let first = tokio::spawn(async move { first.encrypt(v2::EncryptRequest::default()).await });
    beginning.recv().await.unwrap();
    // All places are taken: the second has connected and sent its call, and nobody has accepted it.
    let mut second = served.v2();
    let second = tokio::spawn(async move { second.encrypt(v2::EncryptRequest::default()).await });
    let third = served.raw().await;

    served.shutdown.request();
    beginning.recv().await.expect("the second call begins");
    held.let_go.add_permits(2);
    first.await.unwrap().expect("the first call");
    second.await.unwrap().expect("the second call");
    drop(third);
    served.stop().await;
}

#[tokio::test]
async fn calls_that_do_not_end_are_cut_at_the_deadline() {
    let (held, mut beginning) = Held::new();
    let directory = tempfile::tempdir().unwrap();
    let served = Served::start_in(directory, held, Limits::default(), Duration::from_millis(50));
    let mut client = served.v2();
    let call = tokio::spawn(async move { client.encrypt(v2::EncryptRequest::default()).await });
    beginning.recv().await.unwrap();
    served.shutdown.request();
    match served.serving.await.unwrap() {
        Err(ServeError::Cut { endpoint, connections: 1 }) => assert!(matches!(endpoint, Endpoint::Path(_))),
        other => panic!("{other:?}"),
    }
    call.await.unwrap().unwrap_err();
}

#[tokio::test]
async fn peers_that_say_nothing_do_not_hold_up_the_end() {
    let short = Duration::from_millis(50);
    let limits = Limits { preface: short, keepalive_answer: short, ..Limits::default() };
    let served = Served::start_with(Arc::new(Negating::default()), limits);
    let idle = served.channel();
    KeyManagementServiceClient::new(idle.clone()).status(v2::StatusRequest {}).await.unwrap();
    let silent = served.raw().await;
    let mut deaf = served.raw().await;
    deaf.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    deaf.read_u8().await.unwrap();
    // Far less than the drain deadline, and not an error.
    timeout(DRAIN / 2, served.stop()).await.expect("the end");
    drop((idle, silent, deaf));
}
