//! A cluster with the custom resource, and what is asked of it as its administrator.

use std::{
    fs,
    path::{Path, PathBuf},
};

use control_plane::Running;
use kubernetes::{ApiServer, Connection};
use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::{control_plane, eventually, tools};
use tokio::process::Command;

use crate::SOON;

pub(crate) const ASSOCIATIONS: &str = "/apis/claviger.dev/v1alpha1/podidentityassociations";

pub(crate) struct Rig {
    pub(crate) plane: Running,
    pub(crate) folder: TempDir,
}

/// A file below `deploy/`.
pub(crate) fn deployed(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy").join(path)
}

impl Rig {
    pub(crate) async fn start(version: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let plane = control_plane(version, folder.path(), Vec::new()).await;
        let rig = Self { plane, folder };
        rig.kubectl(&["create", "-f", deployed("crds").to_str().unwrap()]).await;
        eventually("the definition is served", SOON, async || rig.get(ASSOCIATIONS).await.map(drop)).await;
        rig
    }

    /// The connection of a part of Claviger, with the permissions that `deploy/manifests` gives it.
    pub(crate) async fn connect(&self, part: &str) -> Connection {
        let component = part.strip_prefix("claviger-").unwrap();
        let role = deployed(&format!("manifests/{component}-rbac.yaml"));
        for file in [deployed("manifests/namespace.yaml"), role] {
            self.kubectl(&["apply", "-f", file.to_str().unwrap()]).await;
        }
        self.connect_as("claviger", part).await
    }

    /// The connection of a service account, by a token of its own.
    pub(crate) async fn connect_as(&self, namespace: &str, account: &str) -> Connection {
        let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token");
        let request = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {} });
        let token = self.create(&path, &request).await.unwrap()["status"]["token"].as_str().unwrap().to_owned();
        let admin = fs::read_to_string(self.plane.kubeconfig()).unwrap();
        let (before, _) = admin.split_once("token: ").unwrap();
        let (_, after) = admin.split_once("contexts:").unwrap();
        let kubeconfig = self.folder.path().join(format!("{account}.kubeconfig"));
        fs::write(&kubeconfig, format!("{before}token: {token}\ncontexts:{after}")).unwrap();
        Connection::open(&ApiServer::Kubeconfig(kubeconfig)).await.unwrap()
    }

    /// Whether a part of Claviger may do this in its own namespace.
    pub(crate) async fn may(&self, part: &str, verb: &str, resource: &str) -> bool {
        let asked = json!({ "namespace": "claviger", "verb": verb, "resource": resource });
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
            "spec": { "user": format!("system:serviceaccount:claviger:{part}"), "resourceAttributes": asked },
        });
        let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
        self.create(path, &review).await.unwrap()["status"]["allowed"].as_bool().unwrap()
    }

    pub(crate) async fn kubectl(&self, arguments: &[&str]) -> String {
        let mut kubectl = Command::new(tools().join("kubectl"));
        kubectl.env_clear().env("HOME", self.folder.path()).arg("--kubeconfig").arg(self.plane.kubeconfig());
        let output = kubectl.args(arguments).output().await.unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Value> {
        let answer = self.plane.kubernetes().request(method.parse().unwrap(), path, body).await.unwrap();
        if (200..300).contains(&answer.status) { Ok(answer.body) } else { Err(answer.body) }
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Value, Value> {
        self.ask("GET", path, None).await
    }

    pub(crate) async fn create(&self, path: &str, object: &Value) -> Result<Value, Value> {
        self.ask("POST", path, Some(object)).await
    }

    /// Has an association made of this spec.
    pub(crate) async fn associate(&self, name: &str, spec: Value) -> Result<Value, Value> {
        let object = json!({
            "apiVersion": "claviger.dev/v1alpha1", "kind": "PodIdentityAssociation",
            "metadata": { "name": name },
            "spec": spec,
        });
        self.create(ASSOCIATIONS, &object).await
    }
}
