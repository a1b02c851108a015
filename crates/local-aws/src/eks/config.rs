//! What a cluster is asked to be like, as inputs, records and answers have it alike.

use serde::{Deserialize, Serialize};

/// Where its servers are reached from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Vpc {
    #[serde(default)]
    pub(super) subnet_ids: Vec<String>,
    #[serde(default)]
    pub(super) security_group_ids: Vec<String>,
    #[serde(default = "yes")]
    pub(super) endpoint_public_access: bool,
    #[serde(default)]
    pub(super) endpoint_private_access: bool,
    #[serde(default = "everywhere")]
    pub(super) public_access_cidrs: Vec<String>,
}

/// Source: Amazon EKS API Reference, "VpcConfigRequest": the endpoint is public and not private where nobody says.
fn yes() -> bool {
    true
}

fn everywhere() -> Vec<String> {
    vec!["0.0.0.0/0".to_owned()]
}

/// The addresses of its services.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Network {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service_ipv4_cidr: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service_ipv6_cidr: Option<String>,
    #[serde(default)]
    pub(super) ip_family: IpFamily,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum IpFamily {
    #[default]
    Ipv4,
    Ipv6,
}

impl Default for Network {
    fn default() -> Self {
        Self { service_ipv4_cidr: None, service_ipv6_cidr: None, ip_family: IpFamily::Ipv4 }.completed()
    }
}

impl Network {
    /// The same with the range that AWS chooses where nobody says one.
    ///
    /// Source: Amazon EKS API Reference, "KubernetesNetworkConfigRequest": 10.100.0.0/16 or 172.20.0.0/16, and of IPv6 one
    /// of the unique local range.
    pub(super) fn completed(mut self) -> Self {
        match self.ip_family {
            IpFamily::Ipv4 => {
                self.service_ipv4_cidr.get_or_insert_with(|| "10.100.0.0/16".to_owned());
            }
            IpFamily::Ipv6 => self.service_ipv6_cidr = Some("fd30:1c53:5f8a::/108".to_owned()),
        }
        self
    }
}

/// Which of its logs are delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Logging {
    #[serde(default)]
    pub(super) cluster_logging: Vec<LogSetup>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LogSetup {
    #[serde(default)]
    pub(super) types: Vec<String>,
    #[serde(default)]
    pub(super) enabled: bool,
}

const LOGS: [&str; 5] = ["api", "audit", "authenticator", "controllerManager", "scheduler"];

impl Default for Logging {
    fn default() -> Self {
        Self { cluster_logging: Vec::new() }.completed()
    }
}

impl Logging {
    /// The same with every kind of log in it, those that nobody asked for as not delivered.
    pub(super) fn completed(self) -> Self {
        let is_on = |kind: &str| {
            let on = |setup: &&LogSetup| setup.types.iter().any(|named| named == kind);
            self.cluster_logging.iter().rfind(on).is_some_and(|setup| setup.enabled)
        };
        let (on, off): (Vec<&str>, Vec<&str>) = LOGS.into_iter().partition(|kind| is_on(kind));
        let setup = |kinds: Vec<&str>, enabled| {
            let types = kinds.into_iter().map(str::to_owned).collect::<Vec<_>>();
            (!types.is_empty()).then_some(LogSetup { types, enabled })
        };
        Self { cluster_logging: [setup(on, true), setup(off, false)].into_iter().flatten().collect() }
    }
}

/// How IAM's principals become Kubernetes'.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Access {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bootstrap_cluster_creator_admin_permissions: Option<bool>,
    #[serde(default = "config_map")]
    pub(super) authentication_mode: String,
}

/// Source: Amazon EKS User Guide, "Grant IAM users access to Kubernetes with EKS access entries" > "Cluster authentication
/// modes": what clusters have that were made by the API without one.
fn config_map() -> String {
    "CONFIG_MAP".to_owned()
}

impl Access {
    /// Whether the cluster's entries are looked at, so that there are any to see.
    pub(super) fn has_entries(&self) -> bool {
        self.authentication_mode != config_map()
    }
}

impl Default for Access {
    fn default() -> Self {
        Self { bootstrap_cluster_creator_admin_permissions: Some(true), authentication_mode: config_map() }
    }
}

/// What happens when its version is not supported any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Upgrade {
    #[serde(default = "extended")]
    pub(super) support_type: String,
}

/// Source: Amazon EKS User Guide, "Understand the Kubernetes version lifecycle on EKS" (the policy is EXTENDED by default).
fn extended() -> String {
    "EXTENDED".to_owned()
}

impl Default for Upgrade {
    fn default() -> Self {
        Self { support_type: extended() }
    }
}
