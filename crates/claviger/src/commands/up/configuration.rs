//! The apiserver's side of it.

use std::{fs, path::PathBuf};

use daemon::unix_socket::Endpoint;

use super::directory::Directory;
use crate::failure::Failure;

/// Writes an EncryptionConfiguration: Secrets are sealed by the plugin, and what was stored before is still read.
///
/// Source: Kubernetes, "Using a KMS provider for data encryption", KMS v2. Its `apiVersion` would default to v1.
pub(super) fn write(directory: &Directory, socket: &Endpoint) -> Result<PathBuf, Failure> {
    let path = directory.file("encryption-configuration.yaml");
    let text = format!(
        "apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
  - resources: [secrets]
    providers:
      - kms:
          apiVersion: v2
          name: claviger
          endpoint: \"{socket}\"
          timeout: 3s
      - identity: {{}}
"
    );
    fs::write(&path, text).map_err(|error| Failure::new(format_args!("cannot write `{}`: {error}", path.display())))?;
    Ok(path)
}
