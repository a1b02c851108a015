//! A broker on a port of this machine, and who asks it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use aws_sdk_eksauth::{
    Client,
    config::{BehaviorVersion, Builder, Credentials, Region, retry::RetryConfig},
    error::ProvideErrorMetadata as _,
    operation::assume_role_for_pod_identity::AssumeRoleForPodIdentityOutput,
};
use daemon::shutdown::Shutdown;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use pod_identity::{
    Certificate, ClusterKeys,
    broker::{
        Agents, AssociationsFile, BrokerSettings, Cluster, Clusters, Desk, Listening, Metrics, Pods, RoleAssumer,
    },
};
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::{
    assumer::Assumer,
    issuer::{SigningKey, jwks},
};

pub(crate) const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";
pub(crate) const CLUSTER_ARN: &str = "arn:aws:eks:us-west-2:111122223333:cluster/demo";

pub(crate) const ASSOCIATIONS: &str = r#"
apiVersion: claviger.dev/v1alpha1
kind: PodIdentityAssociation
spec: { namespace: shop, serviceAccount: api, roleArn: "arn:aws:iam::111122223333:role/api" }
---
apiVersion: claviger.dev/v1alpha1
kind: PodIdentityAssociation
spec: { namespace: "dev-*", serviceAccount: "*", roleArn: "arn:aws:iam::111122223333:role/team/dev" }
---
apiVersion: claviger.dev/v1alpha1
kind: PodIdentityAssociation
spec:
  namespace: shop
  serviceAccount: chained
  roleArn: arn:aws:iam::111122223333:role/first
  targetRoleArn: arn:aws:iam::444455556666:role/target
  externalId: region/111122223333/demo
  disableSessionTags: true
  policy: '{"Version":"2012-10-17","Statement":[]}'
"#;

/// A broker, and its cluster.
pub(crate) struct Rig {
    pub(crate) folder: TempDir,
    pub(crate) key: SigningKey,
    pub(crate) assumer: Arc<Assumer>,
    pub(crate) desk: Arc<Desk>,
    pub(crate) file: AssociationsFile,
    pub(crate) registry: Registry,
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: Shutdown,
}

/// How it differs from others.
#[derive(Default)]
pub(crate) struct Differs {
    pub(crate) unbound: bool,
    pub(crate) pods: Option<Arc<dyn Pods>>,
    pub(crate) node_qps: u32,
    /// In place of the assumer of this process.
    pub(crate) sts: Option<Arc<dyn RoleAssumer>>,
    /// By TLS, with a certificate from this folder, which is then the rig's.
    pub(crate) tls: Option<(TempDir, Arc<Certificate>)>,
}

/// An answer, whole.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// `x-amzn-errortype`
    pub(crate) error: String,
    pub(crate) request_id: String,
    /// `x-claviger-revision`
    pub(crate) revision: String,
    pub(crate) body: Value,
}

impl Rig {
    pub(crate) async fn start() -> Self {
        Self::with(Differs::default()).await
    }

    pub(crate) async fn with(differs: Differs) -> Self {
        let (folder, certificate) = match differs.tls {
            Some((folder, certificate)) => (folder, Some(certificate)),
            None => (tempfile::tempdir().unwrap(), None),
        };
        let key = SigningKey::new("one", "ES256");
        let keys = folder.path().join("jwks.json");
        std::fs::write(&keys, jwks([&key]).to_string()).unwrap();
        let path = folder.path().join("associations.yaml");
        std::fs::write(&path, ASSOCIATIONS).unwrap();
        let mut registry = Registry::default();
        let metrics = Metrics::register(&mut registry);
        let file = AssociationsFile::read(&path, "demo", metrics.clone()).unwrap();
        let cluster = Cluster {
            arn: CLUSTER_ARN.parse().unwrap(),
            issuer: ISSUER.to_owned(),
            keys: ClusterKeys::watch(keys.to_str().unwrap().parse().unwrap()),
            associations: file.feed(),
        };
        let assumer = Assumer::new();
        let desk = Arc::new(Desk::new(BrokerSettings {
            clusters: Clusters::new([cluster]).unwrap(),
            agents: Agents {
                service_account: "claviger/agent".parse().unwrap(),
                unbound: differs.unbound,
                pods: differs.pods,
            },
            node_qps: differs.node_qps,
            assumer: differs.sts.unwrap_or_else(|| Arc::clone(&assumer) as Arc<dyn RoleAssumer>),
            now: Arc::new(Timestamp::now),
            metrics,
        }));
        let shutdown = Shutdown::new(Duration::from_secs(5));
        let listening = Listening::bind(&"127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listening.address().unwrap();
        listening.serve(certificate, Arc::clone(&desk), shutdown.clone());
        Self { folder, key, assumer, desk, file, registry, address, shutdown }
    }

    /// A token of a pod of `shop/NAME` on the node `one`.
    pub(crate) fn pod(&self, name: &str) -> String {
        self.key.token(&pod_claims("shop", name, Some("one")))
    }

    /// The token of the agent of a node.
    pub(crate) fn agent(&self, node: &str) -> String {
        self.key.token(&agent_claims(node))
    }

    /// Asks as the agent of the node `one`.
    pub(crate) async fn ask(&self, pod: &str) -> Answer {
        self.ask_as(&format!("Bearer {}", self.agent("one")), pod).await
    }

    pub(crate) async fn ask_as(&self, authorization: &str, pod: &str) -> Answer {
        let body = json!({ "token": pod }).to_string();
        self.send(Method::POST, "/clusters/demo/assume-role-for-pod-identity", authorization, body).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, authorization: &str, body: String) -> Answer {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path).header("host", "broker");
        if !authorization.is_empty() {
            request = request.header("authorization", authorization);
        }
        let answer = sender.send_request(request.body(Full::<Bytes>::from(body)).unwrap()).await.unwrap();
        let (head, body) = answer.into_parts();
        let header = |name: &str| head.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(header("content-type").unwrap(), "application/json");
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: head.status,
            error: header("x-amzn-errortype").unwrap_or_default(),
            request_id: header("x-amzn-requestid").unwrap(),
            revision: header("x-claviger-revision").unwrap_or_default(),
            body: serde_json::from_slice(&body).unwrap(),
        }
    }

    /// Asks by AWS's own client of EKS Auth, as AWS's agent does.
    pub(crate) async fn ask_by_sdk(&self, pod: &str) -> Result<AssumeRoleForPodIdentityOutput, (String, String)> {
        let config = Builder::default()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("us-west-2"))
            .credentials_provider(Credentials::new("AKIDNODE", "secret", None, None, "test"))
            .retry_config(RetryConfig::disabled())
            .endpoint_url(format!("http://{}", self.address));
        let call = Client::from_conf(config.build()).assume_role_for_pod_identity().cluster_name("demo").token(pod);
        call.send().await.map_err(|error| {
            let error = error.into_service_error();
            (error.code().unwrap_or_default().to_owned(), error.message().unwrap_or_default().to_owned())
        })
    }

    pub(crate) fn scrape(&self) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).unwrap();
        text
    }

    /// Until an agent waits to hear of changes.
    pub(crate) async fn waits_for_changes(&self) {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        while !self.scrape().contains("claviger_broker_waiting 1") {
            assert!(tokio::time::Instant::now() < deadline, "no agent waits");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Other associations, as who changes the file.
    pub(crate) fn associate(&self, text: &str) {
        std::fs::write(self.file.path(), text).unwrap();
        self.file.reload();
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.shutdown.abort();
    }
}

/// Claims of a pod, as the apiserver writes them.
pub(crate) fn pod_claims(namespace: &str, name: &str, node: Option<&str>) -> Value {
    let mut claims = claims(namespace, name, "pods.eks.amazonaws.com");
    if let Some(node) = node {
        claims["kubernetes.io"]["node"] = json!({ "name": node, "uid": format!("uid-of-{node}") });
    }
    claims
}

pub(crate) fn agent_claims(node: &str) -> Value {
    let mut claims = claims("claviger", "agent", "pod-identity.claviger.dev");
    claims["kubernetes.io"]["node"] = json!({ "name": node, "uid": format!("uid-of-{node}") });
    claims
}

fn claims(namespace: &str, name: &str, audience: &str) -> Value {
    let now = Timestamp::now().as_second();
    json!({
        "iss": ISSUER,
        "sub": format!("system:serviceaccount:{namespace}:{name}"),
        "aud": [audience],
        "iat": now - 10, "nbf": now - 10, "exp": now + 3600,
        "kubernetes.io": {
            "namespace": namespace,
            "serviceaccount": { "name": name, "uid": "a" },
            "pod": { "name": format!("{name}-0"), "uid": format!("uid-of-{name}") },
        },
    })
}
