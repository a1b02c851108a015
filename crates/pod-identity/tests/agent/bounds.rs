//! What one pod can take up.

use std::time::Instant;

use http::{Method, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{
    rig::{Agent, Client, eks_auth},
    stub::{Answers, Stub},
    tokens,
};

#[tokio::test]
async fn a_pod_that_asks_without_end_is_held_back_as_the_peer_holds_back_a_node() {
    let stub = Stub::start(Answers::Lending(3600)).await;
    let source = eks_auth(format!("http://{}", stub.address));
    let agent = Agent::with(source, Default::default(), 20).await;
    let mut client = agent.connect().await;
    let greedy = tokens::of("greedy");
    let mut refused = None;
    for _ in 0..40 {
        let answer = client.ask(&greedy).await;
        if answer.status != StatusCode::OK {
            refused = Some(answer);
        }
    }
    let refused = refused.unwrap();
    assert_eq!((refused.status, &*refused.body), (StatusCode::TOO_MANY_REQUESTS, "Too Many Requests\n"));
    // Another pod of the same network.
    assert_eq!(client.ask(&tokens::of("modest")).await.status, StatusCode::OK);
}

/// As where tokens are not verified here, so that whoever can write one has the source asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pod_that_invents_tokens_keeps_no_other_from_the_source() {
    let stub = Stub::start(Answers::Lending(3600)).await;
    let source = eks_auth(format!("http://{}", stub.address));
    let agent = Agent::with(source, Default::default(), 1000).await;
    let mut hostile = Client::connect_from("127.0.0.2", agent.address).await;
    let began = Instant::now();
    let mut answered = Vec::new();
    for number in 0..200 {
        answered.push(hostile.ask(&tokens::of(&format!("invented{number}"))).await);
    }
    let fair = 20 + 5 * (began.elapsed().as_secs() as usize + 1);
    assert!((20..=fair).contains(&stub.calls()), "{} calls in {:?}", stub.calls(), began.elapsed());
    let last = answered.last().unwrap();
    assert_eq!((last.status, &*last.body), (StatusCode::TOO_MANY_REQUESTS, "Too Many Requests\n"));
    // What it has it is given; another pod gets what it has not asked for before.
    assert_eq!(hostile.ask(&tokens::of("invented0")).await.status, StatusCode::OK);
    let mut other = Client::connect_from("127.0.0.3", agent.address).await;
    assert_eq!(other.ask(&tokens::of("api")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn heads_that_are_too_long_and_what_is_no_http_end_the_connection_alone() {
    let stub = Stub::start(Answers::Lending(3600)).await;
    let agent = Agent::before(&stub).await;
    let long = "a".repeat(100_000);
    for hostile in [
        format!("GET /v1/credentials HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: {long}\r\n\r\n"),
        format!("GET /{long} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"),
        "\u{16}\u{3}\u{1}\r\n\r\n".to_owned(),
        "GET /v1/credentials HTTP/1.1\r\nhost: a\r\nhost : b\r\n\r\n".to_owned(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
    ] {
        let mut stream = tokio::net::TcpStream::connect(agent.address).await.unwrap();
        // It may end before it was sent whole.
        let _ = stream.write_all(hostile.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    let mut client = agent.connect().await;
    let too_long = "b".repeat(20_000);
    let headers = [("host", "127.0.0.1"), ("authorization", too_long.as_str())];
    let answer = client.send(Method::GET, "/v1/credentials", &headers).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.body, "Service account token cannot be parsed: it is longer than 16384 characters\n");
    assert_eq!(agent.ask(&tokens::of("api")).await.status, StatusCode::OK);
}

/// Whoever holds the most connections loses its oldest; here that is all the same pod, and the newest is served.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_keep_nobody_out() {
    let stub = Stub::start(Answers::Lending(3600)).await;
    let agent = Agent::before(&stub).await;
    let mut held = Vec::new();
    for _ in 0..2048 {
        held.push(tokio::net::TcpStream::connect(agent.address).await.unwrap());
    }
    assert_eq!(agent.ask(&tokens::of("api")).await.status, StatusCode::OK);
    let mut ended = [0; 1];
    assert_eq!(held[0].read(&mut ended).await.unwrap_or(0), 0, "the oldest is ended");
}

#[tokio::test]
async fn what_is_being_answered_is_answered_when_the_end_comes() {
    let stub = Stub::start(Answers::Lending(3600)).await;
    let mut agent = Agent::before(&stub).await;
    stub.hold();
    let mut client = agent.connect().await;
    let token = tokens::of("api");
    let asking = client.ask(&token);
    let (shutdown, stub) = (agent.shutdown.clone(), &stub);
    let end = async move {
        while stub.calls() == 0 {
            tokio::task::yield_now().await;
        }
        shutdown.request();
        tokio::task::yield_now().await;
        stub.go_on();
    };
    let (answer, ()) = tokio::join!(asking, end);
    assert_eq!(answer.status, StatusCode::OK);
    while agent.serving.join_next().await.is_some() {}
    assert!(tokio::net::TcpStream::connect(agent.address).await.is_err());
}
