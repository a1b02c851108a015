//! An agent over HTTP, before a stub or before anything else.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use aws_config::{BehaviorVersion, Region, SdkConfig, timeout::TimeoutConfig};
use aws_sdk_eksauth::config::{Credentials, SharedCredentialsProvider};
use daemon::shutdown::Shutdown;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper::{body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use pod_identity::agent::{
    Cache, CacheSettings, CredentialSource, Desk, EksAuth, EksAuthSettings, Hosts, Listening, Metrics, PodPace,
    Validator,
};
use prometheus_client::registry::Registry;
use tokio::{
    net::{TcpSocket, TcpStream},
    task::JoinSet,
};

use crate::stub::Stub;

/// An agent that listens on this machine.
pub(crate) struct Agent {
    pub(crate) address: SocketAddr,
    pub(crate) cache: Cache,
    pub(crate) registry: Registry,
    pub(crate) shutdown: Shutdown,
    pub(crate) serving: JoinSet<()>,
}

/// An answer, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// EKS Auth at the stub, with the official SDK in between.
pub(crate) fn eks_auth(endpoint: String) -> Arc<EksAuth> {
    eks_auth_with(endpoint, None)
}

/// The same, with as much time as a loaded machine takes: for who counts calls, of which an SDK that runs out of time makes
/// more.
pub(crate) fn patient_eks_auth(endpoint: String) -> Arc<EksAuth> {
    let patience = Duration::from_secs(60);
    let timeouts = TimeoutConfig::builder().connect_timeout(patience).operation_attempt_timeout(patience);
    eks_auth_with(endpoint, Some(timeouts.operation_timeout(patience).build()))
}

fn eks_auth_with(endpoint: String, timeouts: Option<TimeoutConfig>) -> Arc<EksAuth> {
    let credentials = Credentials::new("AKIDNODE", "secret-of-the-node", None, None, "test");
    let mut sdk = SdkConfig::builder();
    sdk.set_timeout_config(timeouts);
    let sdk = sdk
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-west-2"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build();
    let settings =
        EksAuthSettings { cluster: "demo".to_owned(), endpoint: Some(endpoint), sdk: Some(sdk), ..Default::default() };
    Arc::new(EksAuth::new(settings))
}

impl Agent {
    pub(crate) async fn before(stub: &Stub) -> Self {
        Self::with(eks_auth(format!("http://{}", stub.address)), CacheSettings::default(), 0).await
    }

    pub(crate) async fn patient_before(stub: &Stub) -> Self {
        Self::with(patient_eks_auth(format!("http://{}", stub.address)), CacheSettings::default(), 0).await
    }

    pub(crate) async fn with(source: Arc<dyn CredentialSource>, settings: CacheSettings, per_second: u32) -> Self {
        Self::validating(source, settings, per_second, Validator::basic()).await
    }

    pub(crate) async fn validating(
        source: Arc<dyn CredentialSource>,
        settings: CacheSettings,
        per_second: u32,
        validator: Validator,
    ) -> Self {
        let mut registry = Registry::default();
        let metrics = Metrics::register(&mut registry);
        let cache = Cache::new(source, settings, Arc::new(Timestamp::now), metrics.clone());
        let desk = Arc::new(Desk {
            hosts: Hosts::new(["127.0.0.1".to_owned()]),
            pace: PodPace::per_second(per_second),
            validator,
            cache: cache.clone(),
            metrics,
        });
        let shutdown = Shutdown::new(Duration::from_secs(5));
        let host = "127.0.0.1".parse().unwrap();
        let (listening, serving) = Listening::start(&[host], 0, desk, shutdown.clone()).await.unwrap();
        let address = listening.addresses()[0];
        Self { address, cache, registry, shutdown, serving }
    }

    /// Asks for credentials, as an SDK does.
    pub(crate) async fn ask(&self, token: &str) -> Answer {
        self.connect().await.ask(token).await
    }

    pub(crate) async fn connect(&self) -> Client {
        Client::connect(self.address).await
    }

    pub(crate) fn scrape(&self) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).unwrap();
        text
    }
}

/// A connection to an agent.
pub(crate) struct Client {
    sender: http1::SendRequest<Empty<Bytes>>,
    host: String,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap(), address).await
    }

    /// As another pod, with an address of its own.
    pub(crate) async fn connect_from(own: &str, address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(own.parse().unwrap(), 0)).unwrap();
        Self::over(socket.connect(address).await.unwrap(), address).await
    }

    async fn over(stream: TcpStream, address: SocketAddr) -> Self {
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self { sender, host: address.to_string() }
    }

    pub(crate) async fn ask(&mut self, token: &str) -> Answer {
        let host = self.host.clone();
        self.send(Method::GET, "/v1/credentials", &[("host", &host), ("authorization", token)]).await
    }

    pub(crate) async fn send(&mut self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.sender.ready().await.unwrap();
        let answer = self.sender.send_request(request.body(Empty::new()).unwrap()).await.unwrap();
        let (head, body) = answer.into_parts();
        let headers = head.headers.iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Answer { status: head.status, headers, body }
    }
}
