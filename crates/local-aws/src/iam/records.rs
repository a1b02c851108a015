//! What is kept of each entity.

mod credentials;
pub(super) mod told;

use std::collections::{BTreeMap, BTreeSet};

use aws_model::Arn;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{documents::Trust, fault, password_policy::PasswordPolicy, tags::Tags};
use crate::ServiceError;

pub(super) use credentials::{
    CredentialReport, Credentials, EnabledMfa, LoginProfile, MfaDevice, PasswordProof, ServiceCredential,
};

/// What is kept of an account itself.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Account {
    /// Whether it was open until its first user or role was made.
    pub(super) closed: bool,
    pub(super) alias: Option<String>,
    /// The newest deletions of service-linked roles, the oldest first.
    pub(super) deletions: Vec<String>,
    /// Those of them that failed, with what used the role.
    pub(super) failed_deletions: BTreeMap<String, Vec<RoleUsage>>,
    pub(super) password_policy: Option<PasswordPolicy>,
}

/// What used a service-linked role in a region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RoleUsage {
    pub(super) region: String,
    /// ARNs.
    pub(super) resources: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Role {
    pub(super) arn: Arn,
    pub(super) id: String,
    pub(super) path: String,
    pub(super) name: String,
    pub(super) created: Timestamp,
    pub(super) description: Option<String>,
    /// Seconds.
    pub(super) max_session: i64,
    pub(super) trust: Trust,
    pub(super) carried: Carried,
    pub(super) tags: Tags,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct User {
    pub(super) arn: Arn,
    pub(super) id: String,
    pub(super) path: String,
    pub(super) name: String,
    pub(super) created: Timestamp,
    /// The secret of each follows from its id.
    pub(super) keys: Vec<AccessKey>,
    #[serde(default)]
    pub(super) credentials: Credentials,
    pub(super) carried: Carried,
    pub(super) tags: Tags,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AccessKey {
    pub(super) id: String,
    pub(super) active: bool,
    pub(super) created: Timestamp,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Group {
    pub(super) arn: Arn,
    pub(super) id: String,
    pub(super) path: String,
    pub(super) name: String,
    pub(super) created: Timestamp,
    /// The users in it: their names in lower case, and their ARNs.
    pub(super) members: BTreeMap<String, Arn>,
    pub(super) carried: Carried,
}

/// A managed policy of the account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ManagedPolicy {
    pub(super) arn: Arn,
    pub(super) id: String,
    pub(super) path: String,
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) versions: BTreeMap<u32, Version>,
    pub(super) default: u32,
    /// Numbers are not given twice.
    pub(super) next: u32,
    pub(super) tags: Tags,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Version {
    pub(super) document: String,
    pub(super) created: Timestamp,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct InstanceProfile {
    pub(super) arn: Arn,
    pub(super) id: String,
    pub(super) path: String,
    pub(super) name: String,
    pub(super) created: Timestamp,
    /// The name of its role.
    pub(super) role: Option<String>,
    pub(super) tags: Tags,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct OidcProvider {
    pub(super) arn: Arn,
    /// Without its scheme.
    pub(super) url: String,
    pub(super) created: Timestamp,
    pub(super) client_ids: Vec<String>,
    pub(super) thumbprints: Vec<String>,
    pub(super) tags: Tags,
}

/// The policies of a user, role or group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Carried {
    /// Documents by name.
    pub(super) inline: BTreeMap<String, String>,
    /// ARNs of managed ones.
    pub(super) attached: BTreeSet<String>,
    /// The ARN of the managed policy that is the permissions boundary; groups have none.
    pub(super) boundary: Option<String>,
}

impl ManagedPolicy {
    /// What the default version says.
    pub(super) fn default_document(&self) -> &str {
        self.versions.get(&self.default).map_or("", |version| &version.document)
    }

    pub(super) fn default_version(&self) -> String {
        format!("v{}", self.default)
    }
}

impl Role {
    /// Whether it is of a service, which alone changes it.
    pub(super) fn is_service_linked(&self) -> bool {
        self.path.starts_with("/aws-service-role/")
    }

    /// Refuses what only the service that a role is linked to may do.
    pub(super) fn must_be_modifiable(&self) -> Result<(), ServiceError> {
        if self.is_service_linked() { Err(fault::unmodifiable(&self.name)) } else { Ok(()) }
    }
}

impl Carried {
    /// Refuses to delete who still carries policies.
    pub(super) fn must_be_empty(&self) -> Result<(), ServiceError> {
        if !self.attached.is_empty() {
            return Err(fault::delete_conflict("Cannot delete entity, must detach all policies first."));
        }
        if !self.inline.is_empty() {
            return Err(fault::delete_conflict("Cannot delete entity, must delete policies first."));
        }
        Ok(())
    }

    /// The boundary as answers have it: what AWS answers is not the value that its model has for the type.
    pub(super) fn told_boundary(&self) -> Option<Value> {
        let arn = self.boundary.as_ref()?;
        Some(json!({ "PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn }))
    }
}
