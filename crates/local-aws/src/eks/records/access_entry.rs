//! What is kept of a principal that may enter a cluster.

use aws_model::Arn;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Once, Tags};
use crate::eks::call::seconds;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::eks) struct AccessEntry {
    /// `access-entry/CLUSTER/role/ACCOUNT/NAME/UUID`
    pub(in crate::eks) arn: Arn,
    pub(in crate::eks) principal: Arn,
    pub(in crate::eks) kind: Kind,
    pub(in crate::eks) groups: Vec<String>,
    pub(in crate::eks) username: String,
    pub(in crate::eks) created: Timestamp,
    pub(in crate::eks) modified: Timestamp,
    pub(in crate::eks) token: Option<Once>,
    pub(in crate::eks) tags: Tags,
    /// By the policies' ARNs.
    pub(in crate::eks) policies: Vec<Associated>,
}

/// What the principal is to the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(in crate::eks) enum Kind {
    Standard,
    Ec2,
    Ec2Linux,
    Ec2Windows,
    FargateLinux,
    HybridLinux,
    HyperpodLinux,
}

/// An access policy that holds for the principal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::eks) struct Associated {
    pub(in crate::eks) policy: String,
    pub(in crate::eks) scope: Scope,
    pub(in crate::eks) associated: Timestamp,
    pub(in crate::eks) modified: Timestamp,
}

/// Where it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::eks) struct Scope {
    #[serde(rename = "type")]
    pub(in crate::eks) kind: ScopeKind,
    #[serde(default)]
    pub(in crate::eks) namespaces: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::eks) enum ScopeKind {
    Cluster,
    Namespace,
}

impl ScopeKind {
    pub(in crate::eks) const fn name(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::Namespace => "namespace",
        }
    }
}

impl Kind {
    /// What the principal is called in the cluster where nobody says it.
    ///
    /// Source: Amazon EKS User Guide, "Create access entries"; of `EC2` and HyperPod's it does not tell (assumed: as of
    /// other nodes).
    pub(in crate::eks) fn username(self, principal: &Arn) -> String {
        match self {
            Self::Standard => match principal.resource().strip_prefix("role/") {
                Some(path) => {
                    let (partition, account) = (principal.partition(), principal.account());
                    let name = path.rsplit('/').next().unwrap_or(path);
                    format!("arn:{partition}:sts::{account}:assumed-role/{name}/{{{{SessionName}}}}")
                }
                None => principal.to_string(),
            },
            Self::Ec2 | Self::Ec2Linux | Self::Ec2Windows => "system:node:{{EC2PrivateDNSName}}".to_owned(),
            Self::FargateLinux | Self::HybridLinux | Self::HyperpodLinux => "system:node:{{SessionName}}".to_owned(),
        }
    }

    /// The groups that it is in because of what it is.
    ///
    /// Source: Amazon EKS User Guide, "Grant IAM users access to Kubernetes with a ConfigMap" (what nodes are mapped to, and
    /// what Windows nodes and Fargate's pods are beside it), and entries of `EC2_LINUX` as people quote them.
    pub(in crate::eks) fn groups(self) -> &'static [&'static str] {
        match self {
            Self::Standard => &[],
            Self::Ec2 | Self::Ec2Linux => &["system:nodes"],
            Self::Ec2Windows => &["eks:kube-proxy-windows", "system:nodes"],
            Self::FargateLinux => &["system:bootstrappers", "system:node-proxier", "system:nodes"],
            Self::HybridLinux | Self::HyperpodLinux => &["system:bootstrappers", "system:nodes"],
        }
    }

    /// As EKS writes it.
    pub(in crate::eks) const fn name(self) -> &'static str {
        match self {
            Self::Standard => "STANDARD",
            Self::Ec2 => "EC2",
            Self::Ec2Linux => "EC2_LINUX",
            Self::Ec2Windows => "EC2_WINDOWS",
            Self::FargateLinux => "FARGATE_LINUX",
            Self::HybridLinux => "HYBRID_LINUX",
            Self::HyperpodLinux => "HYPERPOD_LINUX",
        }
    }

    pub(in crate::eks) fn of(text: &str) -> Option<Self> {
        // EKS's own examples write `EC2_Windows`.
        serde_json::from_value(text.to_ascii_uppercase().into()).ok()
    }
}

impl AccessEntry {
    pub(in crate::eks) fn cluster(&self) -> &str {
        self.arn.resource().split('/').nth(1).unwrap_or_default()
    }

    pub(in crate::eks) fn told(&self) -> Value {
        json!({
            "clusterName": self.cluster(),
            "principalArn": self.principal,
            "kubernetesGroups": self.groups,
            "accessEntryArn": self.arn,
            "createdAt": seconds(self.created),
            "modifiedAt": seconds(self.modified),
            "tags": self.tags,
            "username": self.username,
            "type": self.kind.name(),
        })
    }
}

impl Associated {
    pub(in crate::eks) fn told(&self) -> Value {
        json!({
            "policyArn": self.policy,
            "accessScope": self.scope,
            "associatedAt": seconds(self.associated),
            "modifiedAt": seconds(self.modified),
        })
    }
}
