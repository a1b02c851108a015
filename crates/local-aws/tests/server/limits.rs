//! What one peer, or many, may use up.

use std::time::Duration;

use local_aws::{Limits, Options, Running};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::wire::{kms, read_answer, root, start_with, sts};

/// Long enough that a test which waits for it has failed.
const NEVER: Duration = Duration::from_secs(20);
const SOON: Duration = Duration::from_millis(200);

async fn limited(limits: Limits) -> Running {
    start_with(Options { limits, ..Options::default() }).await
}

/// Whether the server closes the connection, whatever it says before.
async fn is_closed(stream: &mut TcpStream) -> bool {
    let mut rest = Vec::new();
    timeout(NEVER, stream.read_to_end(&mut rest)).await.is_ok()
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_in_the_protocol_of_the_request() {
    let aws = limited(Limits { body_bytes: 100, ..Limits::default() }).await;
    let long = "x".repeat(101);
    let json = kms("Encrypt", &long).send(&aws).await;
    assert_eq!(json.headers["connection"], "close");
    assert_eq!(json.json_error().1, "RequestEntityTooLargeException");
    let query = sts(&long).send(&aws).await.query_error();
    assert_eq!((query.0, query.1.as_str()), (413, "RequestEntityTooLargeException"));
    // A signature's scope tells the service where nothing else in the head does, one that is not here among them.
    let scoped = async |service: &str| {
        let mut request = sts(&long);
        let credential = format!("AKIA/20260101/us-east-1/{service}/aws4_request");
        let signature = format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=00");
        request.headers.push(("authorization".into(), signature));
        request.send(&aws).await
    };
    assert_eq!(scoped("kms").await.json_error().1, "RequestEntityTooLargeException");
    assert_eq!(scoped("iam").await.query_error().1, "RequestEntityTooLargeException");
    for (service, begins) in [("s3", "<Error><Code>"), ("ec2", "<Response><Errors><Error><Code>")] {
        let refused = scoped(service).await;
        let body = refused.body.split_once("?>").map_or(refused.body.as_str(), |(_, body)| body.trim_start());
        assert!(refused.status == 413 && body.starts_with(begins), "{service}: {refused:?}");
    }
    let eks = scoped("eks").await;
    assert_eq!(eks.headers["x-amzn-errortype"], "RequestEntityTooLargeException", "{eks:?}");
    aws.shutdown().await;
}

#[tokio::test]
async fn a_body_of_unannounced_length_is_cut_at_the_limit() {
    let aws = limited(Limits { body_bytes: 100, ..Limits::default() }).await;
    let mut stream = TcpStream::connect(aws.local_addr()).await.unwrap();
    let head = "POST / HTTP/1.1\r\nhost: x\r\nx-amz-target: TrentService.Encrypt\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..3 {
        stream.write_all(format!("32\r\n{}\r\n", "x".repeat(0x32)).as_bytes()).await.unwrap();
    }
    let answer = timeout(NEVER, read_answer(&mut stream)).await.unwrap().unwrap();
    assert_eq!((answer.status, answer.json_error().1.as_str()), (413, "RequestEntityTooLargeException"));
    assert!(is_closed(&mut stream).await);
    aws.shutdown().await;
}

#[tokio::test]
async fn all_bodies_together_are_bounded_and_room_comes_back() {
    let aws = limited(Limits { all_body_bytes: 1000, ..Limits::default() }).await;
    let mut hoarder = TcpStream::connect(aws.local_addr()).await.unwrap();
    let head = "POST / HTTP/1.1\r\nhost: x\r\nx-amz-target: TrentService.Encrypt\r\ncontent-length: 1001\r\n\r\n";
    hoarder.write_all([head.as_bytes(), &[b' '; 1000]].concat().as_slice()).await.unwrap();
    let signer = root(&aws, "kms");
    let request = kms("ListKeys", "{}").signed(&aws, &signer);
    timeout(NEVER, async {
        while request.send(&aws).await.status != 503 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the hoarder's bytes count against everybody's room");

    drop(hoarder);
    timeout(NEVER, async {
        while request.send(&aws).await.status != 200 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the room comes back when the hoarder is gone");
    aws.shutdown().await;
}

#[tokio::test]
async fn a_head_over_the_limit_is_refused() {
    let aws = limited(Limits { header_bytes: 8 << 10, ..Limits::default() }).await;
    let answer = kms("ListKeys", "{}").header("x-long", &"x".repeat(9 << 10)).send(&aws).await;
    assert_eq!(answer.status, 431);
    aws.shutdown().await;
}

#[tokio::test]
async fn silent_and_slow_peers_are_left() {
    let limits = Limits { header_time: SOON, body_time: SOON, idle_time: SOON, ..Limits::default() };
    let aws = limited(limits).await;
    let head = "POST / HTTP/1.1\r\nhost: x\r\nx-amz-target: TrentService.Encrypt\r\ncontent-length: 9\r\n\r\n";
    for (what, sent) in [
        ("says nothing", ""),
        ("stops in HTTP/2's preface", "PRI * HTTP/2.0\r\n"),
        ("says hello in HTTP/2 and no more", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ("stops in the head", "POST / HTTP/1.1\r\nhost:"),
        ("stops in the body", head),
    ] {
        let mut stream = TcpStream::connect(aws.local_addr()).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        assert!(is_closed(&mut stream).await, "a peer that {what} is kept");
    }
    aws.shutdown().await;
}

#[tokio::test]
async fn a_body_that_drips_is_told_that_it_is_too_slow() {
    let aws = limited(Limits { body_time: SOON, ..Limits::default() }).await;
    let mut stream = TcpStream::connect(aws.local_addr()).await.unwrap();
    let head = "POST / HTTP/1.1\r\nhost: x\r\nx-amz-target: TrentService.Encrypt\r\ncontent-length: 9\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = timeout(NEVER, read_answer(&mut stream)).await.unwrap().unwrap();
    assert_eq!((answer.status, answer.json_error().1.as_str()), (408, "RequestTimeoutException"));
    aws.shutdown().await;
}

/// All of it is in this thread: its clock stands still until nothing is left that anybody could do.
#[tokio::test(start_paused = true)]
async fn connections_over_the_limit_wait_for_one_to_end() {
    let aws = limited(Limits { connections: 1, ..Limits::default() }).await;
    let request = kms("ListKeys", "{}").signed(&aws, &root(&aws, "kms")).bytes(&aws);
    let mut first = TcpStream::connect(aws.local_addr()).await.unwrap();
    first.write_all(&request).await.unwrap();
    assert_eq!(read_answer(&mut first).await.unwrap().status, 200);

    let mut second = TcpStream::connect(aws.local_addr()).await.unwrap();
    second.write_all(&request).await.unwrap();
    let mut byte = [0];
    assert!(timeout(SOON, second.peek(&mut byte)).await.is_err(), "the second connection is answered beside the first");
    drop(first);
    assert_eq!(timeout(NEVER, read_answer(&mut second)).await.unwrap().unwrap().status, 200);
    aws.shutdown().await;
}
