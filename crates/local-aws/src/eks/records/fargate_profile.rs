//! What is kept of a Fargate profile.

use std::collections::BTreeMap;

use aws_model::Arn;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Once, TAKES, Tags};
use crate::eks::call::seconds;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::eks) struct FargateProfile {
    /// `fargateprofile/CLUSTER/NAME/UUID`
    pub(in crate::eks) arn: Arn,
    pub(in crate::eks) created: Timestamp,
    pub(in crate::eks) role: Arn,
    pub(in crate::eks) subnets: Vec<String>,
    pub(in crate::eks) selectors: Vec<Selector>,
    pub(in crate::eks) token: Option<Once>,
    pub(in crate::eks) tags: Tags,
}

/// Which pods run by a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::eks) struct Selector {
    #[serde(default)]
    pub(in crate::eks) namespace: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(in crate::eks) labels: BTreeMap<String, String>,
}

impl FargateProfile {
    /// The cluster's name and the profile's.
    pub(in crate::eks) fn names(&self) -> (&str, &str) {
        let mut names = self.arn.resource().split('/').skip(1);
        (names.next().unwrap_or_default(), names.next().unwrap_or_default())
    }

    pub(in crate::eks) fn told(&self, now: Timestamp) -> Value {
        let (cluster, name) = self.names();
        json!({
            "fargateProfileName": name,
            "fargateProfileArn": self.arn,
            "clusterName": cluster,
            "createdAt": seconds(self.created),
            "podExecutionRoleArn": self.role,
            "subnets": self.subnets,
            "selectors": self.selectors,
            "status": if now.duration_since(self.created) < TAKES { "CREATING" } else { "ACTIVE" },
            "tags": self.tags,
            "health": { "issues": [] },
        })
    }
}
