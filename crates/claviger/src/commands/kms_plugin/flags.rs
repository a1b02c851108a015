//! The flags of `claviger kms-plugin`. Texts are parsed in `settings`, which reports all that is wrong together.

use std::{path::PathBuf, time::Duration};

use clap::{ArgAction, Args, ValueEnum};

const SOCKETS: &str = "Keys and sockets";
const AWS: &str = "AWS KMS";
const BEHAVIOUR: &str = "Behaviour";
const SIDE_PORT: &str = "Health and metrics";
const LIMITS: &str = "Limits";
const PEER: &str = "Also taken from aws-encryption-provider";

/// Every flag, as written.
#[derive(Args, Clone, Debug)]
pub(crate) struct Flags {
    /// Socket to serve: a path, `unix:///path` or `@name` (abstract). Repeat it, or divide by commas: the first
    /// serves the first key, and so on; keyrings come after the keys
    #[arg(long, value_name = "SOCKET", value_delimiter = ',', default_value = "/var/run/kmsplugin/socket.sock", help_heading = SOCKETS)]
    pub(crate) listen: Vec<String>,

    /// AWS KMS key: a key ARN, a key id, `alias/NAME` or an alias ARN. Repeat it, or divide by commas
    #[arg(long, value_name = "KEY", value_delimiter = ',', help_heading = SOCKETS)]
    pub(crate) key: Vec<String>,

    /// Keyring file in place of a KMS key. Repeat it for more
    #[arg(long, value_name = "FILE", help_heading = SOCKETS)]
    pub(crate) keyring: Vec<PathBuf>,

    /// Users that may connect, beside root and the plugin's own. Repeat it, or divide by commas
    #[arg(long, value_name = "UID", value_delimiter = ',', help_heading = SOCKETS)]
    pub(crate) allow_uid: Vec<u32>,

    /// Take each socket over from the process that serves it now, without a failed call, and stop that one
    #[arg(long, help_heading = SOCKETS)]
    pub(crate) take_over: bool,

    /// Make the sockets' directories, give them to this user and exit: a step for root before a plugin that is not
    #[arg(long, value_name = "UID:GID", help_heading = SOCKETS)]
    pub(crate) prepare_directories: Option<String>,

    /// Region of the keys [default: the key ARN's, then the environment's, the profile's, the instance's]
    #[arg(long, value_name = "REGION", help_heading = AWS)]
    pub(crate) region: Option<String>,

    /// URL in place of AWS's own endpoint
    #[arg(long, alias = "kms-endpoint", value_name = "URL", help_heading = AWS)]
    pub(crate) endpoint_url: Option<String>,

    /// Profile of the AWS configuration that gives region and credentials
    #[arg(long, value_name = "NAME", help_heading = AWS)]
    pub(crate) profile: Option<String>,

    /// Encryption context, `a=b,c=d`. Repeat it: the first belongs to the first key, and so on
    #[arg(long, value_name = "PAIRS", help_heading = AWS)]
    pub(crate) encryption_context: Vec<String>,

    /// Sent as `x-amz-source-arn`, and its account as `x-amz-source-account`, against the confused deputy
    #[arg(long, value_name = "ARN", help_heading = AWS)]
    pub(crate) source_arn: Option<String>,

    /// Tokens of the SDK's retry bucket, which keep retries from piling up [default: the SDK's, 500]
    #[arg(long, value_name = "N", help_heading = AWS)]
    pub(crate) retry_token_capacity: Option<usize>,

    /// JSON file of settings that may change while the plugin runs, read again on SIGHUP and when it changes. What it
    /// names, it decides, whatever the flag of that name says
    #[arg(long, value_name = "FILE", help_heading = BEHAVIOUR)]
    pub(crate) settings: Option<PathBuf>,

    /// How often each key is tried in the background; while it fails or changes, more often
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, default_value = "30s", help_heading = BEHAVIOUR)]
    pub(crate) probe_interval: Duration,

    /// Publish a new `key_id` once this many probes in a row have seen it
    #[arg(long, value_name = "N", default_value = "3", value_parser = clap::value_parser!(u32).range(1..), help_heading = BEHAVIOUR)]
    pub(crate) agreeing_probes: u32,

    /// How long Status stays good through failures that say nothing about the key, such as a lost network
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, default_value = "10m", help_heading = BEHAVIOUR)]
    pub(crate) coast: Duration,

    /// Deadline of a call of the apiserver, with all calls to the key service in it: below the apiserver's own 3 s
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, default_value = "2700ms", help_heading = BEHAVIOUR)]
    pub(crate) call_timeout: Duration,

    /// How long calls in flight may go on after SIGTERM
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, default_value = "10s", help_heading = BEHAVIOUR)]
    pub(crate) drain_timeout: Duration,

    /// In whose format to seal. Both are always read
    #[arg(long, value_name = "FORMAT", default_value = "claviger", help_heading = BEHAVIOUR)]
    pub(crate) seal_format: SealFormat,

    /// Write a JSON line for each seal, open and refusal to this file, `-` for stdout
    #[arg(long, value_name = "FILE", help_heading = BEHAVIOUR)]
    pub(crate) audit_log: Option<PathBuf>,

    /// Address of the health and metrics port: `HOST:PORT`, `:PORT` for every address, `none` for no port
    #[arg(long, alias = "health-port", value_name = "ADDRESS", default_value = ":8080", help_heading = SIDE_PORT)]
    pub(crate) health_listen: String,

    /// Path that answers 200 unless only a restart would help
    #[arg(long, value_name = "PATH", default_value = "/livez", help_heading = SIDE_PORT)]
    pub(crate) livez_path: String,

    /// Path that answers 200 while every key can be used; `?verbose` lists them
    #[arg(long, value_name = "PATH", default_value = "/readyz", help_heading = SIDE_PORT)]
    pub(crate) readyz_path: String,

    /// As --readyz-path, but 200 also while the plugin drains
    #[arg(long, value_name = "PATH", default_value = "/healthz", help_heading = SIDE_PORT)]
    pub(crate) healthz_path: String,

    /// Path of the Prometheus metrics
    #[arg(long, value_name = "PATH", default_value = "/metrics", help_heading = SIDE_PORT)]
    pub(crate) metrics_path: String,

    /// Connections at once, on each socket
    #[arg(long, value_name = "N", default_value_t = 64, help_heading = LIMITS)]
    pub(crate) max_connections: usize,

    /// Calls at once on each connection
    #[arg(long, value_name = "N", default_value_t = 128, help_heading = LIMITS)]
    pub(crate) max_streams: u32,

    /// Calls to AWS KMS at once, for all keys together; the same for each keyring
    #[arg(long, value_name = "N", default_value_t = 64, help_heading = LIMITS)]
    pub(crate) max_calls: usize,

    /// Calls to AWS KMS a second, for all keys together; 0 for no limit. Needs --burst-limit
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = LIMITS)]
    pub(crate) qps_limit: u32,

    /// Calls to AWS KMS at once after a quiet time, where --qps-limit is set
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = LIMITS)]
    pub(crate) burst_limit: u32,

    /// `v1` or `v2`. Taken and without effect: one probe of the key serves every API
    #[arg(long, value_name = "VERSION", default_value = "v1", hide_default_value = true, hide_possible_values = true, value_parser = ["v1", "v2"], help_heading = PEER)]
    pub(crate) health_kms_version: String,

    /// As `--log debug`
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", action = ArgAction::Set, hide_default_value = true, hide_possible_values = true, help_heading = PEER)]
    pub(crate) debug: bool,
}

/// The formats that can be sealed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SealFormat {
    /// Our own: two octets that name the format, then what the key service gave
    Claviger,
    /// Such as aws-encryption-provider reads, for a way back to it
    AwsEncryptionProvider,
}

impl From<SealFormat> for kms_plugin::peer_format::SealFormat {
    fn from(format: SealFormat) -> Self {
        match format {
            SealFormat::Claviger => Self::Claviger,
            SealFormat::AwsEncryptionProvider => Self::AwsEncryptionProvider,
        }
    }
}
