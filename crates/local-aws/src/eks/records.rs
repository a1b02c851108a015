//! What is kept of each cluster and of what is its.

mod access_entry;
mod fargate_profile;
mod identity_provider;
mod node_group;
mod once;

use std::collections::BTreeMap;

use aws_model::{Arn, KeyArn};
use eks_auth::{NamePattern, SessionTags};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    call::{seconds, tell},
    config::{Access, Logging, Network, Upgrade, Vpc},
};

pub(super) use access_entry::{AccessEntry, Associated, Kind as EntryKind, Scope, ScopeKind};
pub(super) use fargate_profile::{FargateProfile, Selector};
pub(super) use identity_provider::{IdentityProvider, Oidc};
pub(super) use node_group::{
    CapacityType, Issue, NodeGroup, RemoteAccess, Replacement, Scaling, Stage, Taint, TemplateOf, UpdateConfig,
    VersionOf,
};
pub(super) use once::{Likeness, Once};

/// How long a cluster is being made, by the embedded AWS's clock: AWS takes some ten minutes for it. A program that waits
/// for a cluster and looks at once looks again after half a minute.
const TAKES: SignedDuration = SignedDuration::from_millis(100);

pub(super) type Tags = BTreeMap<String, String>;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cluster {
    pub(crate) arn: Arn,
    pub(super) created: Timestamp,
    pub(super) version: String,
    pub(super) role: Arn,
    /// What stands in the URLs of its server and of its issuer.
    pub(super) id: String,
    pub(super) vpc: Vpc,
    pub(super) vpc_id: String,
    pub(super) security_group: String,
    pub(super) network: Network,
    pub(super) logging: Logging,
    pub(super) access: Access,
    pub(super) upgrade: Upgrade,
    pub(super) deletion_protection: bool,
    pub(super) token: Option<Once>,
    pub(super) tags: Tags,
    /// When its last change began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) updated: Option<Timestamp>,
    /// The key of the customer's that it encrypts with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) encryption: Option<Encryption>,
    /// What was told to be behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) behind: Option<Told>,
}

/// A key of the customer's, and the grant by which the cluster's role uses it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Encryption {
    /// As the customer named it: by its ARN or an alias's.
    pub(super) named: String,
    pub(super) key: KeyArn,
    pub(super) grant: String,
}

impl Encryption {
    pub(super) fn told(&self) -> Value {
        json!({ "resources": ["secrets"], "provider": { "keyArn": self.named } })
    }
}

/// What is behind a cluster, as far as somebody told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Told {
    /// Where its server is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) endpoint: Option<String>,
    /// The server's certificate authority: PEM in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) certificate_authority: Option<String>,
    /// Who issues its tokens, where that is not the cluster's own issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) issuer: Option<String>,
    /// The keys that its tokens are signed with: a JWK set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) jwks: Option<Value>,
}

impl Cluster {
    /// The version of everything around Kubernetes that clusters have; AWS counts it up.
    pub(super) const PLATFORM: &'static str = "eks.1";

    pub(crate) fn name(&self) -> &str {
        self.arn.resource().strip_prefix("cluster/").unwrap_or_default()
    }

    /// `https://oidc.eks.us-west-2.amazonaws.com/id/8BA4A70AA33A68D27898EB4903D8A6E7`
    ///
    /// Source: Amazon EKS User Guide, "Create an IAM OIDC provider for your cluster".
    pub(crate) fn issuer(&self) -> String {
        format!("https://oidc.eks.{}.{}/id/{}", self.arn.region(), self.suffix(), self.id)
    }

    fn suffix(&self) -> &'static str {
        if self.arn.partition() == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" }
    }

    fn is_there(&self, now: Timestamp) -> bool {
        now.duration_since(self.created) >= TAKES
    }

    pub(super) fn status(&self, now: Timestamp) -> &'static str {
        match self.updated {
            _ if !self.is_there(now) => "CREATING",
            Some(updated) if now.duration_since(updated) < TAKES => "UPDATING",
            _ => "ACTIVE",
        }
    }

    /// As it is described. What making it brings is told when it is made.
    pub(super) fn told(&self, now: Timestamp) -> Value {
        let mut told = json!({
            "name": self.name(),
            "arn": self.arn,
            "createdAt": seconds(self.created),
            "version": self.version,
            "roleArn": self.role,
            "resourcesVpcConfig": self.vpc,
            "kubernetesNetworkConfig": self.network,
            "logging": self.logging,
            "status": self.status(now),
            "certificateAuthority": {},
            "platformVersion": Self::PLATFORM,
            "tags": self.tags,
            "health": { "issues": [] },
            "accessConfig": self.access,
            "upgradePolicy": self.upgrade,
            "deletionProtection": self.deletion_protection,
        });
        tell(&mut told, "/resourcesVpcConfig", "vpcId", &*self.vpc_id);
        tell(&mut told, "/kubernetesNetworkConfig", "elasticLoadBalancing", json!({ "enabled": false }));
        if let Some(encryption) = &self.encryption {
            tell(&mut told, "", "encryptionConfig", json!([encryption.told()]));
        }
        if let Some(token) = &self.token {
            tell(&mut told, "", "clientRequestToken", &*token.token);
        }
        if self.is_there(now) {
            let behind = self.behind.clone().unwrap_or_default();
            let region = self.arn.region();
            let own = || format!("https://{}.gr7.{region}.eks.{}", self.id, self.suffix());
            tell(&mut told, "", "endpoint", behind.endpoint.unwrap_or_else(own));
            tell(&mut told, "", "identity", json!({ "oidc": { "issuer": self.issuer() } }));
            tell(&mut told, "/resourcesVpcConfig", "clusterSecurityGroupId", &*self.security_group);
            if let Some(authority) = behind.certificate_authority {
                tell(&mut told, "/certificateAuthority", "data", authority);
            }
        }
        told
    }
}

/// An association of a service account with a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Association {
    pub(crate) arn: Arn,
    pub(super) namespace: String,
    pub(super) service_account: String,
    pub(super) role: Arn,
    pub(super) created: Timestamp,
    pub(super) modified: Timestamp,
    pub(super) disable_session_tags: bool,
    pub(super) target_role: Option<Arn>,
    pub(super) policy: Option<String>,
    pub(super) token: Option<Once>,
    /// The add-on that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) owner: Option<Arn>,
    pub(super) tags: Tags,
}

impl Association {
    /// The cluster's name and the association's id.
    pub(super) fn names(&self) -> (&str, &str) {
        let names = self.arn.resource().strip_prefix("podidentityassociation/").unwrap_or_default();
        names.split_once('/').unwrap_or((names, ""))
    }

    /// What the trust policy of a target role may ask for.
    ///
    /// Source: Amazon EKS User Guide, "Access AWS Resources using EKS Pod Identity Target IAM Roles"
    /// (`region/111122223333/cluster-name/namespace/service-account-name`).
    pub(super) fn external_id(&self) -> Option<String> {
        self.target_role.as_ref()?;
        let (region, account) = (self.arn.region(), self.arn.account());
        let (cluster, _) = self.names();
        Some(format!("{region}/{account}/{cluster}/{}/{}", self.namespace, self.service_account))
    }

    /// As the decision about a pod takes it.
    pub(crate) fn of_model(&self) -> eks_auth::Association {
        eks_auth::Association {
            id: self.names().1.to_owned(),
            // EKS knows no patterns.
            namespace: NamePattern::exact(&self.namespace),
            service_account: NamePattern::exact(&self.service_account),
            role: self.role.clone(),
            target_role: self.target_role.clone(),
            external_id: self.external_id(),
            session_tags: !self.disable_session_tags,
            // Nor these.
            tags: SessionTags::default(),
            session_name: None,
            policy: self.policy.clone(),
        }
    }

    pub(super) fn told(&self) -> Value {
        let (cluster, id) = self.names();
        let mut told = json!({
            "clusterName": cluster,
            "namespace": self.namespace,
            "serviceAccount": self.service_account,
            "roleArn": self.role,
            "associationArn": self.arn,
            "associationId": id,
            "tags": self.tags,
            "createdAt": seconds(self.created),
            "modifiedAt": seconds(self.modified),
            "disableSessionTags": self.disable_session_tags,
        });
        let further = [
            ("targetRoleArn", self.target_role.as_ref().map(ToString::to_string)),
            ("externalId", self.external_id()),
            ("policy", self.policy.clone()),
            ("ownerArn", self.owner.as_ref().map(ToString::to_string)),
        ];
        for (name, value) in further {
            if let Some(value) = value {
                tell(&mut told, "", name, value);
            }
        }
        told
    }

    /// As lists tell it: without role and tags.
    pub(super) fn summary(&self) -> Value {
        let (cluster, id) = self.names();
        let mut told = json!({
            "clusterName": cluster,
            "namespace": self.namespace,
            "serviceAccount": self.service_account,
            "associationArn": self.arn,
            "associationId": id,
        });
        if let Some(owner) = &self.owner {
            tell(&mut told, "", "ownerArn", owner.as_str());
        }
        told
    }
}

/// An add-on of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Addon {
    pub(super) arn: Arn,
    pub(super) version: String,
    pub(super) created: Timestamp,
    pub(super) modified: Timestamp,
    /// The role of its service account by its token.
    pub(super) role: Option<Arn>,
    pub(super) configuration: Option<String>,
    pub(super) token: Option<Once>,
    pub(super) tags: Tags,
}

impl Addon {
    /// The cluster's name and the add-on's, in `addon/CLUSTER/NAME/UUID`.
    pub(super) fn names(&self) -> (&str, &str) {
        let mut names = self.arn.resource().split('/').skip(1);
        (names.next().unwrap_or_default(), names.next().unwrap_or_default())
    }

    /// As it is described, but for what it owns.
    pub(super) fn told(&self, now: Timestamp) -> Value {
        let (cluster, name) = self.names();
        let status = match () {
            () if now.duration_since(self.created) < TAKES => "CREATING",
            () if now.duration_since(self.modified) < TAKES => "UPDATING",
            () => "ACTIVE",
        };
        let mut told = json!({
            "addonName": name,
            "clusterName": cluster,
            "status": status,
            "addonVersion": self.version,
            "health": { "issues": [] },
            "addonArn": self.arn,
            "createdAt": seconds(self.created),
            "modifiedAt": seconds(self.modified),
            "tags": self.tags,
        });
        let further = [
            ("serviceAccountRoleArn", self.role.as_ref().map(ToString::to_string)),
            ("configurationValues", self.configuration.clone()),
        ];
        for (name, value) in further {
            if let Some(value) = value {
                tell(&mut told, "", name, value);
            }
        }
        told
    }
}

/// A change of a cluster, or of something of it, that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Update {
    pub(super) id: String,
    pub(super) cluster: Arn,
    /// The add-on that it is of, if it is.
    pub(super) addon: Option<String>,
    /// The node group that it is of, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) node_group: Option<String>,
    pub(super) kind: String,
    pub(super) created: Timestamp,
    /// What it was asked to change, by kind.
    pub(super) parameters: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<Once>,
    /// How it goes, where that takes more than time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) progress: Option<Progress>,
}

/// How an update goes that takes more than time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Progress {
    Going,
    Successful,
    Failed(Vec<Issue>),
    /// What it was of was deleted before it came to its end.
    Cancelled,
}

impl Update {
    /// Whether it is of the cluster itself.
    pub(super) fn is_of_cluster(&self) -> bool {
        self.addon.is_none() && self.node_group.is_none()
    }

    pub(super) fn is_going_on(&self, now: Timestamp) -> bool {
        match self.progress {
            None => now.duration_since(self.created) < TAKES,
            Some(Progress::Going) => true,
            Some(Progress::Successful | Progress::Failed(_) | Progress::Cancelled) => false,
        }
    }

    pub(super) fn told(&self, now: Timestamp) -> Value {
        let errors = match &self.progress {
            Some(Progress::Failed(issues)) => issues.iter().map(Issue::of_update).collect(),
            _ => Vec::new(),
        };
        let status = match &self.progress {
            _ if self.is_going_on(now) => "InProgress",
            Some(Progress::Failed(_)) => "Failed",
            Some(Progress::Cancelled) => "Cancelled",
            _ => "Successful",
        };
        let parameters = self.parameters.iter().map(|(kind, value)| json!({ "type": kind, "value": value }));
        json!({
            "id": self.id,
            "status": status,
            "type": self.kind,
            "params": parameters.collect::<Vec<_>>(),
            "createdAt": seconds(self.created),
            "errors": errors,
        })
    }
}
