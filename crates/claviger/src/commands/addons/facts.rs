//! What is known of a cluster, its add-ons and their roles, as EKS and IAM told it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The namespace of an add-on of which EKS does not tell one.
///
/// Source: Amazon EKS User Guide, "Custom namespace for add-ons": where AWS's own add-ons of the first years run.
pub(super) const USUAL_NAMESPACE: &str = "kube-system";

/// The add-on without which Pod Identity reaches no pod.
pub(super) const AGENT: &str = "eks-pod-identity-agent";

/// A cluster.
#[derive(Clone, Debug)]
pub(super) struct Cluster {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) partition: String,
    pub(super) region: String,
    pub(super) account: String,
    pub(super) kubernetes: String,
    /// The URL of its OpenID Connect issuer.
    pub(super) issuer: Option<String>,
    pub(super) is_ipv6: bool,
    /// Auto Mode brings the Pod Identity agent along.
    pub(super) is_auto: bool,
}

/// An add-on as this command looks at it: installed, or to be.
#[derive(Clone, Debug)]
pub(super) struct Addon {
    pub(super) name: String,
    pub(super) installed: Option<Installed>,
    /// The version that it has, or is to have.
    pub(super) version: String,
    pub(super) namespace: String,
    /// Whether this version needs permissions of IAM; `None`: EKS does not list the version any more.
    pub(super) requires_iam: Option<bool>,
    /// What it needs them for, where it takes roles by Pod Identity.
    pub(super) needs: Vec<Needs>,
    /// The versions that run on the cluster, newest first.
    pub(super) offered: Vec<Offered>,
}

/// An add-on that a cluster has.
#[derive(Clone, Debug)]
pub(super) struct Installed {
    pub(super) arn: String,
    pub(super) version: String,
    pub(super) status: String,
    /// The role that it has by IRSA.
    pub(super) irsa_role: Option<String>,
    pub(super) configuration: Option<String>,
}

/// A version that runs on the cluster.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Offered {
    pub(super) version: String,
    pub(super) is_default: bool,
    pub(super) requires_iam_permissions: bool,
}

/// What EKS recommends for a service account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Needs {
    pub(super) service_account: String,
    #[serde(default)]
    pub(super) recommended_managed_policies: Vec<String>,
}

/// A Pod Identity association.
#[derive(Clone, Debug)]
pub(super) struct Association {
    pub(super) id: String,
    pub(super) namespace: String,
    pub(super) service_account: String,
    pub(super) role: String,
    /// The add-on that it belongs to.
    pub(super) owner: Option<String>,
}

/// A role that is there.
#[derive(Clone, Debug)]
pub(super) struct Role {
    pub(super) arn: String,
    pub(super) trust: String,
    pub(super) attached: Vec<String>,
    /// The names of the policies that are part of it.
    pub(super) inline: Vec<String>,
}

/// All of it.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) cluster: Cluster,
    pub(super) addons: Vec<Addon>,
    /// How the agent does, where it is an add-on of EKS: its status.
    pub(super) agent: Option<String>,
    /// The version of the agent that is the default for the cluster.
    pub(super) agent_version: Option<String>,
    pub(super) associations: Vec<Association>,
    /// By name; of those that matter here, the ones that are there.
    pub(super) roles: BTreeMap<String, Role>,
    /// Whether IAM knows the cluster's issuer; asked where it matters.
    pub(super) has_provider: bool,
    /// The roles that service accounts are annotated with, by namespace and name; as a file told it.
    pub(super) annotated: BTreeMap<(String, String), String>,
}

impl Cluster {
    /// The issuer without its scheme, as keys of conditions have it.
    pub(super) fn issuer_host(&self) -> Option<&str> {
        self.issuer.as_deref()?.strip_prefix("https://")
    }

    /// The ARN of the issuer in IAM.
    pub(super) fn provider(&self) -> Option<String> {
        let host = self.issuer_host()?;
        Some(format!("arn:{}:iam::{}:oidc-provider/{host}", self.partition, self.account))
    }

    pub(super) fn role_arn(&self, name: &str) -> String {
        format!("arn:{}:iam::{}:role/{name}", self.partition, self.account)
    }
}

impl Facts {
    pub(super) fn association(&self, namespace: &str, service_account: &str) -> Option<&Association> {
        let is = |known: &&Association| known.namespace == namespace && known.service_account == service_account;
        self.associations.iter().find(is)
    }

    /// The role with this ARN, if it is there.
    pub(super) fn role(&self, arn: &str) -> Option<&Role> {
        self.roles.get(role_name(arn)).filter(|role| role.arn == arn)
    }
}

impl Installed {
    /// Whether nothing happens to it.
    pub(super) fn is_settled(&self) -> bool {
        !matches!(&*self.status, "CREATING" | "UPDATING" | "DELETING")
    }
}

/// The name in a role's ARN, without its path.
pub(super) fn role_name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// The name of the role that AWS's console makes for an add-on's service account, or one of this program's.
///
/// Source: Containers Blog, "Simplifying IAM permissions for Amazon EKS Add-ons with EKS Pod Identity" (VPC CNI); Amazon EKS User
/// Guide, "Amazon EBS CSI driver" and "Amazon EFS CSI driver". Of others no name is published: theirs are made here.
pub(super) fn recommended_role(addon: &str, service_account: &str) -> String {
    let known = match (addon, service_account) {
        ("vpc-cni", "aws-node") => "AmazonVPCCNI",
        ("aws-ebs-csi-driver", "ebs-csi-controller-sa") => "AmazonEBSCSIDriver",
        ("aws-efs-csi-driver", "efs-csi-controller-sa") => "AmazonEFSCSIDriver",
        _ => return format!("EKSPodIdentity-{addon}-{service_account}").chars().take(64).collect(),
    };
    format!("AmazonEKSPodIdentity{known}Role")
}
