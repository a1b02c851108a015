//! A control plane while it runs.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    apiserver::{self, Readiness},
    error::StartError,
    etcd::{self, Etcd},
    http::Https,
    kubernetes::Kubernetes,
    pki::{self, Pki},
    port,
    process::Process,
    settings::Settings,
};

/// What each of the two has before it is killed. On a machine at rest the apiserver stops within 1.5 s, etcd within
/// less; with every core busy it has been seen to take five.
const PATIENCE: Duration = Duration::from_secs(20);

/// The longest that [`Running::stop`] takes, but for the kernel's own part in a kill.
pub const LONGEST_STOP: Duration = PATIENCE.saturating_mul(2);

/// How often a port that another process took meanwhile is chosen anew.
const ATTEMPTS: usize = 3;

/// A control plane while it runs. Dropping it kills it.
pub struct Running {
    settings: Settings,
    pki: Pki,
    port: u16,
    client: Https,
    kubeconfig: PathBuf,
    kubernetes: Kubernetes,
    etcd: Etcd,
    // In this order they are dropped: an apiserver without its etcd would only fill its log.
    apiserver: Option<Process>,
    etcd_process: Process,
}

/// Starts etcd, then the apiserver, and returns when the apiserver is as ready as asked for.
///
/// # Errors
/// Names the program and why it did not come up, with the end of its log.
pub async fn start(settings: Settings, readiness: Readiness) -> Result<Running, StartError> {
    pki::private_folder(&settings.data_folder)?;
    let pki = Pki::create(&settings.data_folder.join("pki"))?;

    let mut attempt = 1;
    let (etcd_process, etcd) = loop {
        match etcd::start(&settings.binaries.etcd, &settings.data_folder, &pki).await {
            Err(error) if error.is_port_taken() && attempt < ATTEMPTS => attempt += 1,
            other => break other?,
        }
    };
    attempt = 1;
    let (port, client, apiserver) = loop {
        let port = port::free()?;
        let client = client(&pki, port)?;
        match apiserver::start(&settings, &pki, &etcd, port, &client, readiness).await {
            Err(error) if error.is_port_taken() && attempt < ATTEMPTS => attempt += 1,
            other => break (port, client, other?),
        }
    };

    let kubeconfig = settings.data_folder.join("kubeconfig");
    pki::private_file(&kubeconfig, kubeconfig_text(&pki, port).as_bytes())?;
    let kubernetes = Kubernetes::new(client.clone());
    kubernetes.ensure_namespace().await?;
    Ok(Running { settings, pki, port, client, kubeconfig, kubernetes, etcd, apiserver: Some(apiserver), etcd_process })
}

impl Running {
    /// A kubeconfig for the cluster's administrator; it holds all that it needs, and only we can read it.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// `https://HOST:PORT` of the apiserver.
    #[must_use]
    pub fn apiserver_url(&self) -> &str {
        self.client.base()
    }

    /// A client of the apiserver.
    #[must_use]
    pub fn kubernetes(&self) -> &Kubernetes {
        &self.kubernetes
    }

    /// A client of etcd.
    #[must_use]
    pub fn etcd(&self) -> &Etcd {
        &self.etcd
    }

    /// Stops the apiserver; etcd stays.
    pub async fn stop_apiserver(&mut self) {
        if let Some(apiserver) = self.apiserver.take() {
            apiserver.stop(PATIENCE).await;
        }
    }

    /// Starts the apiserver again, on the same port and the same etcd; one that runs is stopped first.
    ///
    /// # Errors
    /// As [`start`].
    pub async fn start_apiserver(&mut self, readiness: Readiness) -> Result<(), StartError> {
        self.stop_apiserver().await;
        let started =
            apiserver::start(&self.settings, &self.pki, &self.etcd, self.port, &self.client, readiness).await?;
        self.apiserver = Some(started);
        Ok(())
    }

    /// Resolves when a part ends by itself, and names it.
    pub async fn ended(&self) -> String {
        let apiserver = async {
            match &self.apiserver {
                Some(apiserver) => apiserver.ended().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            status = self.etcd_process.ended() => format!("etcd ended with {status}"),
            status = apiserver => format!("kube-apiserver ended with {status}"),
        }
    }

    /// Stops everything in order.
    pub async fn stop(mut self) {
        self.stop_apiserver().await;
        self.etcd_process.stop(PATIENCE).await;
    }
}

fn client(pki: &Pki, port: u16) -> Result<Https, StartError> {
    Https::new(format!("https://127.0.0.1:{port}"), &pki.authority, None, Some(&pki.admin_token))
        .map_err(|error| StartError::Certificate { subject: "the apiserver's client", reason: error.to_string() })
}

fn kubeconfig_text(pki: &Pki, port: u16) -> String {
    let authority = STANDARD.encode(&pki.authority_pem);
    let token = &pki.admin_token;
    format!(
        "apiVersion: v1\n\
         kind: Config\n\
         clusters:\n\
         - name: claviger\n  cluster:\n    server: https://127.0.0.1:{port}\n    \
         certificate-authority-data: {authority}\n\
         users:\n\
         - name: admin\n  user:\n    token: {token}\n\
         contexts:\n\
         - name: claviger\n  context:\n    cluster: claviger\n    user: admin\n\
         current-context: claviger\n"
    )
}
