//! Who is measured, and how it is started.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use serde_json::json;
use test_support::tools;
use tokio_rustls::TlsConnector;

use super::NAMESPACE;
use crate::{
    CLAVIGER,
    connection::{Connection, connect},
    server::{Server, free_address},
};

const HOST: &str = "webhook.kube-system.svc";

/// Who is measured.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Who<'a> {
    /// A Go server that decodes nothing.
    Floor,
    Ours,
    /// amazon-eks-pod-identity-webhook, built here.
    Peer(&'a Path),
}

/// Starts webhooks, all of the same cluster.
pub(super) struct Starter {
    folder: PathBuf,
    kubeconfig: PathBuf,
    /// Asked first of all.
    review: Arc<[u8]>,
    trusting: TlsConnector,
}

/// One server under measurement.
pub(super) struct Subject<'a> {
    pub(super) who: Who<'a>,
    pub(super) server: Server,
}

impl Who<'_> {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Ours => "claviger",
            Self::Peer(_) => "peer",
        }
    }

    /// What a good answer holds.
    pub(super) fn marker(self) -> &'static str {
        if self == Self::Floor { "allowed" } else { "JSONPatch" }
    }
}

impl Starter {
    /// With a certificate that is made now, and associations of these service accounts.
    pub(super) fn new(folder: &Path, kubeconfig: &Path, associated: &[String], review: Arc<[u8]>) -> Self {
        let made = rcgen::generate_simple_self_signed([HOST.to_owned()]).unwrap();
        fs::write(folder.join("tls.crt"), made.cert.pem()).unwrap();
        fs::write(folder.join("tls.key"), made.signing_key.serialize_pem()).unwrap();
        let identities: Vec<_> =
            associated.iter().map(|name| json!({ "namespace": NAMESPACE, "serviceAccount": name })).collect();
        fs::write(folder.join("identities.json"), json!({ "identities": identities }).to_string()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(made.cert.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_root_certificates(roots).with_no_client_auth();
        let trusting = TlsConnector::from(Arc::new(config));
        Self { folder: folder.to_owned(), kubeconfig: kubeconfig.to_owned(), review, trusting }
    }

    pub(super) async fn start<'a>(&self, who: Who<'a>) -> Subject<'a> {
        let address = free_address();
        let answers = async |address| {
            let Ok(mut connection) = self.connect(address, &self.review).await else { return false };
            connection.call().await.is_ok_and(|answer| answer.holds(who.marker()))
        };
        let command = self.command(who, address);
        Subject { who, server: Server::start(who.name(), address, command, &self.folder, answers).await }
    }

    /// A connection with TLS, as an apiserver keeps it.
    pub(super) async fn connect(&self, address: SocketAddr, request: &Arc<[u8]>) -> std::io::Result<Connection> {
        let name = ServerName::try_from(HOST).unwrap();
        let stream = self.trusting.connect(name, connect(address).await?).await?;
        Ok(Connection::over(address, stream, Arc::clone(request)))
    }

    fn command(&self, who: Who<'_>, address: SocketAddr) -> Command {
        let file = |name: &str| self.folder.join(name);
        let program = match who {
            Who::Floor => {
                let mut command = Command::new(tools().join("tls-floor"));
                command.arg(address.to_string()).arg(file("tls.crt")).arg(file("tls.key"));
                return command;
            }
            Who::Ours => Path::new(CLAVIGER),
            Who::Peer(program) => program,
        };
        let mut command = Command::new(program);
        if who == Who::Ours {
            command.args(["pod-identity", "webhook"]);
        }
        // The peer's own flags: ours takes them, too.
        command.args(["--in-cluster=false", "--aws-default-region=us-west-2", "--sts-regional-endpoint=true"]);
        command.arg(format!("--port={}", address.port()));
        command.arg(format!("--metrics-port={}", free_address().port()));
        for (flag, path) in [
            ("kubeconfig", self.kubeconfig.clone()),
            ("tls-cert", file("tls.crt")),
            ("tls-key", file("tls.key")),
            ("watch-container-credentials-config", file("identities.json")),
        ] {
            command.arg(format!("--{flag}={}", path.display()));
        }
        command.env_clear().env("HOME", &self.folder);
        command
    }
}
