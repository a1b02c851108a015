//! What to start, and where.

use std::path::{Path, PathBuf};

use crate::error::StartError;

/// The programs of a control plane.
#[derive(Clone, Debug)]
pub struct Binaries {
    /// `etcd`, 3.4 or newer.
    pub etcd: PathBuf,
    /// `kube-apiserver`.
    pub kube_apiserver: PathBuf,
}

impl Binaries {
    /// Finds them in `folder`: `etcd`, and `kube-apiserver-VERSION` or, when no version is asked for,
    /// `kube-apiserver`.
    ///
    /// # Errors
    /// Names the one that is missing.
    pub fn in_folder(folder: &Path, version: Option<&str>) -> Result<Self, StartError> {
        let find = |name: String| {
            let path = folder.join(&name);
            if path.is_file() { Ok(path) } else { Err(StartError::NoBinary { name, folder: folder.to_owned() }) }
        };
        let kube_apiserver = version.map_or_else(|| "kube-apiserver".to_owned(), |v| format!("kube-apiserver-{v}"));
        Ok(Self { etcd: find("etcd".to_owned())?, kube_apiserver: find(kube_apiserver)? })
    }
}

/// What to start, and where.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The programs.
    pub binaries: Binaries,
    /// Everything is kept here: etcd's data, certificates, keys, logs, the kubeconfig. Made (0700) when absent. When
    /// an earlier run left its etcd data here, they are taken up again.
    pub data_folder: PathBuf,
    /// The EncryptionConfiguration; none, and Secrets are stored as they come.
    pub encryption_configuration: Option<PathBuf>,
    /// Further flags of kube-apiserver, such as `--feature-gates=KMSv1=true`.
    pub apiserver_flags: Vec<String>,
}
