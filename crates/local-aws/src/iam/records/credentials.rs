//! What users have to sign in with, beside access keys. No secret is kept: passwords by what proves them, seeds and
//! generated passwords by what they follow from.

use aws_model::Arn;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    ServiceError,
    iam::{fault, tags::Tags},
};

/// The credentials of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::iam) struct Credentials {
    pub(in crate::iam) login: Option<LoginProfile>,
    pub(in crate::iam) of_services: Vec<ServiceCredential>,
    pub(in crate::iam) mfa: Vec<EnabledMfa>,
}

impl Credentials {
    /// Refuses to delete a user who has some left.
    ///
    /// Source of the messages: issues of aws-nuke, Ansible and Terraform that quote the service.
    pub(in crate::iam) fn must_be_empty(&self) -> Result<(), ServiceError> {
        let left = [
            (self.login.is_some(), "must delete login profile first"),
            (!self.mfa.is_empty(), "must delete MFA device first"),
            (!self.of_services.is_empty(), "must remove referenced objects first"),
        ];
        match left.iter().find(|(is_left, _)| *is_left) {
            Some((_, what)) => Err(fault::delete_conflict(&format!("Cannot delete entity, {what}."))),
            None => Ok(()),
        }
    }
}

/// A password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::iam) struct LoginProfile {
    pub(in crate::iam) created: Timestamp,
    pub(in crate::iam) changed: Timestamp,
    pub(in crate::iam) reset_required: bool,
    /// That of the password, then those of the passwords before it, the newest first.
    pub(in crate::iam) proofs: Vec<PasswordProof>,
}

/// What tells a password from others, and not what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::iam) struct PasswordProof {
    pub(in crate::iam) salt: String,
    pub(in crate::iam) proof: String,
}

/// A user name and password for one service. The password follows from the id and the number of resets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::iam) struct ServiceCredential {
    pub(in crate::iam) id: String,
    pub(in crate::iam) service: String,
    pub(in crate::iam) user_name: String,
    pub(in crate::iam) active: bool,
    pub(in crate::iam) created: Timestamp,
    pub(in crate::iam) expires: Option<Timestamp>,
    pub(in crate::iam) resets: u32,
}

/// An MFA device that a user has, by its serial number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::iam) struct EnabledMfa {
    pub(in crate::iam) serial: String,
    pub(in crate::iam) since: Timestamp,
}

/// A virtual MFA device, whosever it is. Its seed follows from its id, which it has from nobody.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::iam) struct MfaDevice {
    pub(in crate::iam) arn: Arn,
    pub(in crate::iam) id: String,
    pub(in crate::iam) name: String,
    pub(in crate::iam) tags: Tags,
}

/// The account's credential report.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::iam) struct CredentialReport {
    pub(in crate::iam) generated: Timestamp,
    /// CSV.
    pub(in crate::iam) content: String,
}
