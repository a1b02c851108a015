//! etcd and a kube-apiserver that seals nothing.

use std::path::Path;

use control_plane::{Binaries, Readiness, Running, Settings};

use crate::tools;

/// A control plane of Kubernetes `version` in `folder`, with these flags of the apiserver beside its own.
///
/// # Panics
/// When it does not come up.
pub async fn control_plane(version: &str, folder: &Path, apiserver_flags: Vec<String>) -> Running {
    let settings = Settings {
        binaries: Binaries::in_folder(&tools(), Some(version)).unwrap_or_else(|error| panic!("{error}")),
        data_folder: folder.join("plane"),
        encryption_configuration: None,
        apiserver_flags,
    };
    control_plane::start(settings, Readiness::Full).await.unwrap_or_else(|error| panic!("{error}"))
}
