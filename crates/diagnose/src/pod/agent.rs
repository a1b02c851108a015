//! An agent's pod: whether it is ready, and whom it asks for sessions, by its arguments and environment.

use serde::Deserialize;
use serde_json::Value;

use super::seen::{Unreadable, read};

/// The agent on the pod's node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// Its pod's namespace.
    pub namespace: String,
    /// Its pod's name.
    pub name: String,
    /// Whether it is ready.
    pub is_ready: bool,
    /// Whom it asks. `None`: its pod does not tell its arguments.
    pub asks: Option<Asks>,
    /// The port of its metrics. `None`: it has none.
    pub metrics_port: Option<u16>,
}

/// Whom an agent asks for sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asks {
    /// EKS Auth.
    EksAuth {
        /// Of this region; else of the one that the instance tells.
        region: Option<String>,
        /// At this URL, in place of the service's own endpoint.
        endpoint: Option<String>,
    },
    /// A broker.
    Broker {
        /// Where it is.
        url: String,
        /// The agent's file of whom it trusts to vouch for it; else whom its system trusts.
        ca: Option<String>,
    },
}

/// Both agents' default (`--metrics-port`).
const METRICS_PORT: u16 = 2705;

impl Agent {
    /// The agent's pod, as `kubectl get pod -o json` tells it.
    ///
    /// # Errors
    /// [`Unreadable`]
    pub fn of(object: &Value) -> Result<Self, Unreadable> {
        let raw: RawPod = read("pod", object)?;
        let is_ready =
            raw.status.conditions.iter().any(|condition| condition.kind == "Ready" && condition.status == "True");
        let flag = |name: &str| raw.spec.containers.iter().find_map(|container| container.flag(name));
        let variable = |name: &str| raw.spec.containers.iter().find_map(|container| container.variable(name));
        let asks = match flag("--broker") {
            Some(url) => Asks::Broker { url, ca: flag("--broker-ca") },
            // Source: AWS SDKs and Tools Reference Guide, "Service-specific endpoints" and "AWS Region".
            None => Asks::EksAuth {
                region: flag("--region").or_else(|| variable("AWS_REGION")).or_else(|| variable("AWS_DEFAULT_REGION")),
                endpoint: flag("--endpoint")
                    .or_else(|| variable("AWS_ENDPOINT_URL_EKS_AUTH"))
                    .or_else(|| variable("AWS_ENDPOINT_URL")),
            },
        };
        let tells = raw.spec.containers.iter().any(|container| container.words().next().is_some());
        let metrics_port = match flag("--metrics-port") {
            Some(port) => port.parse().ok(),
            None => Some(METRICS_PORT),
        };
        Ok(Self {
            namespace: raw.metadata.namespace,
            name: raw.metadata.name,
            is_ready,
            asks: tells.then_some(asks),
            metrics_port,
        })
    }

    /// `NAMESPACE/NAME`
    pub(super) fn pod(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }
}

impl RawContainer {
    fn words(&self) -> impl Iterator<Item = &str> {
        self.command.iter().chain(&self.args).map(String::as_str)
    }

    /// `--name=VALUE` or `--name VALUE`.
    fn flag(&self, name: &str) -> Option<String> {
        let mut words = self.words();
        while let Some(word) = words.next() {
            let Some(rest) = word.strip_prefix(name) else { continue };
            let value = if rest.is_empty() { words.next() } else { rest.strip_prefix('=') };
            if let Some(value) = value {
                return Some(self.expanded(value));
            }
        }
        None
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.env.iter().find(|variable| variable.name == name)?.value.clone().filter(|value| !value.is_empty())
    }

    /// Source: Kubernetes documentation, "Define a Command and Arguments for a Container" > "Use environment variables to
    /// define arguments".
    fn expanded(&self, value: &str) -> String {
        let known = self.env.iter().filter_map(|variable| Some((&variable.name, variable.value.as_deref()?)));
        known.fold(value.to_owned(), |value, (name, with)| value.replace(&format!("$({name})"), with))
    }
}

#[derive(Deserialize)]
struct RawPod {
    metadata: RawMetadata,
    #[serde(default)]
    spec: RawSpec,
    #[serde(default)]
    status: RawStatus,
}

#[derive(Deserialize)]
struct RawMetadata {
    #[serde(default)]
    namespace: String,
    name: String,
}

#[derive(Default, Deserialize)]
struct RawSpec {
    #[serde(default)]
    containers: Vec<RawContainer>,
}

#[derive(Default, Deserialize)]
struct RawStatus {
    #[serde(default)]
    conditions: Vec<RawCondition>,
}

#[derive(Deserialize)]
struct RawCondition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
}

/// Its variables may be secrets: no `Debug`.
#[derive(Deserialize)]
struct RawContainer {
    #[serde(default)]
    command: Vec<String>,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    env: Vec<RawVariable>,
}

#[derive(Deserialize)]
struct RawVariable {
    name: String,
    value: Option<String>,
}
