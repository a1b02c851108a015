//! An AWS request that is signed once and sent again and again, with no more of HTTP than that needs: the client must
//! not be what is measured.

use std::net::SocketAddr;

use aws_wire::sigv4::{Body, Credentials, RequestParts, Rules, SigningParams, sign};
use serde_json::Value;
use test_support::{ACCESS_KEY, REGION, SECRET_KEY};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// Whose credential signs.
#[derive(Clone, Copy)]
pub(crate) struct Signer {
    pub(crate) access_key_id: &'static str,
    pub(crate) secret: &'static str,
}

/// The root user of the account.
pub(crate) const ROOT: Signer = Signer { access_key_id: ACCESS_KEY, secret: SECRET_KEY };

/// A KMS request, as it goes over the wire.
pub(crate) fn kms(address: SocketAddr, operation: &str, body: &Value) -> Vec<u8> {
    kms_as(address, ROOT, operation, body)
}

/// The same, of somebody.
pub(crate) fn kms_as(address: SocketAddr, signer: Signer, operation: &str, body: &Value) -> Vec<u8> {
    let target = format!("TrentService.{operation}");
    let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", &target)];
    signed(address, signer, "kms", &headers, &body.to_string())
}

/// STS's GetCallerIdentity, as it goes over the wire.
pub(crate) fn get_caller_identity(address: SocketAddr) -> Vec<u8> {
    let headers = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
    signed(address, ROOT, "sts", &headers, "Action=GetCallerIdentity&Version=2011-06-15")
}

/// An IAM request, as it goes over the wire.
pub(crate) fn iam(address: SocketAddr, parameters: &str) -> Vec<u8> {
    let headers = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
    signed(address, ROOT, "iam", &headers, &format!("{parameters}&Version=2010-05-08"))
}

/// An EC2 request, as it goes over the wire.
pub(crate) fn ec2(address: SocketAddr, parameters: &str) -> Vec<u8> {
    let headers = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
    signed(address, ROOT, "ec2", &headers, &format!("{parameters}&Version=2016-11-15"))
}

/// An SSM request, as it goes over the wire.
pub(crate) fn ssm(address: SocketAddr, operation: &str, body: &Value) -> Vec<u8> {
    let target = format!("AmazonSSM.{operation}");
    let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", &target)];
    signed(address, ROOT, "ssm", &headers, &body.to_string())
}

fn signed(address: SocketAddr, signer: Signer, service: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let host = address.to_string();
    let headers: Vec<(&str, &str)> = [("host", host.as_str())].into_iter().chain(headers.iter().copied()).collect();
    let as_bytes: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let parts = RequestParts { method: "POST", path: "/", query: "", headers: &as_bytes };
    let secret = aws_model::SecretBytes::new(signer.secret.into());
    let params = SigningParams {
        credentials: Credentials { access_key_id: signer.access_key_id, secret: &secret, session_token: None },
        region: REGION,
        service,
        time: jiff::Timestamp::now(),
        rules: Rules::for_service(service),
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

/// A connection that sends one request over and over.
pub(crate) struct Connection {
    address: SocketAddr,
    stream: TcpStream,
    request: Vec<u8>,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr, request: Vec<u8>) -> std::io::Result<Self> {
        Ok(Self { address, stream: connect(address).await?, request, buffer: Vec::new() })
    }

    /// The same connection, with another request.
    pub(crate) fn asking(self, request: Vec<u8>) -> Self {
        Self { request, ..self }
    }

    /// The body of the answer.
    pub(crate) async fn call(&mut self) -> std::io::Result<&[u8]> {
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
            // moto keeps no connection open.
            if header("connection:") == Some("close") {
                self.stream = connect(self.address).await?;
            }
            return Ok(&self.buffer[end + 4..]);
        }
    }

    /// One call of a closed loop, whose answer must hold `marker`.
    pub(crate) async fn expect(mut self, marker: &str) -> Self {
        let answer = self.call().await.unwrap();
        let found = answer.windows(marker.len()).any(|window| window == marker.as_bytes());
        assert!(found, "no {marker} in {}", String::from_utf8_lossy(answer));
        self
    }
}

async fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
