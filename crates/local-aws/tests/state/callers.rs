//! Who may ask for the state, and bring one: nothing but a peer of this machine that is no page of elsewhere. No credential is
//! asked for, and none helps.

use local_aws::Running;
use serde_json::Value;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::{
    export,
    wire::{Answer, read_answer, start},
};

/// Sends a head alone, and as many bytes of a body as are given.
async fn send(aws: &Running, head: &str, body: &str) -> Answer {
    let mut stream = TcpStream::connect(aws.local_addr()).await.unwrap();
    let text = format!("{}\r\n\r\n{body}", head.replace('\n', "\r\n").replace("HERE", &aws.local_addr().to_string()));
    stream.write_all(text.as_bytes()).await.unwrap();
    read_answer(&mut stream).await.unwrap()
}

fn error(answer: &Answer) -> String {
    assert_eq!(answer.headers["content-type"], "application/json", "{answer:?}");
    serde_json::from_str::<Value>(&answer.body).unwrap()["error"].as_str().unwrap().to_owned()
}

const JSON: &str = "content-type: application/json\ncontent-length: 2";

#[tokio::test]
async fn a_peer_of_this_machine_needs_no_credential_and_a_page_of_elsewhere_is_refused() {
    let aws = start().await;
    let port = aws.local_addr().port();
    for (who, status) in [
        ("host: HERE".to_owned(), 200),
        (format!("host: localhost:{port}"), 200),
        (format!("host: [::1]:{port}"), 200),
        // A name that somebody made lead here (DNS rebinding), also beside one of ours.
        (format!("host: evil.example:{port}"), 403),
        (format!("host: localhost.evil.example:{port}"), 403),
        (format!("host: 127.0.0.1.evil.example:{port}"), 403),
        (format!("host: 0.0.0.0:{port}"), 403),
        // No host at all.
        ("x: y".to_owned(), 400),
        // Pages: of the web, that hide where they came from, of another server of this machine, and of this one.
        ("host: HERE\norigin: https://evil.example".to_owned(), 403),
        ("host: HERE\norigin: null".to_owned(), 403),
        ("host: HERE\norigin: http://localhost:3000".to_owned(), 403),
        ("host: HERE\norigin: http://HERE\norigin: https://evil.example".to_owned(), 403),
        ("host: HERE\norigin: http://HERE".to_owned(), 200),
    ] {
        for route in ["export", "import"] {
            let answer = send(&aws, &format!("POST /_claviger/{route} HTTP/1.1\n{who}\n{JSON}"), "{}").await;
            // What is no state is refused as such from whom one is taken.
            let wanted = if route == "import" && status == 200 { 400 } else { status };
            // hyper refuses what has no host by itself, or we do.
            assert!(answer.status == wanted || status == 400 && answer.status == 403, "{route} {who}: {answer:?}");
            assert!(!answer.headers.contains_key("access-control-allow-origin"), "{answer:?}");
        }
    }
    // A browser asks before it sends JSON to elsewhere, and is not told that it may.
    let asked = "access-control-request-method: POST\naccess-control-request-headers: content-type";
    for origin in ["https://evil.example", "http://HERE"] {
        let head = format!("OPTIONS /_claviger/export HTTP/1.1\nhost: HERE\norigin: {origin}\n{asked}");
        let answer = send(&aws, &head, "").await;
        assert!(answer.status >= 400 && !answer.headers.keys().any(|name| name.starts_with("access-control")));
    }
    aws.shutdown().await;
}

/// A body that never comes keeps nobody waiting for what the head already tells.
#[tokio::test]
async fn what_is_wrong_with_the_head_is_told_before_any_body() {
    let aws = start().await;
    let before = export(&aws).await;
    for (line, more, status, told) in [
        ("POST /_claviger/import", "content-type: text/plain", 415, "content-type: application/json"),
        ("POST /_claviger/import", "x: y", 415, "content-type: application/json"),
        ("POST /_claviger/export", "content-type: application/x-www-form-urlencoded", 415, "application/json"),
        ("POST /_claviger/clock", "content-type: multipart/form-data", 415, "application/json"),
        ("GET /_claviger/import", "content-type: application/json", 404, "no such route"),
        ("PUT /_claviger/import", "content-type: application/json", 404, "no such route"),
        ("POST /_claviger/imports", "content-type: application/json", 404, "no such route"),
        ("POST /_claviger/import", "content-type: application/json\norigin: null", 403, "page of a browser"),
    ] {
        let answer = send(&aws, &format!("{line} HTTP/1.1\nhost: HERE\n{more}\ncontent-length: 1000000"), "").await;
        assert_eq!(answer.status, status, "{line} {more}: {answer:?}");
        assert!(error(&answer).contains(told), "{line} {more}: {answer:?}");
        assert_eq!(answer.headers["connection"], "close", "{answer:?}");
    }
    assert_eq!(export(&aws).await, before);
    aws.shutdown().await;
}

#[tokio::test]
async fn a_body_that_is_not_taken_is_refused_in_the_admin_routes_own_json() {
    let aws = start().await;
    let large =
        "POST /_claviger/accounts HTTP/1.1\nhost: HERE\ncontent-type: application/json\ncontent-length: 2000000";
    let answer = send(&aws, large, "").await;
    assert_eq!(answer.status, 413, "{answer:?}");
    assert_eq!(error(&answer), "The request payload is larger than 1048576 bytes.");
    for (route, body) in
        [("accounts", "{"), ("import", "\u{7f}"), ("faults", "["), ("decide", "{}"), ("export", "{\"all\": true}")]
    {
        let head = format!("POST /_claviger/{route} HTTP/1.1\nhost: HERE\ncontent-type: application/json");
        let answer = send(&aws, &format!("{head}\ncontent-length: {}", body.len()), body).await;
        assert_eq!(answer.status, 400, "{route}: {answer:?}");
        assert!(!error(&answer).is_empty());
    }
    aws.shutdown().await;
}
