//! A real apiserver, and what is asked of it as its administrator.

use std::{fs, path::Path, process::Command, time::Duration};

use control_plane::Running;
use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::{control_plane, eventually, tools};

use crate::{deployed, helm::Document};

/// Longer than anything takes on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(90);

pub(crate) struct Plane {
    pub(crate) running: Running,
    pub(crate) folder: TempDir,
}

impl Plane {
    /// With the namespace `claviger`, and what others define that the chart may speak of.
    pub(crate) async fn start(version: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let running = control_plane(version, folder.path(), Vec::new()).await;
        let plane = Self { running, folder };
        plane.apply(&deployed("manifests/namespace.yaml"));
        plane.apply(&tools().join("cert-manager-crds"));
        for definition in ["servicemonitors", "prometheusrules"] {
            let file = format!("prometheus-operator-crds/monitoring.coreos.com_{definition}.yaml");
            plane.apply(&tools().join(file));
        }
        for resource in ["cert-manager.io/v1/certificates", "monitoring.coreos.com/v1/prometheusrules"] {
            plane.serves(resource).await;
        }
        plane
    }

    /// Awaits that a custom resource is known.
    pub(crate) async fn serves(&self, resource: &str) {
        let path = format!("/apis/{resource}");
        eventually("the definition is served", SOON, async || self.ask("GET", &path, None).await).await;
    }

    /// Has a file, or those of a folder, applied; a field that the apiserver does not know is refused.
    pub(crate) fn apply(&self, path: &Path) {
        let mut kubectl = Command::new(tools().join("kubectl"));
        kubectl.env_clear().env("HOME", self.folder.path()).arg("--kubeconfig").arg(self.running.kubeconfig());
        kubectl.args(["apply", "--server-side", "--validate=strict", "-f"]).arg(path);
        let done = kubectl.output().unwrap();
        assert!(done.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&done.stderr));
    }

    pub(crate) fn apply_all(&self, documents: &[Document]) {
        let file = self.folder.path().join("rendered.yaml");
        let texts: Vec<&str> = documents.iter().map(|document| document.text.as_str()).collect();
        fs::write(&file, texts.join("---\n")).unwrap();
        self.apply(&file);
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Value> {
        let answer = self.running.kubernetes().request(method.parse().unwrap(), path, body).await.unwrap();
        if (200..300).contains(&answer.status) { Ok(answer.body) } else { Err(answer.body) }
    }

    pub(crate) async fn create(&self, path: &str, object: &Value) -> Value {
        self.ask("POST", path, Some(object)).await.unwrap_or_else(|refused| panic!("{path}: {refused}"))
    }

    /// A token of a pod, as its kubelet asks for it.
    pub(crate) async fn token(&self, pod: &Value, audience: Option<&str>) -> String {
        let (metadata, account) = (&pod["metadata"], &pod["spec"]["serviceAccountName"]);
        let bound = json!({ "apiVersion": "v1", "kind": "Pod", "name": metadata["name"], "uid": metadata["uid"] });
        let mut spec = json!({ "boundObjectRef": bound });
        if let Some(audience) = audience {
            spec["audiences"] = json!([audience]);
        }
        let namespace = metadata["namespace"].as_str().unwrap();
        let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{}/token", account.as_str().unwrap());
        let request = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec });
        self.create(&path, &request).await["status"]["token"].as_str().unwrap().to_owned()
    }
}
