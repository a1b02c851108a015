//! What goes over the wire: kept connections, and the headers against the confused deputy. Seen by a relay.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use key_service::{
    KeyService,
    aws::{AwsKms, AwsKmsSettings},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::support::{Aws, open, seal, seed};

/// Passes everything on to an embedded AWS, counts connections and keeps what was sent.
struct Relay {
    endpoint: String,
    connections: Arc<AtomicUsize>,
    sent: Arc<Mutex<Vec<u8>>>,
}

impl Relay {
    async fn before(aws: &Aws) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (connections, sent) = (Arc::<AtomicUsize>::default(), Arc::<Mutex<Vec<u8>>>::default());
        let (to, counted, kept) = (aws.running.local_addr(), connections.clone(), sent.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let server = TcpStream::connect(to).await.unwrap();
                let (mut from_client, mut to_client) = client.into_split();
                let (mut from_server, mut to_server) = server.into_split();
                let kept = kept.clone();
                tokio::spawn(async move {
                    let mut buffer = [0; 16384];
                    while let Ok(length @ 1..) = from_client.read(&mut buffer).await {
                        kept.lock().unwrap().extend_from_slice(&buffer[..length]);
                        to_server.write_all(&buffer[..length]).await.unwrap();
                    }
                });
                tokio::spawn(async move { copy(&mut from_server, &mut to_client).await });
            }
        });
        Self { endpoint, connections, sent }
    }

    fn settings(&self, aws: &Aws, key: &str) -> AwsKmsSettings {
        AwsKmsSettings { endpoint: Some(self.endpoint.clone()), ..aws.settings(key) }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn connections_are_kept_between_calls_bursts_and_reloads() {
    let aws = Aws::start().await;
    let arn = aws.key().await;
    let relay = Relay::before(&aws).await;
    let key = Arc::new(AwsKms::connect(relay.settings(&aws, &arn)).unwrap());
    let sealed = seal(&key).await.unwrap();
    for _ in 0..20 {
        open(&key, &sealed).await.unwrap();
    }
    assert_eq!(relay.connections(), 1, "one after the other");

    let mut after_first_burst = 0;
    for burst in 0..5 {
        let mut calls = JoinSet::new();
        for _ in 0..32 {
            let (key, sealed) = (key.clone(), sealed.clone());
            calls.spawn(async move { open(&key, &sealed).await.unwrap().plaintext });
        }
        assert!(calls.join_all().await.iter().all(|plaintext| *plaintext == seed()));
        if burst == 0 {
            after_first_burst = relay.connections();
        }
    }
    key.reload().await.unwrap();
    open(&key, &sealed).await.unwrap();
    // Of the 129 calls after that, hardly any: hyper opens a connection beside waiting for one that is about to be free.
    let later = relay.connections() - after_first_burst;
    assert!(after_first_burst <= 33 && later <= 4, "{after_first_burst}, then {later} more");
}

#[tokio::test]
async fn the_source_headers_are_sent_signed_and_accepted() {
    let aws = Aws::start().await;
    let arn = aws.key().await;
    let relay = Relay::before(&aws).await;
    let source_arn = Some("arn:aws:eks:us-west-2:444455556666:cluster/demo".parse().unwrap());
    let key = AwsKms::connect(AwsKmsSettings { source_arn, ..relay.settings(&aws, &arn) }).unwrap();
    let sealed = seal(&key).await.unwrap();
    open(&key, &sealed).await.unwrap();

    let sent = relay.sent.lock().unwrap().clone();
    let text = String::from_utf8_lossy(&sent).to_ascii_lowercase();
    assert_eq!(text.matches("\r\nx-amz-source-arn: arn:aws:eks:us-west-2:444455556666:cluster/demo\r\n").count(), 2);
    assert_eq!(text.matches("\r\nx-amz-source-account: 444455556666\r\n").count(), 2);
    let signed = text.split("signedheaders=").nth(1).unwrap().split(',').next().unwrap();
    for header in ["x-amz-source-account", "x-amz-source-arn"] {
        assert!(signed.split(';').any(|name| name == header), "{header} is not among {signed}");
    }
}

#[tokio::test]
async fn without_a_source_arn_no_such_header_is_sent() {
    let aws = Aws::start().await;
    let arn = aws.key().await;
    let relay = Relay::before(&aws).await;
    seal(&AwsKms::connect(relay.settings(&aws, &arn)).unwrap()).await.unwrap();
    assert!(!String::from_utf8_lossy(&relay.sent.lock().unwrap()).contains("x-amz-source"));
}

#[tokio::test]
async fn a_burst_of_first_calls_makes_one_client() {
    let aws = Aws::start().await;
    let arn = aws.key().await;
    let key = Arc::new(aws.adapter(&arn));
    let mut calls = JoinSet::new();
    for _ in 0..16 {
        let key = key.clone();
        calls.spawn(async move { seal(&key).await });
    }
    for sealed in calls.join_all().await {
        assert_eq!(open(&key, &sealed.unwrap()).await.unwrap().plaintext, seed());
    }
}
