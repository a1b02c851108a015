//! Encrypt over the port, every signature verified, against an echo server on the same hyper: requests a second and
//! the server's CPU for each, at 1 and 16 connections.
//!
//! Server and client have a thread each. Compare the ratios, never the absolute figures of two machines.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::{convert::Infallible, net::SocketAddr, sync::mpsc, thread, time::Duration};

use aws_model::SecretBytes;
use aws_wire::sigv4::{Body, Credentials, RequestParts, Rules, SigningParams, sign};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{client::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use local_aws::{LocalAws, Options};
use rustix::time::{ClockId, clock_gettime};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::{Builder, Handle, Runtime},
    time::Instant,
};

const ACCOUNT: &str = "111122223333";
const WARM_UP: Duration = Duration::from_millis(300);
const MEASURED: Duration = Duration::from_secs(2);

/// Where a server listens, and the credential that signs for it.
type Begun = (SocketAddr, Option<(String, SecretBytes)>);

/// A server on a thread of its own, which ends with the process.
struct Server {
    address: SocketAddr,
    credential: Option<(String, SecretBytes)>,
    runtime: Handle,
}

struct Figures {
    per_second: f64,
    cpu_micros: f64,
}

fn main() {
    let (aws, echo) = (Server::start(embedded_aws), Server::start(echo));
    let client = one_thread();
    println!(
        "{:<12} {:>16} {:>16} {:>8} {:>10} {:>10}",
        "connections", "Encrypt /s", "echo /s", "ratio", "cpu us", "echo us"
    );
    for connections in [1, 16] {
        let request = encrypt_request(&client, &aws);
        let ours = client.block_on(measure(&aws, &request, connections));
        let floor = client.block_on(measure(&echo, &request, connections));
        println!(
            "{connections:<12} {:>16.0} {:>16.0} {:>8.2} {:>10.1} {:>10.1}",
            ours.per_second,
            floor.per_second,
            ours.per_second / floor.per_second,
            ours.cpu_micros,
            floor.cpu_micros
        );
    }
}

fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

impl Server {
    fn start(serve: fn(mpsc::Sender<Begun>) -> Runtime) -> Self {
        let (started, begun) = mpsc::channel();
        let (handle, runtime) = mpsc::channel();
        thread::spawn(move || {
            let runtime = serve(started);
            handle.send(runtime.handle().clone()).unwrap();
            runtime.block_on(std::future::pending::<()>());
        });
        let (address, credential) = begun.recv().unwrap();
        Self { address, credential, runtime: runtime.recv().unwrap() }
    }

    /// The CPU time that the server's thread has used.
    async fn cpu(&self) -> Duration {
        let spent = async { clock_gettime(ClockId::ThreadCPUTime) };
        let spent = self.runtime.spawn(spent).await.unwrap();
        Duration::new(spent.tv_sec.try_into().unwrap(), spent.tv_nsec.try_into().unwrap())
    }
}

fn embedded_aws(started: mpsc::Sender<Begun>) -> Runtime {
    let runtime = one_thread();
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let aws = runtime.block_on(LocalAws::start(Options { listen, ..Options::default() })).unwrap();
    let root = aws.root_credential(ACCOUNT.parse().unwrap());
    started.send((aws.local_addr(), Some((root.access_key_id, root.secret_access_key)))).unwrap();
    runtime.spawn(async move {
        std::future::pending::<()>().await;
        drop(aws);
    });
    runtime
}

fn echo(started: mpsc::Sender<Begun>) -> Runtime {
    let runtime = one_thread();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    started.send((listener.local_addr().unwrap(), None)).unwrap();
    runtime.spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            tokio::spawn(async move {
                let answer = service_fn(|request: http::Request<hyper::body::Incoming>| async {
                    let body = request.into_body().collect().await.unwrap().to_bytes();
                    Ok::<_, Infallible>(http::Response::new(Full::new(body)))
                });
                // The client hangs up when it has measured.
                let _ended =
                    auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), answer).await;
            });
        }
    });
    runtime
}

/// A signed `Encrypt` of 32 bytes under a new key. Sent again it stays good for 15 minutes, and is verified each time.
fn encrypt_request(client: &Runtime, aws: &Server) -> http::Request<Full<Bytes>> {
    let made = client.block_on(async {
        let mut sender = connect(aws.address).await;
        let answer = sender.send_request(signed(aws, "CreateKey", "{}")).await.unwrap();
        answer.into_body().collect().await.unwrap().to_bytes()
    });
    let made: serde_json::Value = serde_json::from_slice(&made).unwrap();
    let key = made.pointer("/KeyMetadata/Arn").and_then(serde_json::Value::as_str).unwrap();
    let plaintext = STANDARD.encode([7; 32]);
    signed(aws, "Encrypt", &format!(r#"{{"KeyId":"{key}","Plaintext":"{plaintext}","EncryptionContext":{{"a":"b"}}}}"#))
}

fn signed(aws: &Server, operation: &str, body: &str) -> http::Request<Full<Bytes>> {
    let (access_key_id, secret) = aws.credential.as_ref().unwrap();
    let (host, target) = (aws.address.to_string(), format!("TrentService.{operation}"));
    let headers = [("host", &*host), ("content-type", "application/x-amz-json-1.1"), ("x-amz-target", &*target)];
    let on_the_wire: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let signed = sign(
        &RequestParts { method: "POST", path: "/", query: "", headers: &on_the_wire },
        Body::Bytes(body.as_bytes()),
        &SigningParams {
            credentials: Credentials { access_key_id, secret, session_token: None },
            region: "us-west-2",
            service: "kms",
            time: jiff::Timestamp::now(),
            rules: Rules::for_service("kms"),
        },
    )
    .unwrap();
    let mut request = http::Request::post("/");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    for (name, value) in signed.headers {
        request = request.header(name, value);
    }
    request.body(Full::new(Bytes::copy_from_slice(body.as_bytes()))).unwrap()
}

async fn connect(address: SocketAddr) -> http1::SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

async fn measure(server: &Server, request: &http::Request<Full<Bytes>>, connections: usize) -> Figures {
    drive(server, request, connections, WARM_UP).await;
    let (before, started) = (server.cpu().await, Instant::now());
    let answered = drive(server, request, connections, MEASURED).await;
    let (spent, lasted) = (server.cpu().await - before, started.elapsed());
    let answered = f64::from(answered);
    Figures { per_second: answered / lasted.as_secs_f64(), cpu_micros: spent.as_secs_f64() * 1e6 / answered }
}

/// Sends the request over and over on each connection; returns how often it was answered.
async fn drive(server: &Server, request: &http::Request<Full<Bytes>>, connections: usize, lasts: Duration) -> u32 {
    let until = Instant::now() + lasts;
    let each = (0..connections).map(|_| {
        let (address, request) = (server.address, request.clone());
        tokio::spawn(async move {
            let mut sender = connect(address).await;
            let mut answered = 0;
            while Instant::now() < until {
                let answer = sender.send_request(request.clone()).await.unwrap();
                assert_eq!(answer.status(), 200);
                answer.into_body().collect().await.unwrap();
                answered += 1;
            }
            answered
        })
    });
    let mut total = 0;
    for connection in each.collect::<Vec<_>>() {
        total += connection.await.unwrap();
    }
    total
}
