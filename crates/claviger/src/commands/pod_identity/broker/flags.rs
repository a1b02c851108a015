//! The flags of `claviger pod-identity broker`, and what they come to.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use daemon::http::{InvalidListenAddress, ListenAddress};
use pod_identity::broker::{InvalidServiceAccount, ServiceAccount};

use super::cluster_flag::ClusterFlag;
use crate::failure::Problem;

const CLUSTERS: &str = "Clusters";
const AGENTS: &str = "Agents";
const AWS: &str = "AWS";
const SIDE_PORT: &str = "Health and metrics";

/// Every flag.
#[derive(Args, Clone, Debug)]
pub(crate) struct Flags {
    /// A cluster: its ARN (one of your own making outside EKS: session tags tell it), its issuer as tokens name it, where its
    /// keys are (found by the issuer's discovery otherwise), and its associations (repeated: what the first names
    /// counts first). Repeat it for more
    #[arg(long, required = true, value_name = "ARN,issuer=URL[,keys=FILE|URL|apiserver],associations=FILE|eks[:NAME]|kubernetes[:KUBECONFIG]|annotations[:KUBECONFIG]", value_parser = cluster, help_heading = CLUSTERS)]
    pub(crate) cluster: Vec<ClusterFlag>,

    /// Address that agents call: HOST:PORT, or :PORT for every address
    #[arg(long, value_name = "ADDRESS", default_value = ":8443", value_parser = listen, help_heading = AGENTS)]
    pub(crate) listen: ListenAddress,

    /// Certificate of that port (PEM, with those that lead to whom agents trust); read again when it changes
    #[arg(long, value_name = "FILE", help_heading = AGENTS)]
    pub(crate) tls_cert: Option<PathBuf>,

    /// Its key (PEM)
    #[arg(long, value_name = "FILE", help_heading = AGENTS)]
    pub(crate) tls_key: Option<PathBuf>,

    /// Speak HTTP without TLS on another address than this machine's: tokens and credentials are there for who listens
    #[arg(long, help_heading = AGENTS)]
    pub(crate) allow_plain_http: bool,

    /// Service account of the agents. Their tokens have the audience pod-identity.claviger.dev and say on which node they are
    #[arg(long, value_name = "NAMESPACE/NAME", value_parser = service_account, help_heading = AGENTS)]
    pub(crate) agent_service_account: Option<ServiceAccount>,

    /// Serve also who sends no agent's token, such as AWS's own agent: any node gets credentials for any pod whose token it has
    #[arg(long, help_heading = AGENTS)]
    pub(crate) allow_unbound_agents: bool,

    /// Requests a second of one node, four times as many at once; 0 for no limit
    #[arg(long, value_name = "N", default_value_t = 50, help_heading = AGENTS)]
    pub(crate) max_node_qps: u32,

    /// How long requests in flight may go on after SIGTERM
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, default_value = "10s", help_heading = AGENTS)]
    pub(crate) drain_timeout: Duration,

    /// URL in place of STS's own endpoint
    #[arg(long, value_name = "URL", value_parser = super::super::url, help_heading = AWS)]
    pub(crate) sts_endpoint: Option<String>,

    /// Region of the STS that is asked [default: the environment's, the profile's, the instance's]
    #[arg(long, value_name = "REGION", help_heading = AWS)]
    pub(crate) region: Option<String>,

    /// Address of /livez, /readyz, /healthz and /metrics; `none` for no port
    #[arg(long, value_name = "ADDRESS", default_value = ":2706", value_parser = side_port, help_heading = SIDE_PORT)]
    pub(crate) health_listen: SidePort,
}

/// An address, or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SidePort(pub(crate) Option<ListenAddress>);

/// Flags that fit together.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) flags: Flags,
    /// Certificate and key.
    pub(crate) tls: Option<(PathBuf, PathBuf)>,
    pub(crate) agents: ServiceAccount,
}

impl Flags {
    /// What they come to.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub(crate) fn checked(self) -> Result<Settings, Vec<Problem>> {
        let mut problems = Vec::new();
        let tls = match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => Some((certificate.clone(), key.clone())),
            (None, None) => None,
            (Some(_), None) => {
                problems.push(Problem::new("`--tls-cert` is there without its key").help("add --tls-key FILE"));
                None
            }
            (None, Some(_)) => {
                problems.push(Problem::new("`--tls-key` is there without its certificate").help("add --tls-cert FILE"));
                None
            }
        };
        let has_tls = self.tls_cert.is_some() || self.tls_key.is_some();
        if !has_tls && !self.allow_plain_http && !self.listen.is_loopback() {
            let message =
                format!("without TLS, tokens and credentials would be there for who listens on `{}`", self.listen);
            let help =
                "add --tls-cert FILE and --tls-key FILE; where something else speaks TLS before it, --allow-plain-http";
            problems.push(Problem::new(message).help(help));
        }
        if self.agent_service_account.is_none() && !self.allow_unbound_agents {
            let help = "name that of the agents: --agent-service-account NAMESPACE/NAME";
            problems.push(
                Problem::new("no agent would be served: it is not known which service account is theirs").help(help),
            );
        }
        let mut names: Vec<_> = self.cluster.iter().map(|cluster| cluster.arn.name()).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find_map(|pair| pair.first().filter(|first| pair.last() == Some(first))) {
            let message = format!("there are two clusters `{twice}`, which agents could not tell apart");
            problems.push(Problem::new(message).help("agents name a cluster by its name alone: give each its own"));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        // Where only unbound agents are served, no token is of an agent.
        let nobody = ServiceAccount { namespace: String::new(), name: String::new() };
        let agents = self.agent_service_account.clone().unwrap_or(nobody);
        Ok(Settings { flags: self, tls, agents })
    }
}

fn cluster(text: &str) -> Result<ClusterFlag, String> {
    text.parse()
}

fn listen(text: &str) -> Result<ListenAddress, InvalidListenAddress> {
    text.parse()
}

fn service_account(text: &str) -> Result<ServiceAccount, InvalidServiceAccount> {
    text.parse()
}

fn side_port(text: &str) -> Result<SidePort, InvalidListenAddress> {
    if text == "none" { Ok(SidePort(None)) } else { text.parse().map(|address| SidePort(Some(address))) }
}
