//! A cluster outside EKS: a real apiserver's tokens, the broker with an identity in an embedded AWS, and agents before it.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
};

use control_plane::Process;
use serde_json::{Value, json};
use test_support::{ACCESS_KEY, EmbeddedAws, REGION, SECRET_KEY};

use crate::{
    CLAVIGER,
    cluster::{Cluster, http},
    lending::{iam, logged},
    rig::{Agent, Rig},
};

pub(crate) const CLUSTER: &str = "arn:aws:eks:us-west-2:111122223333:cluster/demo";
pub(crate) const ROLE: &str = "arn:aws:iam::111122223333:role/pods";

/// Where programs are by which another is started.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// What runs, but for brokers and agents: those are a test's own.
pub(crate) struct Outside {
    pub(crate) rig: Rig,
    pub(crate) cluster: Cluster,
    /// The access key of the user that may assume the pods' role.
    identity: (String, String),
}

impl Outside {
    pub(crate) async fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), Vec::new()).await
    }

    pub(crate) async fn start_in(folder: tempfile::TempDir, apiserver_flags: Vec<String>) -> Self {
        let aws = EmbeddedAws::start(Path::new(CLAVIGER), folder.path()).await;
        let identity = broker_identity(&aws).await;
        let cluster = Cluster::start_with(folder.path(), apiserver_flags).await;
        for node in ["one", "two"] {
            cluster.ask("POST", "/api/v1/nodes", Some(&json!({ "metadata": { "name": node } }))).await;
        }
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(folder.path().join("tls.crt"), made.cert.pem()).unwrap();
        fs::write(folder.path().join("tls.key"), made.signing_key.serialize_pem()).unwrap();
        Self { rig: Rig::of(folder, aws, Vec::new()), cluster, identity }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.rig.folder.path().join(name)
    }

    /// The secret that no log may have.
    pub(crate) fn secret(&self) -> &str {
        &self.identity.1
    }

    /// A pod that runs on a node: the number of its token among the rig's.
    pub(crate) async fn pod(&mut self, namespace: &str, account: &str, node: &str) -> usize {
        self.cluster.pod(namespace, account, node).await;
        let token = self.cluster.pod_token(namespace, account, "pods.eks.amazonaws.com").await;
        let number = self.rig.tokens.len();
        let file = self.path(&format!("token-{number}"));
        fs::write(&file, token).unwrap();
        self.rig.tokens.push(file);
        number
    }

    /// Writes the token of the agent of the node `one`, as the kubelet does, and again before it ends.
    pub(crate) async fn write_agent_token(&self) -> PathBuf {
        let file = self.path("agent-token");
        if !file.exists() {
            self.cluster.pod("claviger", "agent", "one").await;
        }
        fs::write(&file, self.cluster.pod_token("claviger", "agent", "pod-identity.claviger.dev").await).unwrap();
        file
    }

    /// Writes the keys that the apiserver publishes to a file.
    pub(crate) async fn write_keys(&self) -> PathBuf {
        let file = self.path("jwks.json");
        fs::write(&file, self.cluster.ask("GET", "/openid/v1/jwks", None).await.to_string()).unwrap();
        file
    }

    /// Writes a file in which every service account of these namespaces has the pods' role.
    pub(crate) fn associate(&self, namespaces: &[&str]) -> PathBuf {
        let one = |namespace: &&str| {
            format!(
                "---\napiVersion: claviger.dev/v1alpha1\nkind: PodIdentityAssociation\nspec: {{ namespace: {namespace}, \
                 serviceAccount: '*', roleArn: '{ROLE}' }}\n"
            )
        };
        let file = self.path("associations.yaml");
        fs::write(&file, namespaces.iter().map(one).collect::<String>()).unwrap();
        file
    }

    /// What a broker for this cluster is started with. Without `keys` it finds them by the issuer.
    pub(crate) fn broker(&self, keys: Option<&str>, associations: &str) -> Vec<String> {
        let keys = keys.map(|keys| format!(",keys={keys}")).unwrap_or_default();
        let issuer = self.cluster.plane.apiserver_url();
        let cluster = format!("--cluster={CLUSTER},issuer={issuer}{keys},associations={associations}");
        let mut arguments =
            ["pod-identity", "broker", "--log-format=json", "--listen=127.0.0.1:0"].map(String::from).to_vec();
        arguments.extend([
            "--health-listen=none".to_owned(),
            "--agent-service-account=claviger/agent".to_owned(),
            cluster,
        ]);
        arguments.extend([
            format!("--tls-cert={}", self.path("tls.crt").display()),
            format!("--tls-key={}", self.path("tls.key").display()),
            format!("--sts-endpoint=http://{}", self.rig.aws.address()),
        ]);
        arguments
    }

    /// Starts a broker with these arguments and variables, by a program that takes both.
    pub(crate) async fn start_broker(&self, name: &str, mut command: Command, environment: &[(&str, &str)]) -> Part {
        let (id, secret) = &self.identity;
        command.env_clear().env("HOME", self.rig.folder.path()).env("PATH", PATH);
        command.env("AWS_REGION", REGION).env("AWS_EC2_METADATA_DISABLED", "true");
        command.env("AWS_ACCESS_KEY_ID", id).env("AWS_SECRET_ACCESS_KEY", secret).envs(environment.iter().copied());
        self.start_part(name, command).await
    }

    /// Starts an agent of the node `one` before a broker.
    pub(crate) async fn start_agent(
        &self,
        name: &str,
        broker: SocketAddr,
        flags: &[&str],
        environment: &[(&str, &str)],
    ) -> Agent {
        self.start_agent_by(claviger(&[]), name, broker, flags, environment).await
    }

    /// The same, by a program that takes arguments and variables.
    pub(crate) async fn start_agent_by(
        &self,
        mut command: Command,
        name: &str,
        broker: SocketAddr,
        flags: &[&str],
        environment: &[(&str, &str)],
    ) -> Agent {
        command.args(["pod-identity", "agent", "--cluster-name=demo", "--log-format=json", "--max-pod-qps=0"]);
        command.args(["--bind-hosts=127.0.0.1", "--probe-port=none", "--metrics-port=none"]);
        command.arg(format!("--broker=https://localhost:{}", broker.port()));
        command.arg("--broker-ca").arg(self.path("tls.crt")).arg("--broker-token").arg(self.path("agent-token"));
        if !flags.iter().any(|flag| flag.starts_with("--port=")) {
            command.arg("--port=0");
        }
        command.args(flags).env_clear().env("HOME", self.rig.folder.path());
        command.env("PATH", PATH).envs(environment.iter().copied());
        let Part { process, address } = self.start_part(name, command).await;
        Agent { process, address }
    }

    async fn start_part(&self, name: &str, command: Command) -> Part {
        let process = Process::spawn(command, &self.path(&format!("{name}.log"))).unwrap();
        let address = logged(&process, "listening").await;
        Part { process, address }
    }

    /// What an agent answers who shows a pod's token: status line, head and body.
    pub(crate) async fn ask(&self, agent: &Agent, pod: usize) -> String {
        let token = fs::read_to_string(&self.rig.tokens[pod]).unwrap();
        http(agent.address, "GET /v1/credentials", &format!("Authorization: {token}\r\n"), "").await
    }
}

/// A process that listens.
pub(crate) struct Part {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
}

/// A program as it is, with these arguments.
pub(crate) fn claviger(arguments: &[String]) -> Command {
    let mut command = Command::new(CLAVIGER);
    command.args(arguments);
    command
}

/// The access key of a user that may assume the role of the pods, which looks at the tags.
async fn broker_identity(aws: &EmbeddedAws) -> (String, String) {
    let iam = iam(aws, ACCESS_KEY, SECRET_KEY);
    let user = iam.create_user().user_name("broker").send().await.unwrap().user.unwrap();
    let policy = |statement: Value| json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
    let may = json!({ "Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": "*" });
    iam.put_user_policy().user_name("broker").policy_name("may").policy_document(policy(may)).send().await.unwrap();
    let trust = json!({
        "Effect": "Allow", "Principal": { "AWS": user.arn }, "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": { "StringEquals": {
            "aws:RequestTag/eks-cluster-arn": CLUSTER,
            "aws:RequestTag/kubernetes-namespace": ["payments", "other"],
        } },
    });
    iam.create_role().role_name("pods").assume_role_policy_document(policy(trust)).send().await.unwrap();
    let may = json!({
        "Effect": "Allow", "Action": "kms:GenerateRandom", "Resource": "*",
        "Condition": { "StringEquals": { "aws:PrincipalTag/kubernetes-namespace": "payments" } },
    });
    iam.put_role_policy().role_name("pods").policy_name("may").policy_document(policy(may)).send().await.unwrap();
    let key = iam.create_access_key().user_name("broker").send().await.unwrap().access_key.unwrap();
    (key.access_key_id, key.secret_access_key)
}
