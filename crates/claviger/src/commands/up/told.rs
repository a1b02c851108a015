//! What `up` prints: each event as text for people, and as one JSON object for programs.

use std::{fmt, path::PathBuf};

use anstyle::Style;
use aws_model::Region;
use serde::Serialize;

use super::sample::Proof;
use crate::embedded_aws::Shown;

/// One thing that happened, in the order of the variants.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Event {
    /// The embedded AWS listens.
    Aws {
        endpoint: String,
        region: Region,
        #[serde(skip_serializing_if = "Option::is_none")]
        state: Option<PathBuf>,
        #[serde(flatten)]
        credential: Shown,
    },
    /// The key is there.
    Key { alias: &'static str, arn: String, made: bool },
    /// The plugin serves.
    Plugin { socket: String },
    /// It seals.
    Sample(Proof),
    /// A real apiserver uses it.
    #[cfg(feature = "control-plane")]
    Kubernetes(super::kubernetes::Evidence),
    /// A pod has its credentials.
    Pod(super::pod::Evidence),
    /// All of it is up, and stays until it is told to stop.
    Ready {
        endpoint: String,
        key_arn: String,
        key_id: String,
        socket: String,
        encryption_configuration: PathBuf,
        /// Told to programs by `Aws`.
        #[serde(skip)]
        credential: Shown,
        #[serde(skip)]
        region: Region,
        #[serde(skip)]
        state: Option<PathBuf>,
        /// Told to programs by `Pod`.
        #[serde(skip)]
        pod_environment: Option<[(&'static str, String); 2]>,
        #[cfg(feature = "control-plane")]
        #[serde(skip_serializing_if = "Option::is_none")]
        kubeconfig: Option<PathBuf>,
    },
    /// All of it is gone.
    Stopped,
}

const LABEL: Style = Style::new().bold();

/// Octets of a ciphertext on one line.
const A_LINE: usize = 64;

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aws { endpoint, region, state, credential } => {
                label(f, "Embedded AWS")?;
                match state {
                    None => writeln!(f, "{endpoint}, region {region}, state in memory")?,
                    Some(state) => writeln!(f, "{endpoint}, region {region}, state in {}", state.display())?,
                }
                label(f, "Account")?;
                write!(f, "{}, root's access key {}", credential.account, credential.access_key_id)
            }
            Self::Key { alias, arn, made } => {
                label(f, "Key")?;
                let how = if *made { "made just now" } else { "from the state file" };
                writeln!(f, "{alias}, {how}")?;
                label(f, "")?;
                f.write_str(arn)
            }
            Self::Plugin { socket } => {
                label(f, "KMS plugin")?;
                write!(f, "{socket} (v2, v2alpha1, v1beta1)")
            }
            Self::Sample(proof) => {
                label(f, "Sample")?;
                writeln!(f, "sealed and opened through the socket")?;
                label(f, "  plaintext")?;
                writeln!(f, "{}", proof.plaintext)?;
                label(f, "  ciphertext")?;
                let shown: String = proof.ciphertext.chars().take(A_LINE).collect();
                writeln!(f, "{shown}... ({} octets)", proof.ciphertext_octets)?;
                label(f, "  key_id")?;
                f.write_str(&proof.key_id)
            }
            #[cfg(feature = "control-plane")]
            Self::Kubernetes(evidence) => evidence.fmt(f),
            Self::Pod(evidence) => evidence.fmt(f),
            Self::Ready { encryption_configuration, endpoint, credential, region, state, pod_environment, .. } => {
                writeln!(f)?;
                writeln!(f, "Attach an apiserver of this machine:")?;
                writeln!(
                    f,
                    "  kube-apiserver --encryption-provider-config={} ...",
                    encryption_configuration.display()
                )?;
                writeln!(f, "Use its AWS from another terminal:")?;
                writeln!(f, "  export AWS_ENDPOINT_URL={endpoint} AWS_REGION={region} AWS_DEFAULT_REGION={region}")?;
                writeln!(f, "  export AWS_ACCESS_KEY_ID={}", credential.access_key_id)?;
                writeln!(f, "  export AWS_SECRET_ACCESS_KEY={}", credential.secret_access_key)?;
                writeln!(f, "  aws kms describe-key --key-id {}", super::ALIAS)?;
                if let Some(pod_environment) = pod_environment {
                    writeln!(f, "Be the pod: that endpoint and region, and in place of the keys")?;
                    for (name, value) in pod_environment {
                        writeln!(f, "  export {name}={value}")?;
                    }
                    writeln!(f, "  aws sts get-caller-identity")?;
                }
                #[cfg(feature = "control-plane")]
                if let Self::Ready { kubeconfig: Some(kubeconfig), .. } = self {
                    writeln!(f, "Use the cluster:")?;
                    writeln!(f, "  kubectl --kubeconfig {} get secrets", kubeconfig.display())?;
                }
                writeln!(f)?;
                match state {
                    None => f.write_str("Ready. Ctrl-C stops and removes everything."),
                    Some(state) => write!(f, "Ready. Ctrl-C stops and removes everything but {}.", state.display()),
                }
            }
            Self::Stopped => f.write_str("Stopped."),
        }
    }
}

/// The first column.
pub(super) fn label(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    write!(f, "{LABEL}{name:<14}{LABEL:#}")
}
