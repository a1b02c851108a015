//! The embedded AWS and moto, with the same bytes: each request is signed once and sent again and again. Ours verifies
//! the signature each time; moto looks at none.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use aws_wire::sigv4::{Body, Credentials, RequestParts, Rules, SigningParams, sign};
use control_plane::Process;
use serde_json::{Value, json};
use test_support::{ACCESS_KEY, EmbeddedAws, REGION, SECRET_KEY, tools};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{CLAVIGER, load::closed_loop, proc};

pub(crate) async fn run() {
    let folder = tempfile::tempdir().unwrap();
    println!("\nEmbedded AWS, KMS");
    println!("{:<36}{:>10}{:>10}{:>12}{:>10}", "", "p50, us", "p99, us", "calls/s", "cpu, us");
    let mut rates = Vec::new();
    for name in ["claviger", "moto"] {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let command = if name == "claviger" { EmbeddedAws::command(Path::new(CLAVIGER), port) } else { moto(port) };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let started = Instant::now();
        let process = Process::spawn(command, &folder.path().join(format!("{name}.log"))).unwrap();
        let created = first_answer(address, &process).await;
        let (start, idle) = (started.elapsed(), proc::rss(process.pid()));

        let key = created["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
        let request = signed(address, "Encrypt", &json!({"KeyId": key, "Plaintext": "c2VlZA=="}));
        for connections in [1, 16] {
            let mut callers = Vec::new();
            for _ in 0..connections {
                callers.push(Connection::open(address, request.clone()).await.unwrap());
            }
            let outcome = closed_loop(process.pid(), callers, |mut connection: Connection| async move {
                let answer = connection.call().await.unwrap();
                assert!(answer.get("CiphertextBlob").is_some(), "{answer}");
                connection
            })
            .await;
            let (p50, p99, rate, cpu) = (outcome.p50(), outcome.p99(), outcome.per_second(), outcome.cpu());
            let what = format!("Encrypt, {connections} connections, {name}");
            println!("{what:<36}{p50:>10.0}{p99:>10.0}{rate:>12.0}{cpu:>10.0}");
            rates.push(rate);
        }
        let after = proc::rss(process.pid());
        let start = start.as_secs_f64() * 1e3;
        println!("{name}: first KMS answer after {start:.0} ms; RSS {idle:.0} MiB, after load {after:.0} MiB");
    }
    println!("ours to moto: {:.0}x at 1 connection, {:.0}x at 16", rates[0] / rates[2], rates[1] / rates[3]);
}

fn moto(port: u16) -> Command {
    let mut command = Command::new(tools().join("venv/bin/moto_server"));
    command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
    command
}

/// Asks for a key until there is one: that is the first answer.
async fn first_answer(address: SocketAddr, process: &Process) -> Value {
    let started = Instant::now();
    loop {
        let request = signed(address, "CreateKey", &json!({}));
        if let Ok(mut connection) = Connection::open(address, request).await
            && let Ok(answer) = connection.call().await
        {
            return answer;
        }
        assert!(started.elapsed() < Duration::from_secs(30), "it does not start: {}", process.log_tail());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// A whole HTTP/1.1 request, as it goes over the wire.
fn signed(address: SocketAddr, operation: &str, body: &Value) -> Vec<u8> {
    let (host, target, body) = (address.to_string(), format!("TrentService.{operation}"), body.to_string());
    let headers = [("host", host.as_str()), ("content-type", "application/x-amz-json-1.1"), ("x-amz-target", &target)];
    let as_bytes: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let parts = RequestParts { method: "POST", path: "/", query: "", headers: &as_bytes };
    let secret = aws_model::SecretBytes::new(SECRET_KEY.into());
    let params = SigningParams {
        credentials: Credentials { access_key_id: ACCESS_KEY, secret: &secret, session_token: None },
        region: REGION,
        service: "kms",
        time: jiff::Timestamp::now(),
        rules: Rules::for_service("kms"),
    };
    let signed = sign(&parts, Body::Bytes(body.as_bytes()), &params).unwrap();
    let mut request = "POST / HTTP/1.1\r\n".to_owned();
    let added = signed.headers.iter().map(|(name, value)| (*name, value.as_str()));
    for (name, value) in headers.into_iter().chain(added) {
        request += &format!("{name}: {value}\r\n");
    }
    request += &format!("content-length: {}\r\n\r\n{body}", body.len());
    request.into_bytes()
}

/// A connection that sends one request over and over. No more of HTTP than that needs: the client must not be what is
/// measured.
struct Connection {
    address: SocketAddr,
    stream: TcpStream,
    request: Vec<u8>,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr, request: Vec<u8>) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { address, stream, request, buffer: Vec::new() })
    }

    async fn call(&mut self) -> std::io::Result<Value> {
        self.stream.write_all(&self.request).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
            let head = String::from_utf8_lossy(&self.buffer[..end]).to_ascii_lowercase();
            let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            let length: usize = header("content-length:").and_then(|length| length.parse().ok()).unwrap();
            if self.buffer.len() < end + 4 + length {
                continue;
            }
            let answer = serde_json::from_slice(&self.buffer[end + 4..]).unwrap_or_default();
            // moto keeps no connection open.
            if header("connection:") == Some("close") {
                self.stream = TcpStream::connect(self.address).await?;
            }
            return Ok(answer);
        }
    }
}
