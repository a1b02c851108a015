//! An apiserver, and a webhook that it asks.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use control_plane::{Process, Running};
use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::{control_plane, eventually, tools};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::CLAVIGER;

const SOON: Duration = Duration::from_secs(90);
const ACCOUNTS: &str = "/api/v1/namespaces/default/serviceaccounts";
const PODS: &str = "/api/v1/namespaces/default/pods";
const COMMON: [&str; 6] = [
    "pod-identity",
    "webhook",
    "--log-format=json",
    "--aws-default-region=us-west-2",
    "--listen=127.0.0.1:0",
    "--health-listen=127.0.0.1:0",
];
const WEBHOOKS: &str = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";

pub(crate) struct Cluster {
    plane: Running,
    folder: TempDir,
}

pub(crate) struct Webhook {
    process: Process,
    address: SocketAddr,
    certificate: String,
    identities: PathBuf,
}

/// A pod of a service account.
pub(crate) fn pod(account: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "generateName": "pod-" },
        "spec": { "serviceAccountName": account, "containers": [{ "name": "main", "image": "i" }] },
    })
}

impl Cluster {
    pub(crate) async fn start(version: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let plane = control_plane(version, folder.path(), Vec::new()).await;
        let cluster = Self { plane, folder };
        for name in ["api", "other"] {
            let account = json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": name } });
            cluster.ask("POST", ACCOUNTS, Some(&account)).await.unwrap();
        }
        cluster
    }

    /// Has the apiserver ask the webhook about new pods.
    pub(crate) async fn register(&self, webhook: &Webhook, failure_policy: &str, reviews: &str) {
        let configuration = configuration(webhook, failure_policy, reviews);
        // Whatever there was gives way.
        let _ = self.ask("DELETE", &format!("{WEBHOOKS}/pod-identity-webhook"), None).await;
        self.ask("POST", WEBHOOKS, Some(&configuration)).await.unwrap();
    }

    /// Has it know the custom resource.
    pub(crate) async fn define_associations(&self) {
        self.apply("crds");
        let path = "/apis/claviger.dev/v1alpha1/podidentityassociations";
        eventually("the definition is served", SOON, async || self.ask("GET", path, None).await).await;
    }

    /// Has what lies below `deploy/` applied.
    fn apply(&self, path: &str) {
        let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy");
        let mut kubectl = Command::new(tools().join("kubectl"));
        kubectl.env_clear().env("HOME", self.folder.path()).arg("--kubeconfig").arg(self.plane.kubeconfig());
        let applied = kubectl.args(["apply", "-f"]).arg(deploy.join(path)).output().unwrap();
        assert!(applied.status.success(), "{applied:?}");
    }

    /// The path of a kubeconfig with the webhook's own permissions, and no other.
    async fn kubeconfig_of_the_webhook(&self) -> PathBuf {
        for file in ["manifests/namespace.yaml", "manifests/webhook-rbac.yaml"] {
            self.apply(file);
        }
        self.kubeconfig_of("claviger-webhook").await
    }

    /// The same with what kops gives its own: service accounts of all namespaces, ConfigMaps of its own.
    pub(crate) async fn kubeconfig_of_kops_webhook(&self) -> PathBuf {
        self.apply("manifests/namespace.yaml");
        let metadata = json!({ "name": "pod-identity-webhook" });
        self.create("/api/v1/namespaces/claviger/serviceaccounts", &json!({ "metadata": metadata })).await;
        let rights = "/apis/rbac.authorization.k8s.io/v1";
        let subjects = json!([{ "kind": "ServiceAccount", "name": "pod-identity-webhook", "namespace": "claviger" }]);
        for (place, kind, resource) in [
            (format!("{rights}/namespaces/claviger/roles"), "Role", "configmaps"),
            (format!("{rights}/clusterroles"), "ClusterRole", "serviceaccounts"),
        ] {
            let rules = json!([{ "apiGroups": [""], "resources": [resource], "verbs": ["get", "list", "watch"] }]);
            self.create(&place, &json!({ "metadata": metadata, "rules": rules })).await;
            let role = json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": "pod-identity-webhook" });
            let bindings = place.replace("roles", "rolebindings");
            let binding = json!({ "metadata": metadata, "roleRef": role, "subjects": subjects });
            self.create(&bindings, &binding).await;
        }
        self.kubeconfig_of("pod-identity-webhook").await
    }

    async fn kubeconfig_of(&self, account: &str) -> PathBuf {
        let request = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {} });
        let path = format!("/api/v1/namespaces/claviger/serviceaccounts/{account}/token");
        let made = self.create(&path, &request).await;
        let admin = fs::read_to_string(self.plane.kubeconfig()).unwrap();
        let (before, after) = (admin.split("token: ").next().unwrap(), admin.split("contexts:").nth(1).unwrap());
        let path = self.folder.path().join("webhook.kubeconfig");
        let token = made["status"]["token"].as_str().unwrap();
        fs::write(&path, format!("{before}token: {token}\ncontexts:{after}")).unwrap();
        path
    }

    /// The same, by a webhook whose certificates are its own affair.
    pub(crate) async fn register_service(&self, webhook: &Webhook) {
        let mut configuration = configuration(webhook, "Fail", "v1");
        configuration["metadata"]["name"] = json!("claviger-webhook");
        configuration["webhooks"][0]["clientConfig"].as_object_mut().unwrap().remove("caBundle");
        self.create(WEBHOOKS, &configuration).await;
    }

    /// Awaits that the webhook has had itself trusted.
    pub(crate) async fn trusts_the_webhook(&self) {
        eventually("the apiserver is told whom to trust", SOON, async || {
            let found = self.ask("GET", &format!("{WEBHOOKS}/claviger-webhook"), None).await?;
            if found["webhooks"][0]["clientConfig"]["caBundle"].is_string() { Ok(()) } else { Err(found) }
        })
        .await;
    }

    /// An event of the object with this unique id.
    pub(crate) async fn event_of(&self, uid: &str) -> Value {
        eventually("there is an event", SOON, async || {
            let events = self.ask("GET", "/apis/events.k8s.io/v1/events", None).await?;
            let mut all = events["items"].as_array().into_iter().flatten();
            all.find(|event| event["regarding"]["uid"] == uid).cloned().ok_or_else(|| events.clone())
        })
        .await
    }

    pub(crate) async fn create(&self, path: &str, object: &Value) -> Value {
        self.ask("POST", path, Some(object)).await.unwrap()
    }

    /// Gives a service account these annotations.
    pub(crate) async fn annotate(&self, account: &str, annotations: &Value) {
        let path = format!("{ACCOUNTS}/{account}");
        let mut account = self.ask("GET", &path, None).await.unwrap();
        account["metadata"]["annotations"] = annotations.clone();
        self.ask("PUT", &path, Some(&account)).await.unwrap();
    }

    pub(crate) async fn put(&self, path: &str, object: &Value) {
        self.ask("PUT", path, Some(object)).await.unwrap();
    }

    pub(crate) async fn create_pod(&self, pod: &Value) -> Result<Value, Value> {
        self.ask("POST", PODS, Some(pod)).await
    }

    pub(crate) async fn pod(&self, name: &str) -> Value {
        self.ask("GET", &format!("{PODS}/{name}"), None).await.unwrap()
    }

    /// Awaits, by dry runs, that pods of a service account become so.
    pub(crate) async fn until(&self, what: &str, account: &str, is_so: impl Fn(&Value) -> bool) {
        eventually(what, SOON, async || {
            let made = self.ask("POST", &format!("{PODS}?dryRun=All"), Some(&pod(account))).await?;
            if is_so(&made) { Ok(()) } else { Err(made) }
        })
        .await;
    }

    pub(crate) async fn until_injected(&self) {
        self.until("pods are injected", "api", |pod| !pod["metadata"]["labels"].is_null()).await;
    }

    /// The refusal of a pod, once there is one.
    pub(crate) async fn until_refused(&self) -> Value {
        eventually("pods are refused", SOON, async || {
            match self.ask("POST", &format!("{PODS}?dryRun=All"), Some(&pod("api"))).await {
                Ok(made) => Err(made),
                Err(refused) => Ok(refused),
            }
        })
        .await
    }

    async fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Value> {
        let answer = self.plane.kubernetes().request(method.parse().unwrap(), path, body).await.unwrap();
        if (200..300).contains(&answer.status) { Ok(answer.body) } else { Err(answer.body) }
    }
}

fn configuration(webhook: &Webhook, failure_policy: &str, reviews: &str) -> Value {
    let bundle = STANDARD.encode(&webhook.certificate);
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
        "metadata": { "name": "pod-identity-webhook" },
        "webhooks": [{
            "name": "pod-identity-webhook.claviger.dev",
            "clientConfig": { "url": format!("https://{}/mutate", webhook.address), "caBundle": bundle },
            "rules": [{ "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"] }],
            "admissionReviewVersions": [reviews], "sideEffects": "None",
            "failurePolicy": failure_policy, "reinvocationPolicy": "IfNeeded",
        }],
    })
}

impl Webhook {
    /// One that has all it needs from the cluster.
    pub(crate) async fn start_in(cluster: &Cluster) -> Self {
        let flags = [
            "--associations=kubernetes",
            "--associations=annotations",
            "--own-certificates",
            "--tls-name=127.0.0.1",
            "--kubeconfig",
        ];
        let mut command = Command::new(CLAVIGER);
        command.args(COMMON).args(flags).arg(cluster.kubeconfig_of_the_webhook().await).env_clear();
        Self::spawn(cluster, command, String::new()).await
    }

    /// One with this file.
    pub(crate) async fn start(cluster: &Cluster, identities: &str) -> Self {
        fs::write(cluster.folder.path().join("identities.json"), identities).unwrap();
        Self::start_without_file(cluster).await
    }

    /// One whose file is not there, unless it was written before.
    pub(crate) async fn start_without_file(cluster: &Cluster) -> Self {
        let identities = cluster.folder.path().join("identities.json");
        let flag = format!("--watch-container-credentials-config={}", identities.display());
        Self::start_with(cluster, &[flag], &[]).await
    }

    /// One with these flags, and this environment.
    pub(crate) async fn start_with(cluster: &Cluster, flags: &[String], environment: &[(&str, String)]) -> Self {
        let folder = cluster.folder.path();
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let (chain, key) = (folder.join("tls.crt"), folder.join("tls.key"));
        fs::write(&chain, made.cert.pem()).unwrap();
        fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let mut command = Command::new(CLAVIGER);
        command.args(COMMON).arg("--tls-cert").arg(&chain).arg("--tls-key").arg(&key).args(flags);
        command.env_clear().envs(environment.iter().map(|(name, value)| (name, value)));
        Self::spawn(cluster, command, made.cert.pem()).await
    }

    async fn spawn(cluster: &Cluster, command: Command, certificate: String) -> Self {
        let folder = cluster.folder.path();
        let process = Process::spawn(command, &folder.join("webhook.log")).unwrap();
        let address = eventually("the webhook listens", SOON, async || {
            address_of(&process.log_tail(), "listening").ok_or_else(|| process.log_tail())
        })
        .await;
        Self { process, address, certificate, identities: folder.join("identities.json") }
    }

    /// Changes the file as editors do: the new one takes the place of the former.
    pub(crate) fn write(&self, identities: &str) {
        let new = self.identities.with_extension("new");
        fs::write(&new, identities).unwrap();
        fs::rename(new, &self.identities).unwrap();
    }

    pub(crate) async fn until_logged(&self, line: &str) {
        eventually("the log has it", SOON, async || {
            let log = self.process.log_tail();
            if log.contains(line) { Ok(()) } else { Err(log) }
        })
        .await;
    }

    /// Awaits that its metrics have this line.
    pub(crate) async fn until_counted(&self, line: &str) {
        let side_port = address_of(&self.process.log_tail(), "health and metrics").unwrap();
        eventually("it is counted", SOON, async || {
            let mut stream = TcpStream::connect(side_port).await.unwrap();
            stream.write_all(b"GET /metrics HTTP/1.0\r\nHost: w\r\n\r\n").await.unwrap();
            let mut metrics = String::new();
            stream.read_to_string(&mut metrics).await.unwrap();
            if metrics.lines().any(|counted| counted == line) { Ok(()) } else { Err(metrics) }
        })
        .await;
    }

    pub(crate) async fn stop(&self) {
        let ended = self.process.stop(SOON).await;
        assert!(ended.success(), "{}", self.process.log_tail());
    }
}

/// The address of the line of the log with this message.
fn address_of(log: &str, message: &str) -> Option<SocketAddr> {
    let mut lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.find(|line| line["message"] == message)?["address"].as_str()?.parse().ok()
}
