//! `up`'s pod: broker and agent as on a cluster outside EKS, and a pod that gets its AWS credentials from them with its
//! token alone.

mod account;
mod evidence;
mod issuer;
mod sdk;

use std::{fs, io::Write as _, net::SocketAddr, os::unix::fs::OpenOptionsExt as _, path::PathBuf, sync::Arc};

use aws_model::Region;
use daemon::{metrics::Registry, shutdown::Shutdown};
use jiff::Timestamp;
use pod_identity::{
    ClusterKeys, KeySource,
    agent::{self, Cache, CacheSettings, Hosts, PodPace, Validator},
    broker::{
        self, Agents, AssociationsFile, Cluster, ClusterArn, Clusters, Listening, ServiceAccount, Sts, StsSettings,
    },
};
use serde_json::Value;
use tokio::task::{JoinHandle, JoinSet};

use self::account::Account;
pub(super) use self::{account::Ground, evidence::Evidence};
use super::directory::Directory;
use crate::failure::Failure;

/// The name of the cluster, of the pod and of its service account.
pub(super) const NAME: &str = "claviger-up";
/// The namespace of the pod.
pub(super) const NAMESPACE: &str = "default";
/// The service account of the agent, in the same namespace.
pub(super) const AGENT: &str = "claviger-agent";
/// For whom the tokens of pods are. Source: Amazon EKS User Guide, "Understand how EKS Pod Identity works".
pub(super) const POD_AUDIENCE: &str = "pods.eks.amazonaws.com";
/// How long the tokens are good for, in seconds: nobody renews them here, as kubelet would.
pub(super) const LIFETIME: u32 = 86_400;
/// Requests a second of one pod, and of the node: none is held back here.
const UNLIMITED: u32 = 0;

/// What a cluster gives: its issuer and its keys, and the tokens of the pod and of the agent of the pod's node.
pub(super) struct Tokens {
    pub(super) issuer: String,
    /// A JSON Web Key Set.
    pub(super) keys: Value,
    pub(super) of_pod: String,
    pub(super) of_agent: String,
    /// By whom they are signed, as it is told.
    pub(super) signed_by: &'static str,
}

impl Tokens {
    /// Those of a cluster of `up`'s own.
    pub(super) fn of_no_cluster() -> Result<Self, Failure> {
        issuer::tokens()
    }
}

/// The AWS that it is on.
struct Aws<'a> {
    endpoint: &'a str,
    region: &'a Region,
    account: &'a Account,
}

/// What answers until the end is asked for.
pub(super) struct Serving {
    broker: JoinHandle<()>,
    agent: JoinSet<()>,
}

/// Makes the pod's role, starts broker and agent, and has the pod show what it gets.
///
/// # Errors
/// When a part does not start or a call fails; as a finding, when the pod may do what it must not.
pub(super) async fn start(
    ground: &Ground<'_>,
    tokens: Tokens,
    directory: &Directory,
    shutdown: &Shutdown,
) -> Result<(Serving, Evidence), Failure> {
    let account = Account::ensure(ground, directory).await?;
    let aws = &Aws { endpoint: ground.endpoint, region: ground.region, account: &account };
    let files = Files::write(&tokens, directory)?;
    let (broker, broker_address) = start_broker(aws, &tokens, &files, shutdown).await?;
    let (agent, agent_address) = start_agent(broker_address, &files, shutdown).await?;
    let evidence = evidence::gather(aws, &tokens, [broker_address, agent_address], &files.pod_token).await?;
    Ok((Serving { broker, agent }, evidence))
}

impl Serving {
    /// Returns when all that was asked before the end has been answered.
    pub(super) async fn ended(mut self) {
        while self.agent.join_next().await.is_some() {}
        let _ = self.broker.await;
    }
}

/// What broker and agent read, beside the associations.
struct Files {
    keys: PathBuf,
    pod_token: PathBuf,
    agent_token: PathBuf,
}

impl Files {
    fn write(tokens: &Tokens, directory: &Directory) -> Result<Self, Failure> {
        Ok(Self {
            keys: write_private(directory, "jwks.json", &tokens.keys.to_string())?,
            pod_token: write_private(directory, "pod-token", &tokens.of_pod)?,
            agent_token: write_private(directory, "agent-token", &tokens.of_agent)?,
        })
    }
}

/// Writes a file that is its owner's alone, and tells where it is.
fn write_private(directory: &Directory, name: &str, text: &str) -> Result<PathBuf, Failure> {
    let path = directory.file(name);
    let opened = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    match opened.and_then(|mut file| file.write_all(text.as_bytes())) {
        Ok(()) => Ok(path),
        Err(error) => Err(Failure::new(format_args!("cannot write `{}`: {error}", path.display()))),
    }
}

async fn start_broker(
    aws: &Aws<'_>,
    tokens: &Tokens,
    files: &Files,
    shutdown: &Shutdown,
) -> Result<(JoinHandle<()>, SocketAddr), Failure> {
    let metrics = Registry::new().register(broker::Metrics::register);
    let associations = AssociationsFile::read(&aws.account.associations, NAME, metrics.clone())?;
    let keys = ClusterKeys::watch(KeySource::File(files.keys.clone()));
    keys.look().await;
    let arn: ClusterArn = aws.account.cluster_arn.parse()?;
    let cluster = Cluster { arn, issuer: tokens.issuer.clone(), keys, associations: associations.feed() };
    let region = Some(aws.region.to_string());
    let sdk = Some(sdk::config(aws.endpoint, aws.region, &aws.account.broker_key));
    let desk = broker::Desk::new(broker::BrokerSettings {
        clusters: Clusters::new([cluster])?,
        agents: Agents {
            service_account: ServiceAccount { namespace: NAMESPACE.to_owned(), name: AGENT.to_owned() },
            unbound: false,
            pods: None,
        },
        node_qps: UNLIMITED,
        assumer: Arc::new(Sts::new(StsSettings { region, endpoint: Some(aws.endpoint.to_owned()), sdk })),
        now: Arc::new(Timestamp::now),
        metrics,
    });
    let listening = Listening::bind(&"127.0.0.1:0".parse()?).await?;
    let address = listening.address()?;
    Ok((listening.serve(None, Arc::new(desk), shutdown.clone()), address))
}

async fn start_agent(
    broker: SocketAddr,
    files: &Files,
    shutdown: &Shutdown,
) -> Result<(JoinSet<()>, SocketAddr), Failure> {
    let metrics = Registry::new().register(agent::Metrics::register);
    let source = agent::Broker::new(agent::BrokerSettings {
        endpoint: format!("http://{broker}"),
        ca: None,
        token: files.agent_token.clone(),
        cluster: NAME.to_owned(),
    })?;
    let host: agent::BindHost = "127.0.0.1".parse()?;
    let desk = agent::Desk {
        hosts: Hosts::new([host.to_string()]),
        pace: PodPace::per_second(UNLIMITED),
        validator: Validator::with_keys(ClusterKeys::watch(KeySource::File(files.keys.clone()))),
        cache: Cache::new(Arc::new(source), CacheSettings::default(), Arc::new(Timestamp::now), metrics.clone()),
        metrics,
    };
    let (listening, serving) = agent::Listening::start(&[host], 0, Arc::new(desk), shutdown.clone()).await?;
    let address = listening.addresses().into_iter().next();
    Ok((serving, address.ok_or_else(|| Failure::new("the agent found no free port on 127.0.0.1"))?))
}
