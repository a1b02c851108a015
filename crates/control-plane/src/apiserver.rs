//! kube-apiserver: the process.

use std::{path::Path, process::Command};

use crate::{
    error::StartError,
    etcd::{Etcd, flag},
    http::Https,
    pki::Pki,
    process::Process,
    readiness,
    settings::Settings,
};

/// When a started apiserver counts as up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// All that `/readyz` asks, the KMS providers among it.
    Full,
    /// All but the KMS providers and what waits until every Secret has been listed: the apiserver serves, and Secrets
    /// may be out of reach.
    ExceptKeyService,
}

impl Readiness {
    fn path(self) -> &'static str {
        match self {
            Self::Full => "/readyz",
            Self::ExceptKeyService => {
                "/readyz?exclude=kms-providers&exclude=informer-sync&exclude=poststarthook/storage-readiness"
            }
        }
    }
}

/// Starts the apiserver on `port` and waits until it is as ready as asked for.
pub(crate) async fn start(
    settings: &Settings,
    pki: &Pki,
    etcd: &Etcd,
    port: u16,
    client: &Https,
    readiness: Readiness,
) -> Result<Process, StartError> {
    let mut command = Command::new(&settings.binaries.kube_apiserver);
    command.args([format!("--etcd-servers={}", etcd.endpoint()), format!("--secure-port={port}")]);
    command.args([
        "--bind-address=127.0.0.1",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--authorization-mode=RBAC",
        // It would publish its own address, and refuses to for a loopback one.
        "--endpoint-reconciler-type=none",
    ]);
    let files: [(&str, &Path); 8] = [
        ("etcd-cafile", &pki.authority_file),
        ("etcd-certfile", &pki.etcd_client.certificate_file),
        ("etcd-keyfile", &pki.etcd_client.key_file),
        ("tls-cert-file", &pki.apiserver.certificate_file),
        ("tls-private-key-file", &pki.apiserver.key_file),
        ("service-account-key-file", &pki.service_account_public_key_file),
        ("service-account-signing-key-file", &pki.service_account_key_file),
        ("token-auth-file", &pki.token_file),
    ];
    command.args(files.map(|(name, path)| flag(name, path)));
    if let Some(configuration) = &settings.encryption_configuration {
        command.arg(flag("encryption-provider-config", configuration));
    }
    command.args(&settings.apiserver_flags);
    // The first that is told issues, further ones are accepted: one of the settings' own goes before this.
    command.arg(format!("--service-account-issuer=https://127.0.0.1:{port}"));

    let process = Process::spawn(command, &settings.data_folder.join("kube-apiserver.log"))?;
    readiness::wait(&process, client, readiness.path()).await?;
    Ok(process)
}
