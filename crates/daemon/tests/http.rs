//! The side port as kubelet, Prometheus and a hostile neighbour see it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use daemon::{
    http::{Health, Listener, Routes, serve, serve_when_free},
    metrics::Registry,
    shutdown::Shutdown,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

#[derive(Default)]
struct Key {
    away: AtomicBool,
    stuck: AtomicBool,
}

impl Health for Key {
    fn name(&self) -> &str {
        "alias/etcd"
    }

    fn live(&self) -> Result<(), String> {
        if self.stuck.load(SeqCst) { Err("stuck".to_owned()) } else { Ok(()) }
    }

    fn ready(&self) -> Result<(), String> {
        if self.away.load(SeqCst) { Err("the key service is away".to_owned()) } else { Ok(()) }
    }
}

struct Port {
    address: SocketAddr,
    key: Arc<Key>,
    shutdown: Shutdown,
    task: tokio::task::JoinHandle<()>,
}

async fn start(routes: Routes) -> Port {
    let listener = Listener::bind(&"127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let key = Arc::new(Key::default());
    let registry = Registry::new();
    registry.register_build_info("test");
    let shutdown = Shutdown::new(Duration::from_secs(60));
    let task = tokio::spawn(serve(listener, routes, vec![key.clone()], registry, shutdown.clone()));
    Port { address, key, shutdown, task }
}

impl Port {
    async fn ask(&self, request: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(format!("{request}\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    async fn get(&self, path: &str) -> (u16, String) {
        self.ask(&format!("GET {path} HTTP/1.1")).await
    }
}

#[tokio::test]
async fn readiness_follows_the_key_and_liveness_does_not() {
    let port = start(Routes::default()).await;
    assert_eq!(port.get("/readyz").await, (200, "ok\n".to_owned()));
    port.key.away.store(true, SeqCst);
    let failed = "[-]alias/etcd failed: the key service is away\ncheck failed\n".to_owned();
    assert_eq!(port.get("/readyz").await, (503, failed.clone()));
    assert_eq!(port.get("/healthz").await, (503, failed));
    assert_eq!(port.get("/livez").await, (200, "ok\n".to_owned()));
    port.key.stuck.store(true, SeqCst);
    assert_eq!(port.get("/livez").await.0, 503);
}

#[tokio::test]
async fn verbose_lists_each_check() {
    let port = start(Routes::default()).await;
    assert_eq!(port.get("/readyz?verbose").await, (200, "[+]alias/etcd ok\ncheck passed\n".to_owned()));
}

#[tokio::test]
async fn paths_are_the_users_and_two_may_be_the_same() {
    let port = start(Routes { healthz: "/h".into(), livez: "/h".into(), ..Routes::default() }).await;
    port.key.away.store(true, SeqCst);
    assert_eq!(port.get("/h").await.0, 200, "livez comes first");
    assert_eq!(port.get("/healthz").await.0, 404);
    let (status, body) = port.get("/metrics").await;
    assert_eq!(status, 200);
    assert!(body.contains("claviger_build_info{version=\"test\"} 1"), "{body}");
}

#[tokio::test]
async fn only_reading_is_allowed() {
    let port = start(Routes::default()).await;
    assert_eq!(port.ask("POST /readyz HTTP/1.1").await.0, 405);
    assert_eq!(port.ask("DELETE /nothing HTTP/1.1").await.0, 404);
    assert_eq!(port.ask("HEAD /livez HTTP/1.1").await, (200, String::new()));
}

#[tokio::test]
async fn while_it_drains_it_says_so_and_still_answers() {
    let port = start(Routes::default()).await;
    port.shutdown.request();
    assert_eq!(
        port.get("/readyz").await,
        (503, "[-]shutdown failed: stopping\n[+]alias/etcd ok\ncheck failed\n".to_owned())
    );
    assert_eq!(port.get("/livez").await.0, 200);
    port.shutdown.abort();
    timeout(Duration::from_secs(5), port.task).await.expect("ends with the drain").unwrap();
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let port = start(Routes::default()).await;
    let (status, _) = port.get(&format!("/{}", "a".repeat(20_000))).await;
    assert!((400..500).contains(&status), "{status}");
}

#[tokio::test]
async fn silent_peers_cannot_shut_the_probe_out() {
    let port = start(Routes::default()).await;
    let mut silent = Vec::new();
    for _ in 0..300 {
        silent.push(TcpStream::connect(port.address).await.unwrap());
    }
    let answer = timeout(Duration::from_secs(5), port.get("/livez")).await.expect("answered at once");
    assert_eq!(answer.0, 200);
    // The first of them was let go.
    let mut octet = [0];
    let dropped = timeout(Duration::from_secs(5), silent[0].read(&mut octet)).await.expect("dropped at once");
    assert!(matches!(dropped, Ok(0) | Err(_)));
}

/// As where AWS's own agent has the ports that ours is to have after it.
#[tokio::test]
async fn a_port_that_is_taken_is_answered_on_when_it_is_free() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let shutdown = Shutdown::new(Duration::from_secs(60));
    let serving = serve_when_free(
        address.to_string().parse().unwrap(),
        Routes::default(),
        vec![Arc::new(Key::default())],
        Registry::new(),
        shutdown.clone(),
    );
    let task = tokio::spawn(serving);
    let port = Port { address, key: Arc::default(), shutdown, task };
    assert!(Listener::bind(&address.to_string().parse().unwrap()).await.unwrap_err().is_taken());
    drop(taken);
    let answered = timeout(Duration::from_secs(20), async {
        while TcpStream::connect(address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        port.get("/livez").await.0
    });
    assert_eq!(answered.await.unwrap(), 200);

    // And the end is not waited for by one that never gets its port.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string().parse().unwrap();
    let shutdown = Shutdown::new(Duration::from_secs(60));
    let waiting =
        tokio::spawn(serve_when_free(address, Routes::default(), Vec::new(), Registry::new(), shutdown.clone()));
    shutdown.request();
    timeout(Duration::from_secs(20), waiting).await.unwrap().unwrap();
}
