//! Starting, stopping, and what outlives both.

use std::{net::SocketAddr, time::Duration};

use local_aws::{Limits, LocalAws, Options, StartError, State, store::MasterKey};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    time::timeout,
};

use crate::wire::{ACCOUNT, kms, read_answer, root, start, start_with, sts};

#[tokio::test]
async fn a_taken_port_is_named() {
    let holder = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = holder.local_addr().unwrap();
    let error = LocalAws::start(Options { listen: address, ..Options::default() }).await.unwrap_err();
    assert!(matches!(error, StartError::PortTaken { address: taken } if taken == address), "{error:?}");
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}

#[tokio::test]
async fn a_shutdown_ends_idle_connections_and_frees_the_port() {
    let aws = start().await;
    let address = aws.local_addr();
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(&kms("ListKeys", "{}").signed(&aws, &root(&aws, "kms")).bytes(&aws)).await.unwrap();
    assert_eq!(read_answer(&mut idle).await.unwrap().status, 200);
    timeout(Duration::from_secs(5), aws.shutdown()).await.expect("an idle connection does not hold a shutdown up");
    assert!(read_answer(&mut idle).await.is_none());
    LocalAws::start(Options { listen: address, ..Options::default() }).await.unwrap().shutdown().await;
}

#[tokio::test]
async fn a_shutdown_lets_the_request_on_the_way_end() {
    let aws = start().await;
    let request = kms("ListKeys", "{}").signed(&aws, &root(&aws, "kms")).bytes(&aws);
    let (most, rest) = request.split_at(request.len() - 1);
    let mut stream = TcpStream::connect(aws.local_addr()).await.unwrap();
    stream.write_all(most).await.unwrap();
    // Connections are taken in order: when a later one is answered, this one is being served.
    assert_eq!(kms("ListKeys", "{}").send(&aws).await.status, 400);
    let down = tokio::spawn(aws.shutdown());
    tokio::task::yield_now().await;
    stream.write_all(rest).await.unwrap();
    assert_eq!(read_answer(&mut stream).await.unwrap().status, 200);
    down.await.unwrap();
}

#[tokio::test]
async fn a_shutdown_cuts_what_does_not_end_in_time() {
    let limits = Limits { drain_time: Duration::from_millis(100), ..Limits::default() };
    let aws = start_with(Options { limits, ..Options::default() }).await;
    let mut stuck = TcpStream::connect(aws.local_addr()).await.unwrap();
    let head = "POST / HTTP/1.1\r\nhost: x\r\nx-amz-target: TrentService.Encrypt\r\ncontent-length: 9\r\n\r\n{";
    stuck.write_all(head.as_bytes()).await.unwrap();
    timeout(Duration::from_secs(5), aws.shutdown()).await.expect("a stuck peer does not hold a shutdown up");
}

#[tokio::test]
async fn credentials_outlive_a_restart_with_a_state_file() {
    let directory = tempfile::tempdir().unwrap();
    let options = || Options {
        state: State::File { path: directory.path().join("state"), master_key: MasterKey::Beside },
        ..Options::default()
    };
    let first = start_with(options()).await;
    let credential = first.root_credential(ACCOUNT.parse().unwrap());
    first.shutdown().await;

    let second = start_with(options()).await;
    let signer = crate::wire::of(&credential, "sts");
    let answer = sts("Action=GetCallerIdentity").signed(&second, &signer).send(&second).await;
    assert_eq!(answer.element("Account"), ACCOUNT, "{answer:?}");
    second.shutdown().await;
}
