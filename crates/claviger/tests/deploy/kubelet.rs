//! What a kubelet does for a container, without images: its files, its tokens, its environment, its flags. Whatever a pod has below
//! `/var/run` is there in a mount namespace of the process's own, so that flags stay as the chart has them.

use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use control_plane::Process;
use serde_json::{Value, json};
use test_support::eventually;

use crate::{
    CLAVIGER,
    helm::Document,
    plane::{Plane, SOON},
};

/// The node on which everything runs.
pub(crate) const NODE: &str = "node-a";

/// Ports that others on this machine have, too.
const PORTS: [&str; 4] = ["--listen=", "--health-listen=", "--probe-port=", "--metrics-port="];

/// A container that runs.
pub(crate) struct Container {
    pub(crate) process: Process,
    readiness: String,
}

impl Container {
    /// Has the apiserver make a pod of what a DaemonSet or Deployment says, and runs its container.
    pub(crate) async fn start(plane: &Plane, maker: &Document, environment: &[(&str, String)]) -> Self {
        let template = &maker.object["spec"]["template"];
        let mut pod = json!({ "metadata": template["metadata"], "spec": template["spec"] });
        pod["metadata"]["name"] = format!("{}-0", maker.name()).into();
        pod["spec"]["nodeName"] = NODE.into();
        let pod = plane.create("/api/v1/namespaces/claviger/pods", &pod).await;
        let container = &pod["spec"]["containers"][0];

        let root = plane.folder.path().join(maker.name());
        for mount in container["volumeMounts"].as_array().into_iter().flatten() {
            let place = mount["mountPath"].as_str().unwrap().strip_prefix("/var/run/").unwrap();
            let mut volumes = pod["spec"]["volumes"].as_array().unwrap().iter();
            let volume = volumes.find(|volume| volume["name"] == mount["name"]).unwrap();
            fill(plane, &pod, volume, &root.join(place)).await;
        }

        let arguments = container["args"].as_array().unwrap().iter().map(|argument| flag(argument.as_str().unwrap()));
        let mut command = std::process::Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c"]);
        command.arg("mount --bind \"$0\" /var/run && exec \"$@\"").arg(&root).arg(CLAVIGER).args(arguments);
        let apiserver: SocketAddr = plane.running.apiserver_url().strip_prefix("https://").unwrap().parse().unwrap();
        command.env_clear().env("PATH", "/usr/bin:/bin");
        command.env("KUBERNETES_SERVICE_HOST", apiserver.ip().to_string());
        command.env("KUBERNETES_SERVICE_PORT", apiserver.port().to_string());
        for variable in container["env"].as_array().into_iter().flatten() {
            let value = variable["value"].as_str().unwrap_or(NODE);
            command.env(variable["name"].as_str().unwrap(), value);
        }
        command.envs(environment.iter().cloned());
        let log = plane.folder.path().join(format!("{}.log", maker.name()));
        let process = Process::spawn(command, &log).unwrap();
        let readiness = container["readinessProbe"]["httpGet"]["path"].as_str().unwrap().to_owned();
        Self { process, readiness }
    }

    /// The address of the line of its log with this message.
    pub(crate) async fn address(&self, message: &str) -> SocketAddr {
        eventually(message, SOON, async || {
            let log = fs::read_to_string(self.process.log()).unwrap();
            let mut lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let found = lines.find(|line| line["message"] == message);
            found.and_then(|line| line["address"].as_str()?.parse().ok()).ok_or(log)
        })
        .await
    }

    /// Awaits that its readiness probe is content.
    pub(crate) async fn is_ready(&self) {
        let address = self.address("health and metrics").await;
        eventually("it is ready", SOON, async || {
            let answer = get(address, &self.readiness, "").await;
            if answer.starts_with("HTTP/1.1 200") {
                Ok(())
            } else {
                Err(format!("{answer}\n{}", self.process.log_tail()))
            }
        })
        .await;
    }

    pub(crate) async fn stop(self) {
        let ended = self.process.stop(SOON).await;
        assert!(ended.success(), "{}", self.process.log_tail());
    }
}

/// What a server answers to a GET: all of it, head and body.
pub(crate) async fn get(address: SocketAddr, path: &str, headers: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let asked = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\r\n");
    let mut answer = String::new();
    if let Ok(mut stream) = tokio::net::TcpStream::connect(address).await {
        stream.write_all(asked.as_bytes()).await.unwrap();
        stream.read_to_string(&mut answer).await.unwrap();
    }
    answer
}

/// As it is, but for ports and for variables.
fn flag(argument: &str) -> String {
    let argument = argument.replace("$(NODE_NAME)", NODE);
    match PORTS.iter().find(|port| argument.starts_with(*port)) {
        Some(port) if port.ends_with("listen=") => format!("{port}127.0.0.1:0"),
        Some(port) => format!("{port}0"),
        None => argument,
    }
}

/// As kubelets write it: the files are links into a folder that another takes the place of, all of them at once.
pub(crate) async fn put_config_map(plane: &Plane, name: &str, folder: &Path) {
    let map = plane.ask("GET", &format!("/api/v1/namespaces/claviger/configmaps/{name}"), None).await.unwrap();
    let version = PathBuf::from(format!("..{}", map["metadata"]["resourceVersion"].as_str().unwrap()));
    fs::create_dir(folder.join(&version)).unwrap();
    for (file, text) in map["data"].as_object().unwrap() {
        fs::write(folder.join(&version).join(file), text.as_str().unwrap()).unwrap();
        if !folder.join(file).is_symlink() {
            symlink(Path::new("..data").join(file), folder.join(file)).unwrap();
        }
    }
    symlink(&version, folder.join("..data_tmp")).unwrap();
    fs::rename(folder.join("..data_tmp"), folder.join("..data")).unwrap();
}

/// Writes what a volume holds.
async fn fill(plane: &Plane, pod: &Value, volume: &Value, folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let put = |path: &Value, content: &[u8]| {
        let path: PathBuf = folder.join(path.as_str().unwrap());
        fs::write(path, content).unwrap();
    };
    if let Some(name) = volume["secret"]["secretName"].as_str() {
        let secret = plane.ask("GET", &format!("/api/v1/namespaces/claviger/secrets/{name}"), None).await.unwrap();
        for item in volume["secret"]["items"].as_array().unwrap() {
            let value = secret["data"][item["key"].as_str().unwrap()].as_str().unwrap();
            put(&item["path"], &STANDARD.decode(value).unwrap());
        }
    }
    if let Some(name) = volume["configMap"]["name"].as_str() {
        put_config_map(plane, name, folder).await;
    }
    for source in volume["projected"]["sources"].as_array().into_iter().flatten() {
        let token = &source["serviceAccountToken"];
        if token.is_object() {
            put(&token["path"], plane.token(pod, token["audience"].as_str()).await.as_bytes());
        }
        // Those that each pod has: `kube-root-ca.crt`, and the namespace.
        if source["configMap"].is_object() {
            let authority = fs::read(plane.folder.path().join("plane/pki/ca.crt")).unwrap();
            put(&json!("ca.crt"), &authority);
        }
        if source["downwardAPI"].is_object() {
            put(&json!("namespace"), b"claviger");
        }
    }
}
