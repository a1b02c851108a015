//! The flags of `claviger pod-identity agent`: the peer's, under its names and with its defaults, and ours.

use std::{path::PathBuf, time::Duration};

use clap::{ArgAction, Args, ValueEnum};
use pod_identity::{
    InvalidKeySource, KeySource,
    agent::{BindHost, InvalidBindHost},
};

const PODS: &str = "Pods";
const AWS: &str = "AWS";
const BROKER: &str = "Outside EKS";
const CACHE: &str = "Cache";
const SIDE_PORTS: &str = "Health and metrics";
const PEER: &str = "Also taken from eks-pod-identity-agent";

/// Every flag.
#[derive(Args, Clone, Debug)]
pub(crate) struct Flags {
    /// Name of the cluster whose pods ask
    #[arg(short, long, value_name = "NAME", help_heading = AWS)]
    pub(crate) cluster_name: String,

    /// URL in place of EKS Auth's own endpoint
    #[arg(long, value_name = "URL", value_parser = super::super::url, help_heading = AWS)]
    pub(crate) endpoint: Option<String>,

    /// URL of the broker of a cluster outside EKS, in place of EKS Auth
    #[arg(long, value_name = "URL", value_parser = super::super::broker_url, conflicts_with_all = ["endpoint", "region"], help_heading = BROKER)]
    pub(crate) broker: Option<String>,

    /// Who vouches for it (PEM) [default: whom the system trusts]
    #[arg(long, value_name = "FILE", requires = "broker", help_heading = BROKER)]
    pub(crate) broker_ca: Option<PathBuf>,

    /// The agent's own service account token, for the audience pod-identity.claviger.dev; read for each call
    #[arg(long, value_name = "FILE", default_value = "/var/run/secrets/pod-identity.claviger.dev/token", help_heading = BROKER)]
    pub(crate) broker_token: PathBuf,

    /// Region of the cluster [default: the environment's, the profile's, the instance's]
    #[arg(long, value_name = "REGION", help_heading = AWS)]
    pub(crate) region: Option<String>,

    /// Addresses that pods call. One that is missing is told once and done without. Repeat it, or divide by commas
    #[arg(short, long, value_name = "ADDRESS", value_delimiter = ',', default_values = ["169.254.170.23", "[fd00:ec2::23]"], value_parser = host, help_heading = PODS)]
    pub(crate) bind_hosts: Vec<BindHost>,

    /// Port that pods call
    #[arg(short, long, value_name = "PORT", default_value_t = 80, help_heading = PODS)]
    pub(crate) port: u16,

    /// Set up the two link-local addresses first, as `claviger pod-identity initialize` does: takes CAP_NET_ADMIN
    #[arg(long, help_heading = PODS)]
    pub(crate) initialize: bool,

    /// Requests a second of one pod, half as many at once; 0 for no limit. A pod is an address; on the node's network, a
    /// token. Tokens that were not asked about before are 5 a second of one pod, and 20 of all on the node's network
    #[arg(long, value_name = "N", default_value_t = 200, help_heading = PODS)]
    pub(crate) max_pod_qps: u32,

    /// Where the cluster's keys (a JWK Set) are, so that tokens are verified here: a file, an https:// URL, or `apiserver`
    /// [default: form and time of a token are looked at, and the rest is left to EKS Auth]
    #[arg(long, value_name = "FILE|URL|apiserver", value_parser = key_source, help_heading = PODS)]
    pub(crate) jwks: Option<KeySource>,

    #[cfg(feature = "kubernetes")]
    #[command(flatten)]
    pub(crate) pods: WatchPods,

    /// How long requests in flight may go on after SIGTERM
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "10s", help_heading = PODS)]
    pub(crate) drain_timeout: Duration,

    /// Longest time before credentials are renewed, however long they last; 0 keeps none
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "3h", help_heading = CACHE)]
    pub(crate) max_credential_retention_before_renewal: Duration,

    /// Credentials that are kept; beyond that, those go that were not asked for the longest. 0 keeps none
    #[arg(long, value_name = "N", default_value_t = 2000, help_heading = CACHE)]
    pub(crate) max_cache_size: usize,

    /// Renewals that are begun in a second
    #[arg(long, value_name = "N", default_value_t = 3, help_heading = CACHE)]
    pub(crate) max_service_qps: usize,

    /// Port of the probes /healthz and /readyz, on localhost; `none` for no port
    #[arg(long, value_name = "PORT", default_value = "2703", value_parser = side_port, help_heading = SIDE_PORTS)]
    pub(crate) probe_port: SidePort,

    /// Address of the metrics port
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0", help_heading = SIDE_PORTS)]
    pub(crate) metrics_address: String,

    /// Port of the metrics, /metrics, and of the probes once more; `none` for no port
    #[arg(long, value_name = "PORT", default_value = "2705", value_parser = side_port, help_heading = SIDE_PORTS)]
    pub(crate) metrics_port: SidePort,

    /// As --log
    #[arg(short, long, value_name = "LEVEL", default_value = "info", hide_default_value = true, hide_possible_values = true, help_heading = PEER)]
    pub(crate) verbosity: Verbosity,

    // Its chart gives each flag a value in an argument of its own.
    /// Taken and without effect: changed credentials are always taken up
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_value_t = false, default_missing_value = "true", action = ArgAction::Set, hide_default_value = true, hide_possible_values = true, help_heading = PEER)]
    pub(crate) rotate_credentials: bool,
}

/// Which pods are watched.
#[cfg(feature = "kubernetes")]
#[derive(Args, Clone, Debug)]
pub(crate) struct WatchPods {
    /// Watch the pods of this node at the apiserver, and forget the credentials of those that go
    /// [default: they are forgotten when their token expires]
    #[arg(long, value_name = "NODE", help_heading = PODS)]
    pub(crate) watch_pods: Option<String>,

    /// Where the apiserver is [default: that of the cluster which this runs in, by the pod's own service account]
    #[arg(long, value_name = "FILE", requires = "watch_pods", help_heading = PODS)]
    pub(crate) kubeconfig: Option<std::path::PathBuf>,
}

/// A port, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SidePort(pub(crate) Option<u16>);

/// The levels of the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Verbosity {
    Panic,
    Fatal,
    Error,
    Warn,
    Warning,
    Info,
    Debug,
    Trace,
}

impl Flags {
    /// What is logged unless `--log` says otherwise.
    pub(crate) fn log_level(&self) -> &'static str {
        match self.verbosity {
            Verbosity::Panic | Verbosity::Fatal | Verbosity::Error => "error",
            Verbosity::Warn | Verbosity::Warning => "warn",
            Verbosity::Info => "info",
            Verbosity::Debug => "debug",
            // Of the libraries too, the log of a trace may hold what they send.
            Verbosity::Trace => "info,claviger=trace,pod_identity=trace,daemon=trace",
        }
    }
}

fn host(text: &str) -> Result<BindHost, InvalidBindHost> {
    text.parse()
}

fn key_source(text: &str) -> Result<KeySource, InvalidKeySource> {
    text.parse()
}

/// As Go writes durations, where 0 needs no unit.
fn time(text: &str) -> Result<Duration, humantime::DurationError> {
    if text == "0" { Ok(Duration::ZERO) } else { humantime::parse_duration(text) }
}

fn side_port(text: &str) -> Result<SidePort, String> {
    if text == "none" {
        return Ok(SidePort(None));
    }
    text.parse().map(|port| SidePort(Some(port))).map_err(|_| format!("`{text}` is no port: write a number or `none`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_as_go_writes_them() {
        assert_eq!(time("0").unwrap(), Duration::ZERO);
        assert_eq!(time("3h0m0s").unwrap(), Duration::from_secs(3 * 3600));
        assert_eq!(time("1500ms").unwrap(), Duration::from_millis(1500));
        assert!(time("3").is_err());
    }
}
