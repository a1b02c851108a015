//! A cluster of a real apiserver: its pods, their tokens, and who may do what.

use std::{fs, net::SocketAddr, path::Path, time::Duration};

use control_plane::Running;
use serde_json::{Value, json};
use test_support::{NEWEST_KUBERNETES, control_plane, tools};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    process::Command,
};

/// Longer than anything takes on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(60);

pub(crate) struct Cluster {
    pub(crate) plane: Running,
}

impl Cluster {
    pub(crate) async fn start(folder: &Path) -> Self {
        Self::start_with(folder, Vec::new()).await
    }

    pub(crate) async fn start_with(folder: &Path, apiserver_flags: Vec<String>) -> Self {
        Self { plane: control_plane(NEWEST_KUBERNETES, folder, apiserver_flags).await }
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let answer = self.plane.kubernetes().request(method.parse().unwrap(), path, body).await.unwrap();
        assert!((200..300).contains(&answer.status), "{path}: {}", answer.body);
        answer.body
    }

    async fn create(&self, path: &str, kind: &str, mut object: Value) -> Value {
        object["apiVersion"] = "v1".into();
        object["kind"] = kind.into();
        self.ask("POST", path, Some(&object)).await
    }

    /// Has what lies below `deploy/` applied.
    pub(crate) async fn apply(&self, files: &[&str]) {
        for file in files {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy").join(file);
            let mut kubectl = Command::new(tools().join("kubectl"));
            let home = self.plane.kubeconfig().parent().unwrap();
            kubectl.env_clear().env("HOME", home).arg("--kubeconfig").arg(self.plane.kubeconfig());
            let applied = kubectl.args(["apply", "-f"]).arg(file).output().await.unwrap();
            assert!(applied.status.success(), "{applied:?}");
        }
    }

    /// A pod of a new service account in a new namespace, and the token that the kubelet would give it.
    pub(crate) async fn new_pod(&self, namespace: &str, account: &str, node: &str) -> (String, String) {
        self.pod(namespace, account, node).await;
        let token = self.pod_token(namespace, account, "pods.eks.amazonaws.com").await;
        (format!("/api/v1/namespaces/{namespace}/pods/{account}-0"), token)
    }

    /// A pod of a new service account, in a namespace that may be there.
    pub(crate) async fn pod(&self, namespace: &str, account: &str, node: &str) {
        let named = |name: &str| json!({ "metadata": { "name": name } });
        let (kubernetes, own) = (self.plane.kubernetes(), named(namespace));
        let made = kubernetes.request("POST".parse().unwrap(), "/api/v1/namespaces", Some(&own)).await.unwrap();
        assert!(matches!(made.status, 201 | 409), "{namespace}: {}", made.body);
        let below = format!("/api/v1/namespaces/{namespace}");
        self.create(&format!("{below}/serviceaccounts"), "ServiceAccount", named(account)).await;
        let containers = json!([{ "name": "main", "image": "main" }]);
        let mut pod = named(&format!("{account}-0"));
        pod["spec"] = json!({ "serviceAccountName": account, "nodeName": node, "containers": containers });
        self.create(&format!("{below}/pods"), "Pod", pod).await;
    }

    /// Another token of that pod.
    pub(crate) async fn pod_token(&self, namespace: &str, account: &str, audience: &str) -> String {
        let pod = self.ask("GET", &format!("/api/v1/namespaces/{namespace}/pods/{account}-0"), None).await;
        let metadata = &pod["metadata"];
        let bound = json!({ "apiVersion": "v1", "kind": "Pod", "name": metadata["name"], "uid": metadata["uid"] });
        self.token(namespace, account, json!({ "audiences": [audience], "boundObjectRef": bound })).await
    }

    pub(crate) async fn token(&self, namespace: &str, account: &str, spec: Value) -> String {
        let request = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec });
        let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token");
        self.ask("POST", &path, Some(&request)).await["status"]["token"].as_str().unwrap().to_owned()
    }

    /// The path of a kubeconfig with the permissions of a part of Claviger, and no other.
    pub(crate) async fn kubeconfig_of(&self, part: &str, folder: &Path) -> String {
        let token = self.token("claviger", part, json!({})).await;
        let admin = fs::read_to_string(self.plane.kubeconfig()).unwrap();
        let (before, after) = (admin.split("token: ").next().unwrap(), admin.split("contexts:").nth(1).unwrap());
        let path = folder.join(format!("{part}.kubeconfig"));
        fs::write(&path, format!("{before}token: {token}\ncontexts:{after}")).unwrap();
        path.display().to_string()
    }
}

/// What a server answers: all of it, head and body.
pub(crate) async fn http(address: SocketAddr, request: &str, headers: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let head = format!(
        "{request} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}
