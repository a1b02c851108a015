//! The flags of `claviger pod-identity webhook`: the peer's, under its names, and ours.

use std::{path::PathBuf, time::Duration};

use clap::{ArgAction, Args};
use daemon::http::{InvalidListenAddress, ListenAddress};
use pod_identity::webhook::{Expiration, Settings, Token};

const SOURCES: &str = "Whose pods are injected";
const APISERVER: &str = "Apiserver";
const INJECTED: &str = "What is injected";
const WEB_IDENTITY: &str = "What is injected for a role in an annotation (IRSA)";
const SIDE_PORT: &str = "Health and metrics";
const PEER: &str = "Also taken from amazon-eks-pod-identity-webhook";

/// Every flag.
#[derive(Args, Clone, Debug)]
pub(crate) struct Flags {
    /// Associations: those of a file, as the broker takes it; `eks:NAME`, of an EKS cluster; `kubernetes`, the custom resources
    /// PodIdentityAssociation; `annotations`, what service accounts name themselves. Repeat it for more
    #[arg(long, value_name = "FILE|eks:NAME|kubernetes|annotations", value_parser = associations_from, help_heading = SOURCES)]
    pub(crate) associations: Vec<AssociationsFrom>,

    /// Where the apiserver is, for service accounts and what is kept there [default: as a pod knows it; outside a pod there is
    /// none, and so no IRSA]
    #[arg(long, value_name = "FILE", help_heading = SOURCES)]
    pub(crate) kubeconfig: Option<PathBuf>,

    /// File of the service accounts that have an association, as EKS writes it for the peer:
    /// {"identities": [{"namespace": "...", "serviceAccount": "..."}]}; read again when it changes
    #[arg(long, value_name = "FILE", help_heading = SOURCES)]
    pub(crate) watch_container_credentials_config: Option<PathBuf>,

    /// Take roles of service accounts that name none themselves from the ConfigMap `pod-identity-webhook` of --namespace, as kops
    /// writes it: under `config`, {"NAMESPACE/NAME": {"RoleARN": "..."}}
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", action = ArgAction::Set, hide_default_value = true, help_heading = SOURCES)]
    pub(crate) watch_config_map: bool,

    /// What the annotations of service accounts and pods begin with
    #[arg(long, value_name = "PREFIX", default_value = "eks.amazonaws.com", help_heading = SOURCES)]
    annotation_prefix: String,

    /// Longest wait for a service account that is not known yet; 0 does not wait
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "100ms", help_heading = SOURCES)]
    pub(crate) service_account_lookup_grace_period: Duration,

    /// Address that the apiserver calls (/mutate): HOST:PORT, or :PORT for every address
    #[arg(long, value_name = "ADDRESS", default_value = ":443", value_parser = listen, help_heading = APISERVER)]
    listen: ListenAddress,

    /// Certificate of that port (PEM, with those that lead to the caBundle), which may come later; read again when it changes
    #[arg(long, value_name = "FILE", default_value = "/etc/webhook/certs/tls.crt", help_heading = APISERVER)]
    pub(crate) tls_cert: PathBuf,

    /// Its key (PEM)
    #[arg(long, value_name = "FILE", default_value = "/etc/webhook/certs/tls.key", help_heading = APISERVER)]
    pub(crate) tls_key: PathBuf,

    /// Make certificates here, in the place of these files: kept in a Secret that all replicas share, renewed in time, and trusted
    /// by the apiserver (caBundle)
    #[arg(long, conflicts_with_all = ["tls_cert", "tls_key"], help_heading = APISERVER)]
    pub(crate) own_certificates: bool,

    /// For --own-certificates, the MutatingWebhookConfiguration
    #[arg(long, value_name = "NAME", default_value = "claviger-webhook", help_heading = APISERVER)]
    pub(crate) webhook_configuration: String,

    /// The namespace of Service and Secret, for --own-certificates, and of the ConfigMap, for --watch-config-map
    #[arg(long, value_name = "NAME", default_value = "claviger", help_heading = APISERVER)]
    pub(crate) namespace: String,

    /// For --own-certificates, the Service by which the apiserver calls
    #[arg(long, value_name = "NAME", default_value = "claviger-webhook", help_heading = APISERVER)]
    pub(crate) service_name: String,

    /// For --own-certificates, the Secret
    #[arg(long, value_name = "NAME", default_value = "claviger-webhook-certificates", help_heading = APISERVER)]
    pub(crate) tls_secret: String,

    /// For --own-certificates, another name or address by which the apiserver calls. Repeat it for more
    #[arg(long, value_name = "NAME", help_heading = APISERVER)]
    tls_name: Vec<String>,

    /// How long reviews in flight may go on after SIGTERM
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "10s", help_heading = APISERVER)]
    pub(crate) drain_timeout: Duration,

    /// AWS_REGION and AWS_DEFAULT_REGION, where a container has neither
    #[arg(long, value_name = "REGION", help_heading = INJECTED)]
    aws_default_region: Option<String>,

    /// Whether to add AWS_STS_REGIONAL_ENDPOINTS=regional; an annotation of the service account counts before
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = true, default_missing_value = "true", action = ArgAction::Set, help_heading = INJECTED)]
    sts_regional_endpoint: bool,

    /// Seconds that a token is good for, from 600 on; annotations count before. 86400 is shortened by up to two hours
    #[arg(long, value_name = "SECONDS", default_value_t = 86_400, help_heading = INJECTED)]
    token_expiration: i64,

    /// Where the node's agent is
    #[arg(long, value_name = "URL", default_value = "http://169.254.170.23/v1/credentials", value_parser = super::super::url, help_heading = INJECTED)]
    container_credentials_full_uri: String,

    /// Audience of the token for the agent
    #[arg(long, value_name = "AUDIENCE", default_value = "pods.eks.amazonaws.com", help_heading = INJECTED)]
    container_credentials_audience: String,

    /// Where containers have it
    #[arg(long, value_name = "PATH", default_value = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount", value_parser = path, help_heading = INJECTED)]
    container_credentials_token_mount_path: String,

    /// Its volume
    #[arg(long, value_name = "NAME", default_value = "eks-pod-identity-token", help_heading = INJECTED)]
    container_credentials_token_volume_name: String,

    /// Its file
    #[arg(long, value_name = "NAME", default_value = "eks-pod-identity-token", help_heading = INJECTED)]
    container_credentials_token_path: String,

    /// Audience of the token for STS; an annotation of the service account counts before
    #[arg(long, value_name = "AUDIENCE", default_value = "sts.amazonaws.com", help_heading = WEB_IDENTITY)]
    token_audience: String,

    /// Where containers have it
    #[arg(long, value_name = "PATH", default_value = "/var/run/secrets/eks.amazonaws.com/serviceaccount", value_parser = path, help_heading = WEB_IDENTITY)]
    token_mount_path: String,

    /// Address of /livez, /readyz, /healthz and /metrics; `none` for no port
    #[arg(long, value_name = "ADDRESS", default_value = ":9999", value_parser = side_port, help_heading = SIDE_PORT)]
    health_listen: SidePort,

    /// As --listen :PORT
    #[arg(long, value_name = "PORT", conflicts_with = "listen", help_heading = PEER)]
    port: Option<u16>,

    /// As --health-listen :PORT
    #[arg(long, value_name = "PORT", conflicts_with = "health_listen", help_heading = PEER)]
    metrics_port: Option<u16>,

    /// As --log: from 4 on, debug
    #[arg(short = 'v', long = "v", value_name = "N", default_value_t = 0, hide_default_value = true, help_heading = PEER)]
    verbosity: u8,

    /// Taken where it is false: certificates come from files
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", action = ArgAction::Set, hide_default_value = true, value_parser = not_in_cluster, help_heading = PEER)]
    in_cluster: bool,

    /// Taken and without effect: the log goes to stderr
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = true, default_missing_value = "true", action = ArgAction::Set, hide_default_value = true, hide_possible_values = true, help_heading = PEER)]
    logtostderr: bool,
}

/// Where associations come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AssociationsFrom {
    /// A file.
    File(PathBuf),
    /// The EKS cluster of this name.
    Eks(String),
    /// Custom resources.
    Kubernetes,
    /// Annotations of service accounts.
    Annotations,
}

/// An address, or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SidePort(Option<ListenAddress>);

impl Flags {
    /// What is logged unless `--log` says otherwise.
    pub(crate) fn log_level(&self) -> &'static str {
        if self.verbosity >= 4 { "debug" } else { "info" }
    }

    /// Where reviews come in.
    pub(crate) fn listen(&self) -> ListenAddress {
        self.port.map_or_else(|| self.listen.clone(), ListenAddress::every)
    }

    /// Where probes and metrics are asked for.
    pub(crate) fn side_port(&self) -> Option<ListenAddress> {
        self.metrics_port.map(ListenAddress::every).or_else(|| self.health_listen.0.clone())
    }

    /// The region that pods are given, where there is one.
    pub(crate) fn region(&self) -> Option<&str> {
        self.aws_default_region.as_deref().filter(|region| !region.is_empty())
    }

    /// Under which names the apiserver calls.
    pub(crate) fn names(&self) -> Vec<String> {
        let Self { service_name, namespace, .. } = self;
        let of_service = ["", ".svc", ".svc.cluster.local"].map(|end| format!("{service_name}.{namespace}{end}"));
        of_service.into_iter().chain(self.tls_name.iter().cloned()).collect()
    }

    /// What is injected.
    pub(crate) fn settings(&self) -> Settings {
        let web_identity = Settings::default().web_identity;
        Settings {
            annotation_prefix: self.annotation_prefix.trim_end_matches('/').to_owned(),
            region: self.region().map(str::to_owned),
            regional_sts: self.sts_regional_endpoint,
            token_expiration: Expiration::of(self.token_expiration),
            credentials_uri: self.container_credentials_full_uri.clone(),
            pod_identity: Token {
                audience: self.container_credentials_audience.clone(),
                volume: self.container_credentials_token_volume_name.clone(),
                mount_path: self.container_credentials_token_mount_path.clone(),
                file: self.container_credentials_token_path.clone(),
            },
            web_identity: Token {
                audience: self.token_audience.clone(),
                mount_path: self.token_mount_path.clone(),
                ..web_identity
            },
        }
    }
}

fn listen(text: &str) -> Result<ListenAddress, InvalidListenAddress> {
    text.parse()
}

fn side_port(text: &str) -> Result<SidePort, InvalidListenAddress> {
    if text == "none" { Ok(SidePort(None)) } else { text.parse().map(|address| SidePort(Some(address))) }
}

fn associations_from(text: &str) -> Result<AssociationsFrom, String> {
    match text.split_once(':') {
        Some(("eks", "")) => Err("`eks:` takes the name of a cluster: eks:NAME".to_owned()),
        Some(("eks", name)) => Ok(AssociationsFrom::Eks(name.to_owned())),
        _ if text == "kubernetes" => Ok(AssociationsFrom::Kubernetes),
        _ if text == "annotations" => Ok(AssociationsFrom::Annotations),
        _ => Ok(AssociationsFrom::File(text.into())),
    }
}

/// As Go writes durations, where 0 needs no unit.
fn time(text: &str) -> Result<Duration, humantime::DurationError> {
    if text == "0" { Ok(Duration::ZERO) } else { humantime::parse_duration(text) }
}

fn path(text: &str) -> Result<String, String> {
    if text.starts_with('/') { Ok(text.to_owned()) } else { Err(format!("`{text}` is no path from `/` on")) }
}

fn not_in_cluster(text: &str) -> Result<bool, String> {
    match text {
        "false" => Ok(false),
        "true" => Err("certificates come from files (--tls-cert, --tls-key), as the peer's do since v0.3.0".to_owned()),
        _ => Err(format!("`{text}` is neither `true` nor `false`")),
    }
}
