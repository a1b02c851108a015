//! What is kept of an identity provider of a cluster.

use std::collections::BTreeMap;

use aws_model::Arn;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Once, TAKES, Tags};
use crate::eks::call::tell;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::eks) struct IdentityProvider {
    /// `identityproviderconfig/CLUSTER/oidc/NAME/UUID`
    pub(in crate::eks) arn: Arn,
    pub(in crate::eks) created: Timestamp,
    pub(in crate::eks) oidc: Oidc,
    pub(in crate::eks) token: Option<Once>,
    pub(in crate::eks) tags: Tags,
}

/// Who issues the tokens, for whom, and who is meant by them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::eks) struct Oidc {
    pub(in crate::eks) issuer_url: String,
    pub(in crate::eks) client_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    username_claim: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    username_prefix: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    groups_claim: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    groups_prefix: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    required_claims: BTreeMap<String, String>,
}

impl IdentityProvider {
    /// The cluster's name and the provider's.
    pub(in crate::eks) fn names(&self) -> (&str, &str) {
        let mut names = self.arn.resource().split('/').skip(1);
        (names.next().unwrap_or_default(), names.nth(1).unwrap_or_default())
    }

    pub(in crate::eks) fn told(&self, now: Timestamp) -> Value {
        let (cluster, name) = self.names();
        let mut told = json!(self.oidc);
        tell(&mut told, "", "identityProviderConfigName", name);
        tell(&mut told, "", "identityProviderConfigArn", self.arn.as_str());
        tell(&mut told, "", "clusterName", cluster);
        tell(&mut told, "", "tags", json!(self.tags));
        let status = if now.duration_since(self.created) < TAKES { "CREATING" } else { "ACTIVE" };
        tell(&mut told, "", "status", status);
        told
    }
}
