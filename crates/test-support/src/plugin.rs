//! `claviger kms-plugin` as a process, and a client of its socket.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use control_plane::Process;
use hyper_util::rt::TokioIo;
use kms_plugin::proto::v2::{StatusRequest, StatusResponse, key_management_service_client::KeyManagementServiceClient};
use tokio::net::UnixStream;
use tonic::transport::{Channel, Endpoint, Uri};
use tower::service_fn;

use crate::{EmbeddedAws, eventually};

/// A client of `/v2` on a unix socket.
pub type KmsClient = KeyManagementServiceClient<Channel>;

/// A client that connects to `socket` when it is first used, and again when the connection broke.
#[must_use]
pub fn connect(socket: &Path) -> KmsClient {
    let socket = socket.to_owned();
    let connect = service_fn(move |_: Uri| {
        let socket = socket.clone();
        async move { UnixStream::connect(socket).await.map(TokioIo::new) }
    });
    // Only `:authority` comes from it.
    let endpoint = Endpoint::from_static("http://localhost").timeout(Duration::from_secs(10));
    KeyManagementServiceClient::new(endpoint.connect_with_connector_lazy(connect))
}

/// How to start `claviger kms-plugin`, again and again.
#[derive(Clone, Debug)]
pub struct PluginSettings {
    /// The binary.
    pub claviger: PathBuf,
    /// The log is kept here.
    pub folder: PathBuf,
    /// Where KMS is.
    pub aws: SocketAddr,
    /// Sockets and the AWS KMS key of each.
    pub keys: Vec<(PathBuf, String)>,
    /// Further flags.
    pub flags: Vec<String>,
}

/// `claviger kms-plugin` as a process.
#[derive(Debug)]
pub struct Plugin {
    process: Process,
    socket: PathBuf,
}

impl PluginSettings {
    /// Starts it and returns when it listens, whatever it will say of its key.
    ///
    /// # Panics
    /// When it does not.
    pub async fn start(&self) -> Plugin {
        let mut command = Command::new(&self.claviger);
        command.arg("kms-plugin").envs(EmbeddedAws::environment(self.aws));
        for (socket, key) in &self.keys {
            command.arg(format!("--listen={}", socket.display())).arg(format!("--key={key}"));
        }
        command.arg("--health-listen=none").args(&self.flags);
        let process = Process::spawn(command, &self.folder.join("kms-plugin.log")).expect("the binary starts");
        let socket = self.keys.first().expect("a plugin has a key").0.clone();
        let plugin = Plugin { process, socket };
        eventually("the plugin listens", Duration::from_secs(20), async || UnixStream::connect(&plugin.socket).await)
            .await;
        plugin
    }
}

impl Plugin {
    /// Its process.
    #[must_use]
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Its first socket.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// What Status says on the first socket, asked on a connection of its own.
    ///
    /// # Errors
    /// What the plugin, or the transport, answers instead.
    pub async fn status(&self) -> Result<StatusResponse, tonic::Status> {
        Ok(connect(&self.socket).status(StatusRequest {}).await?.into_inner())
    }

    /// Returns the published key_id as soon as there is one.
    ///
    /// # Panics
    /// When there is none within 20 s.
    pub async fn key_id(&self) -> String {
        let healthy = eventually("the plugin is healthy", Duration::from_secs(20), async || self.status().await).await;
        healthy.key_id
    }

    /// Lets it drain and end.
    pub async fn stop(self) {
        self.process.stop(Duration::from_secs(20)).await;
    }

    /// Kills it, as the kernel's out-of-memory killer would.
    pub async fn kill(self) {
        self.process.kill().await;
    }
}
