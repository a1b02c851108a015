//! The embedded AWS, the plugin and a real control plane, as a cluster has them.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use control_plane::{Binaries, Kubernetes, Readiness, Settings};
use tempfile::TempDir;

use crate::{EmbeddedAws, FaultProxy, Plugin, PluginSettings, Stored, tools};

/// A cluster. Fields drop in this order: who depends on another goes first.
pub struct Cluster {
    /// etcd and kube-apiserver.
    pub plane: control_plane::Running,
    /// The plugin while it runs.
    pub plugin: Option<Plugin>,
    /// How it is started again.
    pub plugin_settings: PluginSettings,
    /// Between the plugin and KMS.
    pub network: FaultProxy,
    /// The key service.
    pub aws: EmbeddedAws,
    folder: TempDir,
}

/// One entry of an EncryptionConfiguration.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Its name.
    pub name: &'static str,
    /// `v2` or `v1`.
    pub api_version: &'static str,
    /// The plugin's socket.
    pub socket: PathBuf,
}

impl Cluster {
    /// A cluster of Kubernetes `version` with one key, one socket and one provider named `claviger`, all healthy.
    ///
    /// # Panics
    /// When a part does not come up.
    pub async fn start(claviger: &str, version: &str) -> Self {
        Self::start_with(claviger, version, "v2", &[]).await
    }

    /// As [`start`](Self::start), with the provider's `apiVersion` and further flags of the apiserver.
    ///
    /// # Panics
    /// When a part does not come up.
    pub async fn start_with(claviger: &str, version: &str, api_version: &'static str, flags: &[&str]) -> Self {
        let folder = tempfile::Builder::new().prefix("claviger-").tempdir().expect("a temporary folder");
        let path = folder.path();
        let claviger = Path::new(claviger);
        let aws = EmbeddedAws::start(claviger, path).await;
        let network = FaultProxy::start(aws.address()).await;
        let key = aws.create_key().await;
        let socket = path.join("kms.sock");
        let plugin_settings = PluginSettings {
            claviger: claviger.to_owned(),
            folder: path.to_owned(),
            aws: network.address(),
            keys: vec![(socket.clone(), key)],
            flags: vec!["--probe-interval=1s".to_owned()],
        };
        let plugin = plugin_settings.start().await;
        plugin.key_id().await;

        configure(path, &[Provider { name: "claviger", api_version, socket }]);
        let settings = Settings {
            binaries: Binaries::in_folder(&tools(), Some(version)).unwrap_or_else(|error| panic!("{error}")),
            data_folder: path.join("plane"),
            encryption_configuration: Some(path.join("encryption.json")),
            apiserver_flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
        };
        let plane = control_plane::start(settings, Readiness::Full).await.unwrap_or_else(|error| panic!("{error}"));
        Self { plane, plugin: Some(plugin), plugin_settings, network, aws, folder }
    }

    /// Where everything of this cluster lies.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The first key's ARN.
    ///
    /// # Panics
    /// When the plugin has none.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.plugin_settings.keys.first().expect("a cluster has a key").1
    }

    /// The apiserver's client.
    #[must_use]
    pub fn kubernetes(&self) -> &Kubernetes {
        self.plane.kubernetes()
    }

    /// The running plugin.
    ///
    /// # Panics
    /// When the test has stopped it.
    #[must_use]
    pub fn plugin(&self) -> &Plugin {
        self.plugin.as_ref().expect("the plugin runs")
    }

    /// Starts the plugin, which must have been stopped.
    pub async fn start_plugin(&mut self) {
        self.plugin = Some(self.plugin_settings.start().await);
    }

    /// Lets the plugin drain and end.
    pub async fn stop_plugin(&mut self) {
        if let Some(plugin) = self.plugin.take() {
            plugin.stop().await;
        }
    }

    /// Starts the apiserver again.
    ///
    /// # Panics
    /// When it does not come up.
    pub async fn restart_apiserver(&mut self, readiness: Readiness) {
        self.plane.start_apiserver(readiness).await.unwrap_or_else(|error| panic!("{error}"));
    }

    /// Writes another EncryptionConfiguration; an apiserver reads it when it starts.
    pub fn configure(&self, providers: &[Provider]) {
        configure(self.folder(), providers);
    }

    /// The bytes that etcd holds of the Secret `name`.
    ///
    /// # Panics
    /// When there is no such Secret.
    pub async fn raw(&self, name: &str) -> Vec<u8> {
        let value = self.plane.etcd().get(&Kubernetes::etcd_key(name)).await;
        value.unwrap_or_else(|error| panic!("{error}")).unwrap_or_else(|| panic!("etcd has no Secret `{name}`"))
    }

    /// What etcd holds of the Secret `name`.
    ///
    /// # Panics
    /// When it is not sealed by a KMS v2 plugin.
    pub async fn stored(&self, name: &str) -> Stored {
        let raw = self.raw(name).await;
        Stored::parse(&raw).unwrap_or_else(|| panic!("`{name}` is stored as {}", String::from_utf8_lossy(&raw)))
    }
}

impl Drop for Cluster {
    /// The logs go with the folder: a test that fails shows their ends.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let mut report = String::new();
        for log in ["local-aws.log", "kms-plugin.log", "plane/kube-apiserver.log"] {
            let content = fs::read_to_string(self.folder().join(log)).unwrap_or_default();
            let lines: Vec<&str> = content.lines().collect();
            let end = lines.get(lines.len().saturating_sub(25)..).unwrap_or_default().join("\n");
            _ = writeln!(report, "--- the end of {log}\n{end}");
        }
        eprintln!("{report}");
    }
}

fn configure(folder: &Path, providers: &[Provider]) {
    let providers: Vec<_> = providers.iter().map(Provider::to_json).collect();
    let configuration = serde_json::json!({
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "EncryptionConfiguration",
        "resources": [{"resources": ["secrets"], "providers": providers}],
    });
    fs::write(folder.join("encryption.json"), configuration.to_string()).expect("the folder can be written");
}

impl Provider {
    fn to_json(&self) -> serde_json::Value {
        let endpoint = format!("unix://{}", self.socket.display());
        serde_json::json!({"kms": {
            "apiVersion": self.api_version, "name": self.name, "endpoint": endpoint, "timeout": "3s",
        }})
    }
}
