//! `claviger diagnose pod`: whether whom the agent asks answers, by a real apiserver's proxy to a real agent and a real broker.

use std::{
    net::{IpAddr, UdpSocket},
    process::{Command, Output},
};

use control_plane::Process;
use serde_json::{Value, json};

use crate::{
    CLAVIGER,
    lending::logged,
    outside::{CLUSTER, Outside, claviger},
    rig::Agent,
};

const SERVICES: &str = "/api/v1/namespaces/claviger/services";
const PODS: &str = "/api/v1/namespaces/claviger/pods";
const SLICES: &str = "/apis/discovery.k8s.io/v1/namespaces/claviger/endpointslices";

/// An address of this machine that is not its loopback, if it has any: an apiserver's proxy goes to no other.
fn this_machine() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    socket.connect("192.0.2.1:9").ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|ip| !ip.is_loopback())
}

impl Outside {
    /// A ready pod at this machine's address.
    async fn running_pod(&self, name: &str, labels: Value, node: &str, container: Value) {
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name, "labels": labels },
            "spec": { "serviceAccountName": "agent", "nodeName": node, "containers": [container] },
        });
        let mut pod = self.cluster.ask("POST", PODS, Some(&pod)).await;
        let here = this_machine().unwrap().to_string();
        pod["status"] = json!({
            "phase": "Running", "podIP": here, "podIPs": [{ "ip": here }],
            "conditions": [{ "type": "Ready", "status": "True" }],
        });
        self.cluster.ask("PUT", &format!("{PODS}/{name}/status"), Some(&pod)).await;
    }

    fn diagnose(&self, pod: &str, kubeconfig: &str, more: &[&str]) -> Value {
        let mut command = Command::new(CLAVIGER);
        command.args(["diagnose", "pod", pod, "-ojson", "--kubeconfig", kubeconfig, "--cluster-arn", CLUSTER]);
        command.arg(format!("--endpoint-url=http://{}", self.rig.aws.address())).args(more);
        command.env_clear().env("HOME", self.rig.folder.path());
        let output: Output = command.output().unwrap();
        assert!(!output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        let chain: Value = serde_json::from_slice(&output.stdout).unwrap();
        chain["links"].as_array().unwrap().iter().find(|link| link["name"] == "connection").unwrap().clone()
    }
}

#[track_caller]
fn is(link: &Value, state: &str, words: &[&str]) {
    assert_eq!(link["state"], state, "{link:#}");
    for word in words {
        assert!(link.to_string().contains(word), "`{word}` is not in {link:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_from_the_agent_to_the_broker_is_followed_through_the_apiserver() {
    if this_machine().is_none() {
        println!("this machine has no address but its loopback, where no apiserver's proxy goes: it is not tested");
        return;
    }
    let mut outside = Outside::start().await;
    let pod = outside.pod("payments", "api", "one").await;
    outside.write_agent_token().await;
    let keys = outside.write_keys().await.display().to_string();
    let associations = outside.associate(&["payments"]).display().to_string();
    let broker = outside.broker(Some(&keys), &associations);
    let broker: Vec<_> =
        broker.into_iter().map(|it| it.replace("health-listen=none", "health-listen=0.0.0.0:0")).collect();
    let broker = outside.start_broker("broker", claviger(&broker), &[]).await;
    let health = logged(&broker.process, "health and metrics").await.port();

    let mut command = Command::new(CLAVIGER);
    command.args(["pod-identity", "agent", "--cluster-name=demo", "--log-format=json", "--bind-hosts=127.0.0.1"]);
    command.args(["--port=0", "--probe-port=none", "--metrics-address=0.0.0.0", "--metrics-port=0"]);
    command.arg(format!("--broker=https://localhost:{}", broker.address.port()));
    command.arg("--broker-ca").arg(outside.path("tls.crt")).arg("--broker-token").arg(outside.path("agent-token"));
    command.env_clear().env("HOME", outside.rig.folder.path());
    let process = Process::spawn(command, &outside.path("agent.log")).unwrap();
    let metrics = logged(&process, "health and metrics").await.port();
    let agent = Agent { address: logged(&process, "listening").await, process };

    let labels = json!({ "app.kubernetes.io/name": "claviger", "app.kubernetes.io/component": "agent" });
    let arguments = [
        "pod-identity".to_owned(),
        "agent".to_owned(),
        "--broker=https://claviger-broker.claviger.svc:8443".to_owned(),
        format!("--metrics-port={metrics}"),
    ];
    let container = json!({ "name": "agent", "image": "claviger", "args": arguments });
    outside.running_pod("agent-x7", labels, "one", container).await;
    let admin = outside.cluster.plane.kubeconfig().display().to_string();
    let identity = ["--broker-identity=arn:aws:iam::111122223333:user/broker"];
    let link = |kubeconfig: &str| outside.diagnose("payments/api-0", kubeconfig, &identity);

    is(&link(&admin), "broken", &["there is no Service claviger-broker in namespace claviger", "answered: 0"]);
    let labels = json!({ "app.kubernetes.io/component": "broker" });
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": "claviger-broker" },
        "spec": { "selector": labels, "ports": [{ "name": "https", "port": 8443 }] },
    });
    outside.cluster.ask("POST", SERVICES, Some(&service)).await;
    is(&link(&admin), "broken", &["has no ready endpoint", "no pod has the labels of the Service's selector"]);

    let container = json!({
        "name": "broker", "image": "claviger", "ports": [{ "name": "metrics", "containerPort": health }],
        "readinessProbe": { "httpGet": { "port": "metrics", "path": "/readyz" } },
    });
    outside.running_pod("broker-1", labels, "one", container).await;
    let slice = |is_ready| {
        json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": { "name": "broker", "labels": { "kubernetes.io/service-name": "claviger-broker" } },
            "endpoints": [{ "addresses": [this_machine()], "conditions": { "ready": is_ready } }],
            "ports": [{ "name": "https", "port": 8443 }],
        })
    };
    outside.cluster.ask("POST", SLICES, Some(&slice(true))).await;
    let whole = ["ready endpoints: 1", "pod broker-1: ready; its probe says 200"];
    is(&link(&admin), "ok", &[&whole[..], &["agent-x7 has not asked it yet"]].concat());
    let answer = outside.ask(&agent, pod).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    is(&link(&admin), "ok", &[&whole[..], &["answers to claviger/agent-x7", "answered: 1"]].concat());

    // Who may not ask pods hears that it is not known.
    let rules = json!([
        { "apiGroups": [""], "resources": ["pods", "services", "serviceaccounts"], "verbs": ["get", "list"] },
        { "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["get", "list"] },
    ]);
    const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";
    let named = json!({ "name": "looks" });
    let role = json!({ "metadata": named, "rules": rules });
    outside.cluster.ask("POST", &format!("{RBAC}/clusterroles"), Some(&role)).await;
    let bound = json!({
        "metadata": named,
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "looks" },
        "subjects": [{ "kind": "ServiceAccount", "name": "agent", "namespace": "claviger" }],
    });
    outside.cluster.ask("POST", &format!("{RBAC}/clusterrolebindings"), Some(&bound)).await;
    let looks = outside.cluster.kubeconfig_of("agent", outside.rig.folder.path()).await;
    let forbidden = [
        "ready endpoints: 1",
        "how the agent's calls end is not known",
        "pods/proxy",
        "what its probe says is not known",
    ];
    is(&link(&looks), "unknown", &forbidden);

    // An agent on a third node, before a server that this system knows nobody to vouch for.
    let node_role = ["--node-role=arn:aws:iam::111122223333:role/node"];
    let labels = json!({ "app.kubernetes.io/name": "eks-pod-identity-agent" });
    let endpoint = format!("--endpoint=https://localhost:{}", broker.address.port());
    let container = json!({ "name": "agent", "image": "agent", "args": [endpoint, "--metrics-port=none"] });
    outside.running_pod("agent-y8", labels, "three", container).await;
    outside.cluster.pod("payments", "tls", "three").await;
    let told = outside.diagnose("payments/tls-0", &admin, &node_role);
    is(&told, "unknown", &["from here, not from the node", "cannot be connected to: TLS: "]);

    broker.process.stop(std::time::Duration::from_secs(20)).await;
    outside.cluster.ask("PUT", &format!("{SLICES}/broker"), Some(&slice(false))).await;
    is(
        &link(&admin),
        "broken",
        &["has no ready endpoint", "what its probe says is not known", "kubectl describe service"],
    );

    // An agent before EKS Auth, or what stands for it, on another node. It has no port for metrics.
    let labels = json!({ "app.kubernetes.io/name": "eks-pod-identity-agent" });
    let eks_auth = format!("http://{}", outside.rig.aws.address());
    let container =
        json!({ "name": "agent", "image": "agent", "args": ["server", "--endpoint", eks_auth, "--metrics-port=none"] });
    outside.running_pod("agent-z9", labels, "two", container).await;
    outside.cluster.pod("payments", "web", "two").await;
    let told = outside.diagnose("payments/web-0", &admin, &node_role);
    is(
        &told,
        "unknown",
        &["whether EKS Auth at http://127.0.0.1", "from here, not from the node", "can be connected to"],
    );

    agent.process.stop(std::time::Duration::from_secs(20)).await;
    outside.cluster.plane.stop().await;
}
