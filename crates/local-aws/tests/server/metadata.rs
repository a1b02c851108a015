//! Instance metadata over raw HTTP: who is told what, and what a hostile peer may use up.

use std::net::SocketAddr;

use local_aws::{Imds, LocalAws, Options, Running, StartError};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::wire::{Answer, read_answer};

const TTL: &str = "X-aws-ec2-metadata-token-ttl-seconds";
const ROLE: &str = "arn:aws:iam::111122223333:role/Node";

fn imds(listen: &str) -> Imds {
    let listen = listen.parse().unwrap();
    Imds { listen, exposed: false, subject: Some(ROLE.parse().unwrap()), region: "us-west-2".parse().unwrap() }
}

fn options(imds: Imds) -> Options {
    Options {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        accounts: vec!["111122223333".parse().unwrap()],
        imds: Some(imds),
        ..Options::default()
    }
}

async fn start() -> Running {
    LocalAws::start(options(imds("127.0.0.1:0"))).await.unwrap()
}

async fn connect(aws: &Running) -> TcpStream {
    let url = aws.metadata_url().unwrap();
    TcpStream::connect(url.trim_start_matches("http://")).await.unwrap()
}

/// Sends a request on a connection of its own.
async fn ask(aws: &Running, line: &str, headers: &[(&str, &str)]) -> Answer {
    let mut stream = connect(aws).await;
    let host = ("host", "127.0.0.1");
    let host = (!headers.iter().any(|(name, _)| *name == "host")).then_some(&host);
    let headers: String = host.into_iter().chain(headers).map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    stream.write_all(format!("{line} HTTP/1.1\r\n{headers}\r\n").as_bytes()).await.unwrap();
    read_answer(&mut stream).await.unwrap()
}

async fn token(aws: &Running) -> String {
    let answer = ask(aws, "PUT /latest/api/token", &[(TTL, "60")]).await;
    assert_eq!((answer.status, answer.headers[&TTL.to_lowercase()].as_str()), (200, "60"), "{answer:?}");
    answer.body
}

async fn get(aws: &Running, path: &str) -> Answer {
    let token = token(aws).await;
    ask(aws, &format!("GET {path}"), &[("X-aws-ec2-metadata-token", &token)]).await
}

#[tokio::test]
async fn a_token_is_asked_for_as_at_aws_and_needed() {
    let aws = start().await;
    for (headers, status) in [
        (&[(TTL, "1")][..], 200),
        (&[(TTL, "21600")], 200),
        (&[(TTL, "0")], 400),
        (&[(TTL, "21601")], 400),
        (&[(TTL, "a")], 400),
        (&[(TTL, "1"), (TTL, "1")], 400),
        (&[], 400),
        (&[(TTL, "1"), ("X-Forwarded-For", "10.0.0.1")], 403),
        (&[(TTL, "1"), ("X-Forwarded-For", "")], 403),
        (&[(TTL, "1"), ("host", "evil.example")], 403),
        (&[(TTL, "1"), ("host", "localhost:1338")], 200),
        (&[(TTL, "1"), ("content-length", "0")], 200),
    ] {
        assert_eq!(ask(&aws, "PUT /latest/api/token", headers).await.status, status, "{headers:?}");
    }
    assert_eq!(ask(&aws, "GET /latest/api/token", &[]).await.status, 405);
    let good = token(&aws).await;
    let name = "X-aws-ec2-metadata-token";
    for (headers, status) in [
        (&[][..], 401),
        (&[(name, "")], 401),
        (&[(name, "AAAA")], 401),
        (&[(name, good.get(1..).unwrap())], 401),
        (&[(name, &good), (name, &good)], 401),
        (&[(name, &good)], 200),
        (&[(name, &good), ("X-Forwarded-For", "10.0.0.1")], 200),
        (&[(name, &good), ("host", "evil.example")], 403),
    ] {
        assert_eq!(ask(&aws, "GET /latest/meta-data/instance-id", headers).await.status, status, "{headers:?}");
        assert_eq!(ask(&aws, "GET /", headers).await.status, status, "{headers:?}");
    }
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE"] {
        let answer = ask(&aws, &format!("{method} /latest/meta-data/instance-id"), &[(name, &good)]).await;
        assert_eq!(answer.status, 405, "{method}");
    }
    aws.shutdown().await;
}

#[tokio::test]
async fn a_role_alone_has_an_instance_around_it() {
    let aws = start().await;
    let versions = get(&aws, "/").await.body;
    assert!(versions.starts_with("1.0\n") && versions.ends_with("\nlatest"), "{versions}");
    assert_eq!(get(&aws, "/latest").await.body, "dynamic\nmeta-data".replace('\n', "/\n") + "/");
    assert_eq!(get(&aws, "//2018-03-28//meta-data/iam/security-credentials/").await.body, "Node");
    let instance = get(&aws, "/latest/meta-data/instance-id").await;
    assert_eq!(instance.headers["content-type"], "text/plain");
    assert!(instance.body.starts_with("i-") && instance.body.len() == 19, "{instance:?}");
    let credentials = get(&aws, "/latest/meta-data/iam/security-credentials/Node").await.body;
    let credentials: serde_json::Value = serde_json::from_str(&credentials).unwrap();
    assert_eq!(credentials["Code"], "Success", "{credentials}");
    for path in [
        "/latest/user-data",
        "/latest/meta-data/tags",
        "/latest/meta-data/spot/instance-action",
        "/1999-01-01/",
        "/latest/../1.0",
    ] {
        let answer = get(&aws, path).await;
        assert!(answer.status == 404 && answer.body.contains("404 - Not Found"), "{path}: {answer:?}");
    }
    aws.shutdown().await;
}

/// What is kept for one peer is one session for each way of delivery, however often it asks; nothing is kept of tokens.
#[tokio::test]
async fn nonsense_is_refused_and_the_next_request_answered() {
    let aws = start().await;
    let (long, name) = ("x".repeat(1 << 20), "X-aws-ec2-metadata-token");
    for bytes in [
        format!("GET /{long} HTTP/1.1\r\nhost: localhost\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nhost: localhost\r\n{name}: {long}\r\n\r\n"),
        format!("GET /{} HTTP/1.1\r\nhost: localhost\r\n\r\n", "a/".repeat(4000)),
        format!(
            "PUT /latest/api/token HTTP/1.1\r\nhost: localhost\r\n{TTL}: 1\r\ncontent-length: {}\r\n\r\n{long}",
            u64::MAX
        ),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        "\u{0}\u{1}\u{2}\r\n\r\n".to_owned(),
        "GET http://evil.example/latest HTTP/1.1\r\nhost: localhost\r\n\r\n".to_owned(),
    ] {
        let mut stream = connect(&aws).await;
        // It may be cut before it has sent all.
        let _ = stream.write_all(bytes.as_bytes()).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let text = String::from_utf8_lossy(&answer);
        assert!(answer.len() < 4096 && !text.contains("AccessKeyId"), "{text}");
        let status = text.split(' ').nth(1).unwrap_or_default();
        assert!(status.is_empty() || status.starts_with('4') || bytes.contains(TTL), "{text}");
    }
    assert_eq!(get(&aws, "/latest/meta-data/instance-type").await.status, 200);
    aws.shutdown().await;
}

#[tokio::test]
async fn others_than_this_machine_are_told_only_where_that_is_asked_for() {
    let refused = LocalAws::start(options(imds("0.0.0.0:0"))).await.unwrap_err();
    assert!(matches!(refused, StartError::ExposedMetadata { .. }), "{refused}");
    let aws = LocalAws::start(options(Imds { exposed: true, ..imds("0.0.0.0:0") })).await.unwrap();
    let url = aws.metadata_url().unwrap().replace("0.0.0.0", "127.0.0.1");
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).await.unwrap();
    let request = format!("PUT /latest/api/token HTTP/1.1\r\nhost: metadata.example\r\n{TTL}: 5\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    assert_eq!(read_answer(&mut stream).await.unwrap().status, 200);
    drop(stream);
    aws.shutdown().await;
}
