//! What a broker has to do with: roles at an embedded AWS, clusters that issue tokens, and the broker as a process.

use std::{fs, net::SocketAddr, path::Path};

use aws_sdk_iam::config::{BehaviorVersion, Credentials, Region};
use control_plane::Process;
use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::{ACCESS_KEY, EmbeddedAws, REGION, SECRET_KEY, eventually, tools};
use tokio::process::Command;

use crate::{
    CLAVIGER,
    cluster::{SOON, http},
    rig::address,
};

pub(crate) const JSON: &str = "Content-Type: application/json\r\n";

pub(crate) struct Lending {
    pub(crate) folder: TempDir,
    pub(crate) aws: EmbeddedAws,
    pub(crate) iam: aws_sdk_iam::Client,
}

/// A cluster of the embedded EKS, of which the broker knows issuer and keys alone.
pub(crate) struct Issuer {
    pub(crate) arn: String,
    pub(crate) url: String,
    /// Of its JWK Set.
    pub(crate) keys: String,
}

pub(crate) struct Broker {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
}

/// A policy of one statement, which allows.
pub(crate) fn allow(actions: &[&str], also: Value) -> String {
    let mut statement = json!({ "Effect": "Allow", "Action": actions });
    statement.as_object_mut().unwrap().extend(also.as_object().unwrap().clone());
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

/// IAM as the root user of an account.
pub(crate) fn iam(aws: &EmbeddedAws, id: &str, secret: &str) -> aws_sdk_iam::Client {
    let config = aws_sdk_iam::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .endpoint_url(format!("http://{}", aws.address()))
        .region(Region::new(REGION))
        .credentials_provider(Credentials::new(id, secret, None, None, "test"));
    aws_sdk_iam::Client::from_conf(config.build())
}

impl Lending {
    /// With further flags of `claviger local-aws`.
    pub(crate) async fn start(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let flags: Vec<_> = flags.iter().map(ToString::to_string).collect();
        let aws = EmbeddedAws::start_with(Path::new(CLAVIGER), folder.path(), &flags).await;
        let iam = iam(&aws, ACCESS_KEY, SECRET_KEY);
        Self { folder, aws, iam }
    }

    /// The path of a file of this content.
    pub(crate) fn file(&self, name: &str, content: &str) -> String {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    /// A role with one policy; its ARN.
    pub(crate) async fn role(&self, name: &str, trust: &str, may: &str) -> String {
        let create = self.iam.create_role().role_name(name).assume_role_policy_document(trust);
        let made = create.max_session_duration(12 * 3600).send().await.unwrap();
        self.iam.put_role_policy().role_name(name).policy_name("may").policy_document(may).send().await.unwrap();
        made.role.unwrap().arn
    }

    /// A user with one policy; its key.
    pub(crate) async fn user(&self, name: &str, may: &str) -> (String, String) {
        self.iam.create_user().user_name(name).send().await.unwrap();
        self.iam.put_user_policy().user_name(name).policy_name("may").policy_document(may).send().await.unwrap();
        let key = self.iam.create_access_key().user_name(name).send().await.unwrap().access_key.unwrap();
        (key.access_key_id, key.secret_access_key)
    }

    pub(crate) async fn cluster(&self, name: &str) -> Issuer {
        let trust = allow(&["sts:AssumeRole"], json!({ "Principal": { "Service": "eks.amazonaws.com" } }));
        let role =
            self.role(&format!("{name}-cluster"), &trust, &allow(&["ec2:Describe*"], json!({ "Resource": "*" }))).await;
        let create = [
            "create-cluster",
            "--resources-vpc-config=subnetIds=subnet-1,subnet-2",
            "--role-arn",
            &role,
            "--name",
            name,
        ];
        self.eks(&create).await.unwrap();
        let cluster = eventually("the cluster is active", SOON, async || {
            let cluster = self.eks(&["describe-cluster", "--name", name]).await?["cluster"].take();
            if cluster["status"] == "ACTIVE" { Ok(cluster) } else { Err(cluster.to_string()) }
        })
        .await;
        let url = cluster["identity"]["oidc"]["issuer"].as_str().unwrap().to_owned();
        let id = url.rsplit('/').next().unwrap();
        let keys = body(&http(self.aws.address(), &format!("GET /_claviger/eks/id/{id}/keys"), "", "").await);
        let keys = self.file(&format!("{name}.jwks.json"), &keys.to_string());
        Issuer { arn: cluster["arn"].as_str().unwrap().to_owned(), url, keys }
    }

    /// The account's administrator, by the CLI.
    pub(crate) async fn eks(&self, arguments: &[&str]) -> Result<Value, String> {
        let mut cli = Command::new(tools().join("venv/bin/aws"));
        cli.env_clear().env("HOME", self.folder.path()).env("AWS_DEFAULT_REGION", REGION);
        cli.envs(EmbeddedAws::environment(self.aws.address())).args(["--output=json", "eks"]).args(arguments);
        let done = cli.output().await.unwrap();
        if !done.status.success() {
            return Err(String::from_utf8_lossy(&done.stderr).into_owned());
        }
        Ok(serde_json::from_slice(&done.stdout).unwrap_or_default())
    }

    /// A token of a pod.
    pub(crate) async fn token(&self, cluster: &Issuer, namespace: &str, account: &str) -> String {
        self.token_for("pods.eks.amazonaws.com", cluster, namespace, account).await
    }

    pub(crate) async fn token_for(&self, audience: &str, of: &Issuer, namespace: &str, account: &str) -> String {
        let asked =
            json!({ "cluster": of.arn, "namespace": namespace, "serviceAccount": account, "audience": audience });
        let told = http(self.aws.address(), "POST /_claviger/eks/token", JSON, &asked.to_string()).await;
        body(&told)["token"].as_str().expect(&told).to_owned()
    }

    /// A broker that knows of AWS what `environment` says.
    pub(crate) async fn broker(&self, name: &str, clusters: &[String], environment: &[(&str, &str)]) -> Broker {
        self.broker_of(name, "--allow-unbound-agents", clusters, environment).await
    }

    /// One that serves such agents.
    pub(crate) async fn broker_of(
        &self,
        name: &str,
        agents: &str,
        clusters: &[String],
        environment: &[(&str, &str)],
    ) -> Broker {
        let mut command = std::process::Command::new(CLAVIGER);
        command.args(["pod-identity", "broker", "--log-format=json", agents]);
        command.args(["--listen=127.0.0.1:0", "--health-listen=127.0.0.1:0"]);
        command.args(clusters.iter().flat_map(|cluster| ["--cluster", cluster]));
        command.env_clear().env("HOME", self.folder.path()).env("AWS_REGION", REGION);
        command.env("AWS_ENDPOINT_URL", format!("http://{}", self.aws.address())).envs(environment.iter().copied());
        let process = Process::spawn(command, &self.folder.path().join(format!("{name}.log"))).unwrap();
        let address = logged(&process, "listening").await;
        Broker { process, address }
    }
}

impl Broker {
    /// What it answers a pod's token: the body of a success, or all of a refusal.
    pub(crate) async fn ask(&self, cluster: &str, token: &str) -> Result<Value, String> {
        let asked = json!({ "token": token }).to_string();
        let request = format!("POST /clusters/{cluster}/assume-role-for-pod-identity");
        let answer = http(self.address, &request, "", &asked).await;
        if answer.starts_with("HTTP/1.1 200") { Ok(body(&answer)) } else { Err(answer) }
    }

    /// What `/readyz` answers.
    pub(crate) async fn ready(&self) -> String {
        http(logged(&self.process, "health and metrics").await, "GET /readyz", "", "").await
    }
}

/// The flag of a cluster whose associations are in a file.
pub(crate) fn flag(cluster: &Issuer, associations: &str) -> String {
    let Issuer { arn, url, keys } = cluster;
    format!("{arn},issuer={url},keys={keys},associations={associations}")
}

/// An association of a file.
pub(crate) fn association(namespace: &str, account: &str, role: &str, also: Value) -> String {
    let mut spec = json!({ "namespace": namespace, "serviceAccount": account, "roleArn": role });
    spec.as_object_mut().unwrap().extend(also.as_object().unwrap().clone());
    let all = json!({ "apiVersion": "claviger.dev/v1alpha1", "kind": "PodIdentityAssociation", "spec": spec });
    format!("---\n{all}\n")
}

/// The address that a process tells of itself.
pub(crate) async fn logged(process: &Process, message: &str) -> SocketAddr {
    eventually(message, SOON, async || {
        let log = fs::read_to_string(process.log()).unwrap();
        address(&log, message).ok_or(log)
    })
    .await
}

/// The JSON that an answer has.
pub(crate) fn body(answer: &str) -> Value {
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body);
    body.and_then(|body| serde_json::from_str(body).ok()).expect(answer)
}
