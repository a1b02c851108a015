//! A desk, with TLS before it or without.

use std::{
    collections::HashSet,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use daemon::shutdown::Shutdown;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use pod_identity::{
    Certificate,
    webhook::{self, Desk, Identities, Metrics, Settings, Sources},
};
use prometheus_client::registry::Registry;
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::applied::apply;

/// In us-west-2, as the cases have it.
fn settings() -> Settings {
    Settings { region: Some("us-west-2".to_owned()), ..Settings::default() }
}

pub(crate) fn desk(sources: Sources) -> Desk {
    Desk::new(settings(), sources, Metrics::register(&mut Registry::default()))
}

/// Where the service account `api` of `shop` has an association, by the peer's file.
pub(crate) fn shop() -> Sources {
    let file = br#"{"identities":[{"namespace":"shop","serviceAccount":"api"}]}"#;
    let identities = Some(Arc::new(Identities::parse(file).unwrap()));
    Sources { identities: Some(watch::channel(identities).1), ..Sources::default() }
}

/// What an apiserver asks about a new pod of the namespace `shop`.
pub(crate) fn review(pod: &Value) -> Value {
    json!({
        "kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": { "group": "", "version": "v1", "kind": "Pod" },
            "resource": { "group": "", "version": "v1", "resource": "pods" },
            "requestKind": { "group": "", "version": "v1", "kind": "Pod" },
            "requestResource": { "group": "", "version": "v1", "resource": "pods" },
            "namespace": "shop", "operation": "CREATE",
            "userInfo": { "username": "admin", "groups": ["system:masters"] },
            "object": pod, "oldObject": null, "dryRun": false,
            "options": { "kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1" },
        },
    })
}

pub(crate) fn request(body: Vec<u8>) -> Request<Full<Bytes>> {
    let request = Request::post("/mutate?timeout=10s").header("content-type", "application/json");
    request.header("host", "webhook").body(Full::from(body)).unwrap()
}

/// The status of the answer to a review, and its body.
pub(crate) async fn send(desk: &Desk, review: &Value) -> (StatusCode, Vec<u8>) {
    let answer = desk.answer(request(review.to_string().into_bytes()), Ipv4Addr::LOCALHOST.into()).await;
    (answer.status(), answer.into_body().collect().await.unwrap().to_bytes().into())
}

/// The response of the answer to a review.
pub(crate) async fn ask(desk: &Desk, review: &Value) -> Value {
    let (status, body) = send(desk, review).await;
    assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&body));
    serde_json::from_slice::<Value>(&body).unwrap()["response"].take()
}

/// What becomes of a new pod.
pub(crate) async fn after(desk: &Desk, pod: &Value) -> Value {
    patched(pod, &ask(desk, &review(pod)).await)
}

pub(crate) fn patched(pod: &Value, response: &Value) -> Value {
    assert_eq!(response["allowed"], true, "{response}");
    let mut after = pod.clone();
    if let Some(patch) = response.get("patch") {
        assert_eq!(response["patchType"], "JSONPatch");
        let patch = STANDARD.decode(patch.as_str().unwrap()).unwrap();
        apply(&mut after, &serde_json::from_slice(&patch).unwrap());
    }
    after
}

/// A webhook that listens.
pub(crate) struct Webhook {
    pub(crate) address: SocketAddr,
    pub(crate) certificate: Arc<Certificate>,
    pub(crate) registry: Registry,
    pub(crate) shutdown: Shutdown,
    pub(crate) serving: JoinHandle<()>,
    pub(crate) folder: TempDir,
    pub(crate) trusted: String,
}

/// Writes a certificate for `webhook.kube-system.svc` and its key, and returns what it is to be trusted by.
pub(crate) fn new_certificate(folder: &TempDir) -> String {
    let made = rcgen::generate_simple_self_signed(["webhook.kube-system.svc".to_owned()]).unwrap();
    std::fs::write(folder.path().join("tls.key"), made.signing_key.serialize_pem()).unwrap();
    std::fs::write(folder.path().join("tls.crt"), made.cert.pem()).unwrap();
    made.cert.pem()
}

impl Webhook {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let trusted = new_certificate(&folder);
        let (chain, key) = (folder.path().join("tls.crt"), folder.path().join("tls.key"));
        let certificate = Certificate::read(&chain, &key).unwrap();
        let mut registry = Registry::default();
        let desk = Arc::new(Desk::new(settings(), shop(), Metrics::register(&mut registry)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = Shutdown::new(std::time::Duration::from_secs(20));
        let serving = tokio::spawn(webhook::serve(listener, Arc::clone(&certificate), desk, shutdown.clone()));
        Self { address, certificate, registry, shutdown, serving, folder, trusted }
    }

    /// A connection of who trusts this certificate.
    pub(crate) async fn connect(&self, trusted: &str) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        let pem = rustls::pki_types::pem::PemObject::from_pem_slice(trusted.as_bytes()).unwrap();
        roots.add(pem).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_root_certificates(roots).with_no_client_auth();
        let name = ServerName::try_from("webhook.kube-system.svc").unwrap();
        let stream = TcpStream::connect(self.address).await?;
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }

    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> (StatusCode, Bytes) {
        let stream = self.connect(&self.trusted).await.unwrap();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let answer = sender.send_request(request).await.unwrap();
        (answer.status(), answer.into_body().collect().await.unwrap().to_bytes())
    }

    /// The names of metrics that have counted something, as they are exposed.
    pub(crate) fn counted(&self) -> HashSet<String> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('#') && !line.ends_with(" 0"));
        lines.map(|line| line.rsplit_once(' ').unwrap().0.to_owned()).collect()
    }
}
