//! A client that sends exactly what it is told: raw HTTP/1.1 on a socket, signed by `aws-wire`.

use std::{collections::BTreeMap, net::SocketAddr};

use aws_model::SecretBytes;
use aws_wire::sigv4::{Body, Credentials, RequestParts, Rules, SigningParams, presign, sign};
use jiff::Timestamp;
use local_aws::{Credential, LocalAws, Options, Running};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const STS_VERSION: &str = "2011-06-15";

/// An embedded AWS on a free port, in memory.
pub(crate) async fn start() -> Running {
    start_with(Options::default()).await
}

/// The same, otherwise as given.
pub(crate) async fn start_with(options: Options) -> Running {
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    LocalAws::start(Options { listen, ..options }).await.unwrap()
}

/// A request before it is signed.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// Who signs a request, for what and when.
#[derive(Clone)]
pub(crate) struct Signer {
    pub(crate) access_key_id: String,
    pub(crate) secret: SecretBytes,
    pub(crate) token: Option<SecretBytes>,
    pub(crate) region: &'static str,
    pub(crate) service: &'static str,
    pub(crate) time: Timestamp,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

/// A KMS request.
pub(crate) fn kms(operation: &str, body: &str) -> Request {
    aws_json("TrentService", operation, body)
}

/// A request of a service that is named so in `X-Amz-Target`.
pub(crate) fn aws_json(prefix: &str, operation: &str, body: &str) -> Request {
    Request {
        method: "POST",
        query: String::new(),
        headers: vec![
            ("content-type".into(), "application/x-amz-json-1.1".into()),
            ("x-amz-target".into(), format!("{prefix}.{operation}")),
        ],
        body: body.into(),
    }
}

/// A request of a service that speaks REST, signed by the account's root user and sent to its path.
pub(crate) async fn rest(aws: &Running, service: &'static str, method: &'static str, path: &str, body: &str) -> Answer {
    let headers = vec![("content-type".into(), "application/json".into())];
    let request = Request { method, query: String::new(), headers, body: body.into() };
    request.signed_at(aws, &root(aws, service), path).send_to(aws, path).await
}

/// An STS request, posted.
pub(crate) fn sts(parameters: &str) -> Request {
    Request {
        method: "POST",
        query: String::new(),
        headers: vec![("content-type".into(), "application/x-www-form-urlencoded; charset=utf-8".into())],
        body: format!("{parameters}&Version={STS_VERSION}").into(),
    }
}

/// The root user of [`ACCOUNT`], signing now.
pub(crate) fn root(aws: &Running, service: &'static str) -> Signer {
    of(&aws.root_credential(ACCOUNT.parse().unwrap()), service)
}

/// The holder of a credential, signing now.
pub(crate) fn of(credential: &Credential, service: &'static str) -> Signer {
    Signer {
        access_key_id: credential.access_key_id.clone(),
        secret: credential.secret_access_key.clone(),
        token: None,
        region: "us-west-2",
        service,
        time: Timestamp::now(),
    }
}

impl Signer {
    fn params(&self) -> SigningParams<'_> {
        SigningParams {
            credentials: Credentials {
                access_key_id: &self.access_key_id,
                secret: &self.secret,
                session_token: self.token.as_ref(),
            },
            region: self.region,
            service: self.service,
            time: self.time,
            rules: Rules::for_service(self.service),
        }
    }
}

impl Request {
    fn with_parts<T>(&self, host: &str, path: &str, then: impl FnOnce(&RequestParts<'_>) -> T) -> T {
        let mut headers: Vec<(&str, &[u8])> = vec![("host", host.as_bytes())];
        headers.extend(self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
        then(&RequestParts { method: self.method, path, query: &self.query, headers: &headers })
    }

    /// The request with a signature in its headers.
    pub(crate) fn signed(self, aws: &Running, signer: &Signer) -> Self {
        self.signed_at(aws, signer, "/")
    }

    /// The same, to be sent to this path.
    pub(crate) fn signed_at(mut self, aws: &Running, signer: &Signer, path: &str) -> Self {
        let host = aws.local_addr().to_string();
        let signed =
            self.with_parts(&host, path, |parts| sign(parts, Body::Bytes(&self.body), &signer.params()).unwrap());
        self.headers.extend(signed.headers.into_iter().map(|(name, value)| (name.to_owned(), value)));
        self
    }

    /// The request with a signature in its query.
    pub(crate) fn presigned(mut self, aws: &Running, signer: &Signer) -> Self {
        let host = aws.local_addr().to_string();
        let minute = std::time::Duration::from_secs(60);
        self.query = self.with_parts(&host, "/", |parts| {
            presign(parts, Body::Bytes(&self.body), &signer.params(), minute).unwrap().query
        });
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The request as it goes over the wire.
    pub(crate) fn bytes(&self, aws: &Running) -> Vec<u8> {
        self.bytes_to(aws, "/")
    }

    pub(crate) fn bytes_to(&self, aws: &Running, path: &str) -> Vec<u8> {
        let target = if self.query.is_empty() { path.to_owned() } else { format!("{path}?{}", self.query) };
        let mut text = format!("{} {target} HTTP/1.1\r\nhost: {}\r\n", self.method, aws.local_addr());
        for (name, value) in &self.headers {
            text += &format!("{name}: {value}\r\n");
        }
        text += &format!("content-length: {}\r\n\r\n", self.body.len());
        [text.as_bytes(), &self.body].concat()
    }

    /// Sends it on a connection of its own.
    pub(crate) async fn send(&self, aws: &Running) -> Answer {
        self.send_to(aws, "/").await
    }

    /// Sends it to another path than that of all services.
    pub(crate) async fn send_to(&self, aws: &Running, path: &str) -> Answer {
        let mut stream = TcpStream::connect(aws.local_addr()).await.unwrap();
        stream.write_all(&self.bytes_to(aws, path)).await.unwrap();
        read_answer(&mut stream).await.unwrap()
    }
}

/// Reads one answer; nothing when the connection ends before it.
pub(crate) async fn read_answer(stream: &mut TcpStream) -> Option<Answer> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return None,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    Some(Answer { status, headers, body: String::from_utf8(body).unwrap() })
}

impl Answer {
    /// Status, code and message of an awsJson error, which must be formed like one.
    pub(crate) fn json_error(&self) -> (u16, String, String) {
        assert_eq!(self.headers["content-type"], "application/x-amz-json-1.1", "{self:?}");
        assert_eq!(self.headers["x-amzn-requestid"].len(), 36, "{self:?}");
        let body: Value = serde_json::from_str(&self.body).unwrap();
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        // An error that the service's model does not have is written with a capital.
        let message = Some(text("message")).filter(|text| !text.is_empty());
        (self.status, text("__type"), message.unwrap_or_else(|| text("Message")))
    }

    /// Status, code and message of an error of restJson1, which must be formed like one.
    pub(crate) fn rest_error(&self) -> (u16, String, String) {
        assert_eq!(self.headers["content-type"], "application/json", "{self:?}");
        assert_eq!(self.headers["x-amzn-requestid"].len(), 36, "{self:?}");
        let body: Value = serde_json::from_str(&self.body).unwrap();
        let message = body.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
        (self.status, self.headers["x-amzn-errortype"].clone(), message)
    }

    /// Status, code and message of a Query error, which must be formed like one.
    pub(crate) fn query_error(&self) -> (u16, String, String) {
        assert_eq!(self.headers["content-type"], "text/xml", "{self:?}");
        assert_eq!(self.element("RequestId"), self.headers["x-amzn-requestid"], "{self:?}");
        assert!(self.body.contains("<Type>Sender</Type>"), "{self:?}");
        (self.status, self.element("Code"), self.element("Message"))
    }

    /// The text of the first XML element of that name.
    pub(crate) fn element(&self, name: &str) -> String {
        let (_, rest) = self.body.split_once(&format!("<{name}>")).unwrap_or_default();
        let text = rest.split_once("</").unwrap_or_default().0;
        text.replace("&apos;", "'").replace("&#39;", "'").replace("&quot;", "\"").replace("&amp;", "&")
    }
}
