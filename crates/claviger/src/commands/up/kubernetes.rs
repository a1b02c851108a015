//! `up --with-kubernetes`: a real etcd and kube-apiserver whose Secrets the plugin seals.

mod tokens;

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use clap::Args;
use control_plane::{Binaries, Kubernetes, Readiness, Running, Settings, StartError};
use serde::Serialize;

use super::{pod::Tokens, told::label};
use crate::{environment, failure::Failure, printer::note};

/// Where `cargo xtask tools` puts them.
const TOOLS: &str = "target/tools";
/// The Secret that is shown.
const NAME: &str = "claviger-up";
const FIELD: &str = "password";
const VALUE: &str = "correct horse battery staple";
/// What begins a value that was sealed through the KMS v2 API.
const SEALED: &[u8] = b"k8s:enc:kms:v2:claviger:";
/// Octets of etcd's value that are shown.
const SHOWN: usize = 48;

#[derive(Args, Clone, Debug)]
pub(super) struct Flags {
    /// Also start etcd and kube-apiserver, create a Secret, and show what etcd holds
    #[arg(long)]
    with_kubernetes: bool,

    /// Directory of etcd and kube-apiserver [default: target/tools]
    #[arg(long, value_name = "DIR", env = environment::KUBERNETES_BIN, hide_env = true)]
    kubernetes_bin: Option<PathBuf>,

    /// Which `kube-apiserver-VERSION` of that directory [default: `kube-apiserver`, or else the newest]
    #[arg(long, value_name = "VERSION", requires = "with_kubernetes")]
    kubernetes_version: Option<String>,
}

impl Flags {
    /// The programs, where they are asked for.
    ///
    /// # Errors
    /// Names the one that is missing, and how to get it.
    pub(super) fn binaries(&self) -> Result<Option<Binaries>, Failure> {
        if !self.with_kubernetes {
            return Ok(None);
        }
        let folder = self.kubernetes_bin.as_deref().unwrap_or(Path::new(TOOLS));
        let version = self.kubernetes_version.clone().or_else(|| newest(folder));
        Binaries::in_folder(folder, version.as_deref()).map(Some).map_err(|error| match &error {
            StartError::NoBinary { .. } => Failure::from(error).help(
                "in a checkout, `cargo xtask tools` builds it into target/tools; or name a directory that has it with \
                 --kubernetes-bin",
            ),
            _ => Failure::from(error),
        })
    }
}

/// The version of the newest `kube-apiserver-VERSION`, where there is no plain `kube-apiserver`.
fn newest(folder: &Path) -> Option<String> {
    if folder.join("kube-apiserver").is_file() {
        return None;
    }
    let entries = folder.read_dir().ok()?.filter_map(Result::ok);
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let versions = names.filter_map(|name| name.strip_prefix("kube-apiserver-").map(str::to_owned));
    versions.max_by_key(|version| version.split('.').map(|part| part.parse().unwrap_or(0)).collect::<Vec<u32>>())
}

/// A control plane over the plugin.
pub(super) struct Cluster {
    running: Running,
    /// Where there is one beside the apiserver.
    kubectl: Option<PathBuf>,
}

/// Starts it.
///
/// # Errors
/// Names the program and why it did not come up.
pub(super) async fn start(binaries: Binaries, data_folder: PathBuf, configuration: &Path) -> Result<Cluster, Failure> {
    note(format_args!("Starting etcd and {}", binaries.kube_apiserver.display()));
    let kubectl = binaries.kube_apiserver.with_file_name("kubectl");
    let kubectl = kubectl.is_file().then_some(kubectl);
    let settings = Settings {
        binaries,
        data_folder,
        encryption_configuration: Some(configuration.to_owned()),
        apiserver_flags: Vec::new(),
    };
    Ok(Cluster { running: control_plane::start(settings, Readiness::Full).await?, kubectl })
}

impl Cluster {
    pub(super) fn kubeconfig(&self) -> PathBuf {
        self.running.kubeconfig().to_owned()
    }

    /// Creates a Secret and looks at it from both sides.
    ///
    /// # Errors
    /// When a call fails, and as a finding when etcd holds the plaintext or the apiserver reads something else.
    pub(super) async fn show(&self) -> Result<Evidence, Failure> {
        let data = BTreeMap::from([(FIELD.to_owned(), VALUE.as_bytes().to_vec())]);
        self.running.kubernetes().create_secret(NAME, &data).await?;
        let etcd_key = Kubernetes::etcd_key(NAME);
        let stored = self.running.etcd().get(&etcd_key).await?.unwrap_or_default();
        if !stored.starts_with(SEALED) || contains(&stored, VALUE.as_bytes()) {
            return Err(Failure::finding(format_args!("etcd holds `{etcd_key}` unsealed: {}", shown(&stored))));
        }
        let (reader, read) = self.read_back().await?;
        if read != VALUE {
            return Err(Failure::finding(format_args!("{reader} reads another Secret than was created")));
        }
        Ok(Evidence {
            apiserver: self.running.apiserver_url().to_owned(),
            etcd: self.running.etcd().endpoint().to_owned(),
            kubeconfig: self.kubeconfig(),
            secret: format!("default/{NAME}"),
            reader,
            reads: BTreeMap::from([(FIELD, read)]),
            etcd_value: shown(&stored),
            etcd_key,
            etcd_octets: stored.len(),
        })
    }

    /// The tokens of a pod and of its node's agent, as the apiserver issues them to kubelet.
    ///
    /// # Errors
    /// The call that fails.
    pub(super) async fn tokens(&self) -> Result<Tokens, Failure> {
        tokens::issued(self.running.kubernetes()).await
    }

    /// The Secret's value, by a client that knows nothing of etcd, and that client's name.
    async fn read_back(&self) -> Result<(&'static str, String), Failure> {
        let Some(kubectl) = &self.kubectl else {
            let value = self.running.kubernetes().secret_data(NAME).await?.remove(FIELD).unwrap_or_default();
            return Ok(("apiserver", String::from_utf8_lossy(&value).into_owned()));
        };
        let mut command = tokio::process::Command::new(kubectl);
        command.arg("--kubeconfig").arg(self.running.kubeconfig()).args(["get", "secret", NAME, "--output"]);
        command.arg(format!("go-template={{{{.data.{FIELD} | base64decode}}}}")).kill_on_drop(true);
        // Beside the kubeconfig, with which it goes; kubectl's own place for it is below the home directory, and stays.
        command.arg("--cache-dir").arg(self.running.kubeconfig().with_file_name("kubectl-cache"));
        let output = command
            .output()
            .await
            .map_err(|error| Failure::new(format_args!("cannot run `{}`: {error}", kubectl.display())))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(Failure::new(format_args!("`{}` ended with {}: {said}", kubectl.display(), output.status)));
        }
        Ok(("kubectl", String::from_utf8_lossy(&output.stdout).into_owned()))
    }

    /// Returns when a part of it has ended by itself, and says which.
    pub(super) async fn ended(&self) -> Failure {
        Failure::new(self.running.ended().await)
    }

    pub(super) async fn stop(self) {
        self.running.stop().await;
    }
}

/// A Secret as etcd holds it, beside what a client reads.
#[derive(Serialize)]
pub(super) struct Evidence {
    apiserver: String,
    etcd: String,
    kubeconfig: PathBuf,
    secret: String,
    /// `kubectl`, or, where there is none, `apiserver`.
    reader: &'static str,
    reads: BTreeMap<&'static str, String>,
    etcd_key: String,
    /// Its beginning; what is not printable is escaped.
    etcd_value: String,
    etcd_octets: usize,
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        label(f, "Kubernetes")?;
        writeln!(f, "{}, its etcd {}", self.apiserver, self.etcd)?;
        label(f, "Secret")?;
        writeln!(f, "{}, created through the apiserver", self.secret)?;
        label(f, &format!("  {}", self.reader))?;
        for (field, value) in &self.reads {
            writeln!(f, "{field}: {value}")?;
        }
        label(f, "  etcd")?;
        writeln!(f, "{} ({} octets)", self.etcd_key, self.etcd_octets)?;
        label(f, "")?;
        writeln!(f, "{}...", self.etcd_value)?;
        label(f, "kubeconfig")?;
        write!(f, "{}", self.kubeconfig.display())
    }
}

fn shown(octets: &[u8]) -> String {
    octets.iter().take(SHOWN).copied().flat_map(std::ascii::escape_default).map(char::from).collect()
}

fn contains(whole: &[u8], part: &[u8]) -> bool {
    whole.windows(part.len()).any(|window| window == part)
}
