//! HTTP/1.1 with keep-alive, and HTTP/2 with prior knowledge, on the same port.

use aws_wire::sigv4::{Body, Credentials, RequestParts, Rules, SigningParams, sign};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use jiff::Timestamp;
use local_aws::Running;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::wire::{ACCOUNT, STS_VERSION, kms, read_answer, root, start};

#[tokio::test]
async fn many_requests_share_one_connection() {
    let aws = start().await;
    let mut stream = TcpStream::connect(aws.local_addr()).await.unwrap();
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..3 {
        let request = kms("ListKeys", "{}").signed(&aws, &root(&aws, "kms"));
        stream.write_all(&request.bytes(&aws)).await.unwrap();
        let answer = read_answer(&mut stream).await.unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        ids.insert(answer.headers["x-amzn-requestid"].clone());
    }
    assert_eq!(ids.len(), 3, "each answer has an id of its own");
    aws.shutdown().await;
}

/// A signed GetCallerIdentity, as HTTP/2 sends it.
fn identity(aws: &Running) -> http::Request<Full<Bytes>> {
    let credential = aws.root_credential(ACCOUNT.parse().unwrap());
    let (host, query) = (aws.local_addr().to_string(), format!("Action=GetCallerIdentity&Version={STS_VERSION}"));
    let signed = sign(
        &RequestParts { method: "GET", path: "/", query: &query, headers: &[("host", host.as_bytes())] },
        Body::Bytes(b""),
        &SigningParams {
            credentials: Credentials {
                access_key_id: &credential.access_key_id,
                secret: &credential.secret_access_key,
                session_token: None,
            },
            region: "eu-west-1",
            service: "sts",
            time: Timestamp::now(),
            rules: Rules::for_service("sts"),
        },
    )
    .unwrap();
    let mut request = http::Request::get(format!("http://{host}/?{query}"));
    for (name, value) in signed.headers {
        request = request.header(name, value);
    }
    request.body(Full::new(Bytes::new())).unwrap()
}

#[tokio::test]
async fn http2_requests_sign_their_authority() {
    let aws = start().await;
    let stream = TcpStream::connect(aws.local_addr()).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let driver = tokio::spawn(connection);
    let answer = sender.send_request(identity(&aws)).await.unwrap();
    let (head, body) = answer.into_parts();
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    assert_eq!(head.status, 200, "{body}");
    assert!(body.contains(&format!("<Arn>arn:aws:iam::{ACCOUNT}:root</Arn>")), "{body}");
    drop(sender);
    driver.await.unwrap().unwrap();
    aws.shutdown().await;
}

#[tokio::test]
async fn a_fault_that_answers_nothing_resets_its_stream_and_leaves_the_connection() {
    let aws = start().await;
    let stream = TcpStream::connect(aws.local_addr()).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let driver = tokio::spawn(connection);
    for fault in ["sts:* gone=closed times=1", "sts:* lost=closed times=1"] {
        aws.put_faults(fault.parse().unwrap()).unwrap();
        sender.send_request(identity(&aws)).await.unwrap_err();
        assert_eq!(sender.send_request(identity(&aws)).await.unwrap().status(), 200, "{fault}");
    }
    drop(sender);
    driver.await.unwrap().unwrap();
    aws.shutdown().await;
}
