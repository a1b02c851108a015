//! What is kept of a managed node group.

use std::collections::BTreeMap;

use aws_model::Arn;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Once, Tags};
use crate::eks::call::{seconds, tell};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::eks) struct NodeGroup {
    /// `nodegroup/CLUSTER/NAME/UUID`
    pub(in crate::eks) arn: Arn,
    pub(in crate::eks) created: Timestamp,
    pub(in crate::eks) modified: Timestamp,
    pub(in crate::eks) stage: Stage,
    pub(in crate::eks) version: String,
    /// Of AWS's image; `None` where the launch template names one.
    pub(in crate::eks) release: Option<String>,
    pub(in crate::eks) ami_type: String,
    pub(in crate::eks) capacity_type: CapacityType,
    pub(in crate::eks) scaling: Scaling,
    /// `None` where the launch template names one.
    pub(in crate::eks) instance_types: Option<Vec<String>>,
    pub(in crate::eks) subnets: Vec<String>,
    pub(in crate::eks) role: Arn,
    pub(in crate::eks) labels: BTreeMap<String, String>,
    pub(in crate::eks) taints: Vec<Taint>,
    /// `None` where the launch template tells the volumes.
    pub(in crate::eks) disk_size: Option<i64>,
    pub(in crate::eks) remote: Option<RemoteAccess>,
    pub(in crate::eks) update: UpdateConfig,
    /// As it was given.
    pub(in crate::eks) repair: Option<Value>,
    /// The customer's launch template.
    pub(in crate::eks) template: Option<TemplateOf>,
    pub(in crate::eks) token: Option<Once>,
    pub(in crate::eks) tags: Tags,
}

/// What becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::eks) enum Stage {
    /// Its parts are made, and its first instances launched.
    Making,
    There,
    /// Its nodes are replaced by those of another version.
    Replacing(Replacement),
    /// It never came to be.
    Failed(Vec<Issue>),
    /// Its parts are deleted.
    Going,
    /// They could not be.
    Stuck(Vec<Issue>),
}

/// How far it is with new nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::eks) struct Replacement {
    /// The id of the update.
    pub(in crate::eks) update: String,
    pub(in crate::eks) begun: Timestamp,
    pub(in crate::eks) to: VersionOf,
    /// The number of the version of EKS's launch template, once the Auto Scaling group launches it.
    pub(in crate::eks) launches: Option<String>,
}

/// What nodes are of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::eks) struct VersionOf {
    pub(in crate::eks) version: String,
    pub(in crate::eks) release: Option<String>,
    pub(in crate::eks) template: Option<TemplateOf>,
}

impl VersionOf {
    /// The group with nodes of this.
    pub(in crate::eks) fn of(&self, group: NodeGroup) -> NodeGroup {
        let Self { version, release, template } = self.clone();
        NodeGroup { version, release, template, ..group }
    }
}

/// Source: Amazon EKS API Reference, "Issue".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::eks) struct Issue {
    pub(in crate::eks) code: String,
    pub(in crate::eks) message: String,
    pub(in crate::eks) resources: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(in crate::eks) enum CapacityType {
    OnDemand,
    Spot,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::eks) struct Scaling {
    pub(in crate::eks) min_size: i64,
    pub(in crate::eks) max_size: i64,
    pub(in crate::eks) desired_size: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::eks) struct Taint {
    #[serde(default)]
    pub(in crate::eks) key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::eks) value: Option<String>,
    #[serde(default)]
    pub(in crate::eks) effect: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::eks) struct RemoteAccess {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::eks) ec2_ssh_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::eks) source_security_groups: Option<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::eks) struct UpdateConfig {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::eks) max_unavailable: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::eks) max_unavailable_percentage: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::eks) update_strategy: Option<String>,
}

/// A launch template, and the number of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::eks) struct TemplateOf {
    pub(in crate::eks) id: String,
    pub(in crate::eks) name: String,
    pub(in crate::eks) version: String,
}

impl NodeGroup {
    /// The cluster's name, the group's, and the id of all that is its.
    pub(in crate::eks) fn names(&self) -> (&str, &str, &str) {
        let mut names = self.arn.resource().split('/').skip(1);
        let mut next = || names.next().unwrap_or_default();
        (next(), next(), next())
    }

    /// `eks-NAME-UUID`
    ///
    /// Source: Amazon EKS User Guide, "Simplify node lifecycle with managed node groups" (the group is one of Auto Scaling's; the
    /// name as users quote it).
    pub(in crate::eks) fn scaling_group(&self) -> String {
        let (_, name, id) = self.names();
        format!("eks-{name}-{id}")
    }

    /// `eks-UUID`, of the launch template and of the instance profile.
    pub(in crate::eks) fn part(&self) -> String {
        format!("eks-{}", self.names().2)
    }

    /// Whether something is to be done for it beside all calls.
    pub(in crate::eks) fn is_busy(&self) -> bool {
        matches!(self.stage, Stage::Making | Stage::Replacing(_) | Stage::Going)
    }

    /// As it is described; `issues` are those that its parts have now.
    pub(in crate::eks) fn told(&self, issues: &[Issue]) -> Value {
        let (cluster, name, id) = self.names();
        let (status, issues) = match &self.stage {
            Stage::Making => ("CREATING", issues),
            Stage::Replacing(_) => ("UPDATING", issues),
            Stage::There if issues.is_empty() => ("ACTIVE", issues),
            Stage::There => ("DEGRADED", issues),
            Stage::Failed(why) => ("CREATE_FAILED", why.as_slice()),
            Stage::Going => ("DELETING", issues),
            Stage::Stuck(why) => ("DELETE_FAILED", why.as_slice()),
        };
        let issues: Vec<Value> = issues.iter().map(Issue::told).collect();
        let mut told = json!({
            "nodegroupName": name,
            "nodegroupArn": self.arn,
            "clusterName": cluster,
            "version": self.version,
            "createdAt": seconds(self.created),
            "modifiedAt": seconds(self.modified),
            "status": status,
            "capacityType": self.capacity_type,
            "scalingConfig": self.scaling,
            "subnets": self.subnets,
            "amiType": self.ami_type,
            "nodeRole": self.role,
            "resources": { "autoScalingGroups": [{ "name": self.scaling_group() }] },
            "health": { "issues": issues },
            "updateConfig": self.update,
            "tags": self.tags,
        });
        let mut more =
            |name: &str, value: Option<Value>| value.into_iter().for_each(|value| tell(&mut told, "", name, value));
        more("releaseVersion", self.release.as_ref().map(|release| json!(release)));
        more("instanceTypes", self.instance_types.as_ref().map(|types| json!(types)));
        more("labels", (!self.labels.is_empty()).then(|| json!(self.labels)));
        more("taints", (!self.taints.is_empty()).then(|| json!(self.taints)));
        more("diskSize", self.disk_size.map(|size| json!(size)));
        more("remoteAccess", self.remote.as_ref().map(|remote| json!(remote)));
        more("nodeRepairConfig", self.repair.clone());
        more("launchTemplate", self.template.as_ref().map(|of| json!(of)));
        if self.remote.is_some() {
            let digits: String = id.chars().filter(|c| *c != '-').take(17).collect();
            tell(&mut told, "/resources", "remoteAccessSecurityGroup", format!("sg-{digits}"));
        }
        told
    }
}

impl Issue {
    /// As an update tells it.
    pub(in crate::eks) fn of_update(&self) -> Value {
        json!({ "errorCode": self.code, "errorMessage": self.message, "resourceIds": self.resources })
    }

    fn told(&self) -> Value {
        json!({ "code": self.code, "message": self.message, "resourceIds": self.resources })
    }
}
