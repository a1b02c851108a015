//! A cluster outside EKS: a real apiserver's tokens, the agent, the broker and the embedded AWS's STS behind it.

use std::{fs, net::SocketAddr, path::Path, time::Duration};

use aws_sdk_iam::config::{BehaviorVersion, Credentials, Region};
use control_plane::{Binaries, Kubernetes, Process, Readiness, Settings};
use hyper::Method;
use serde_json::{Value, json};
use test_support::{ACCESS_KEY, EmbeddedAws, NEWEST_KUBERNETES, REGION, SECRET_KEY, eventually, tools};

use crate::{
    CLAVIGER,
    rig::{Agent, Rig, address},
    sdks::run_with,
};

const CLUSTER: &str = "arn:aws:eks:us-west-2:111122223333:cluster/demo";
const ROLE: &str = "arn:aws:iam::111122223333:role/pods";

#[tokio::test(flavor = "multi_thread")]
async fn pods_of_a_cluster_outside_eks_get_credentials_whose_tags_decide() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let aws = EmbeddedAws::start(Path::new(CLAVIGER), &path).await;
    let (id, secret) = broker_identity(aws.address()).await;
    let settings = Settings {
        binaries: Binaries::in_folder(&tools(), Some(NEWEST_KUBERNETES)).unwrap(),
        data_folder: path.join("plane"),
        encryption_configuration: None,
        apiserver_flags: Vec::new(),
    };
    let plane = control_plane::start(settings, Readiness::Full).await.unwrap();
    let kubernetes = plane.kubernetes();
    for node in ["one", "two"] {
        post(kubernetes, "/api/v1/nodes", json!({ "metadata": { "name": node } })).await;
    }
    let (pods, agents) = ("pods.eks.amazonaws.com", "pod-identity.claviger.dev");
    let mut tokens = Vec::new();
    for (namespace, account, node, audience) in [
        ("payments", "api", "one", pods),
        ("other", "api", "one", pods),
        ("payments", "elsewhere", "two", pods),
        ("claviger", "agent", "one", agents),
    ] {
        let file = path.join(format!("token-{}", tokens.len()));
        fs::write(&file, token(kubernetes, namespace, account, node, audience).await).unwrap();
        tokens.push(file);
    }
    let keys = kubernetes.request(Method::GET, "/openid/v1/jwks", None).await.unwrap();
    fs::write(path.join("jwks.json"), keys.body.to_string()).unwrap();
    let issuer = kubernetes.request(Method::GET, "/.well-known/openid-configuration", None).await.unwrap();
    let issuer = issuer.body["issuer"].as_str().unwrap().to_owned();

    associate(&path, &["payments", "other"]);
    let broker = broker(&path, &issuer, aws.address(), (&id, &secret));
    let at = listens(&broker).await;
    let agent_token = tokens.pop().unwrap();
    let rig = Rig::of(folder, aws, tokens);
    let agent = agent(&path, at, &agent_token);
    let agent = Agent { address: listens(&agent).await, process: agent };

    let told = run_with("boto3", &rig, agent.environment(&rig, 0)).await.unwrap_or_else(|error| panic!("{error}"));
    let arn = told["arn"].as_str().unwrap();
    assert!(arn.starts_with("arn:aws:sts::111122223333:assumed-role/pods/eks-demo-api-"), "{told}");
    assert_eq!((&told["random"], &told["denied"]), (&8.into(), &"AccessDeniedException".into()), "{told}");
    // The same role in another namespace: the role's policy looks at the session's tag.
    let told = run_with("boto3", &rig, agent.environment(&rig, 1)).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(told["random"], 0, "{told}");
    // A pod of another node, whose token this node's agent has got hold of.
    let refused = run_with("boto3", &rig, agent.environment(&rig, 2)).await.unwrap_err();
    assert!(refused.contains("does not run on the agent's node"), "{refused}");

    // A deleted association takes back what the agent keeps.
    associate(&path, &["other"]);
    eventually("the association is gone", Duration::from_secs(30), async || {
        match run_with("boto3", &rig, agent.environment(&rig, 0)).await {
            Err(refused) if refused.contains("No Pod Identity association found") => Ok(()),
            answered => Err(format!("{answered:?}")),
        }
    })
    .await;
    let log = broker.log_tail();
    assert_eq!(log.matches("credentials issued").count(), 2, "{log}");
    assert!(!log.contains("eyJ") && !log.contains(&secret), "{log}");
    agent.process.stop(Duration::from_secs(20)).await;
    broker.stop(Duration::from_secs(20)).await;
}

/// A user that may assume the role of the pods, which looks at the tags.
async fn broker_identity(aws: SocketAddr) -> (String, String) {
    let config = aws_sdk_iam::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .endpoint_url(format!("http://{aws}"))
        .region(Region::new(REGION))
        .credentials_provider(Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "test"));
    let iam = aws_sdk_iam::Client::from_conf(config.build());
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

/// A token of a pod on a node, as kubelet has the apiserver issue it.
async fn token(kubernetes: &Kubernetes, namespace: &str, account: &str, node: &str, audience: &str) -> String {
    let names = json!({ "metadata": { "name": namespace } });
    // The namespace may be there.
    let _ = kubernetes.request(Method::POST, "/api/v1/namespaces", Some(&names)).await.unwrap();
    let base = format!("/api/v1/namespaces/{namespace}");
    post(kubernetes, &format!("{base}/serviceaccounts"), json!({ "metadata": { "name": account } })).await;
    let pod = json!({
        "metadata": { "name": format!("{account}-0") },
        "spec": { "serviceAccountName": account, "nodeName": node, "containers": [{ "name": "a", "image": "a" }] },
    });
    let pod = post(kubernetes, &format!("{base}/pods"), pod).await;
    let request = json!({ "spec": {
        "audiences": [audience], "expirationSeconds": 3600,
        "boundObjectRef": { "kind": "Pod", "apiVersion": "v1", "name": pod["metadata"]["name"], "uid": pod["metadata"]["uid"] },
    } });
    let issued = post(kubernetes, &format!("{base}/serviceaccounts/{account}/token"), request).await;
    issued["status"]["token"].as_str().unwrap().to_owned()
}

async fn post(kubernetes: &Kubernetes, path: &str, body: Value) -> Value {
    let answer = kubernetes.request(Method::POST, path, Some(&body)).await.unwrap();
    assert_eq!(answer.status, 201, "{path}: {}", answer.body);
    answer.body
}

fn associate(folder: &Path, namespaces: &[&str]) {
    let one = |namespace: &&str| {
        format!(
            "---\napiVersion: claviger.dev/v1alpha1\nkind: PodIdentityAssociation\nspec: {{ namespace: {namespace}, \
             serviceAccount: '*', roleArn: '{ROLE}' }}\n"
        )
    };
    fs::write(folder.join("associations.yaml"), namespaces.iter().map(one).collect::<String>()).unwrap();
}

fn broker(folder: &Path, issuer: &str, aws: SocketAddr, (id, secret): (&str, &str)) -> Process {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(folder.join("tls.crt"), made.cert.pem()).unwrap();
    fs::write(folder.join("tls.key"), made.signing_key.serialize_pem()).unwrap();
    let file = |name: &str| folder.join(name).display().to_string();
    let cluster =
        format!("{CLUSTER},issuer={issuer},keys={},associations={}", file("jwks.json"), file("associations.yaml"));
    let mut command = std::process::Command::new(CLAVIGER);
    command.args(["pod-identity", "broker", "--log-format=json", "--listen=127.0.0.1:0", "--health-listen=none"]);
    command.args(["--cluster", &cluster, "--tls-cert", &file("tls.crt"), "--tls-key", &file("tls.key")]);
    command.arg("--agent-service-account=claviger/agent").arg(format!("--sts-endpoint=http://{aws}"));
    command.env_clear().env("HOME", folder).env("AWS_REGION", REGION).env("AWS_EC2_METADATA_DISABLED", "true");
    command.env("AWS_ACCESS_KEY_ID", id).env("AWS_SECRET_ACCESS_KEY", secret);
    Process::spawn(command, &folder.join("broker.log")).unwrap()
}

fn agent(folder: &Path, broker: SocketAddr, token: &Path) -> Process {
    let mut command = std::process::Command::new(CLAVIGER);
    command.args(["pod-identity", "agent", "--cluster-name=demo", "--log-format=json", "--max-pod-qps=0"]);
    command.args(["--bind-hosts=127.0.0.1", "--port=0", "--probe-port=none", "--metrics-port=none"]);
    command.arg(format!("--broker=https://localhost:{}", broker.port()));
    command.arg("--broker-ca").arg(folder.join("tls.crt")).arg("--broker-token").arg(token);
    command.env_clear().env("HOME", folder);
    Process::spawn(command, &folder.join("agent.log")).unwrap()
}

async fn listens(process: &Process) -> SocketAddr {
    eventually("it listens", Duration::from_secs(20), async || {
        address(&process.log_tail(), "listening").ok_or_else(|| process.log_tail())
    })
    .await
}
