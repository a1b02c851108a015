//! Launch templates.

use aws_model::{AccountId, Region};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Given, Once};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::ec2) struct LaunchTemplate {
    pub(in crate::ec2) id: String,
    pub(in crate::ec2) owner: AccountId,
    pub(in crate::ec2) region: Region,
    pub(in crate::ec2) name: String,
    pub(in crate::ec2) created: Timestamp,
    pub(in crate::ec2) created_by: String,
    pub(in crate::ec2) default: u64,
    pub(in crate::ec2) versions: Vec<Version>,
    /// What it was asked for with, where that had a client's token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::ec2) once: Option<Once>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::ec2) struct Version {
    pub(in crate::ec2) number: u64,
    pub(in crate::ec2) description: Option<String>,
    pub(in crate::ec2) created: Timestamp,
    pub(in crate::ec2) created_by: String,
    /// As it was given.
    pub(in crate::ec2) data: Given,
    /// What it was asked for with, where that had a client's token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::ec2) once: Option<Once>,
}

impl LaunchTemplate {
    pub(in crate::ec2) fn latest(&self) -> u64 {
        self.versions.iter().map(|version| version.number).max().unwrap_or_default()
    }

    /// The version of this number, or `$Latest`, or `$Default`.
    pub(in crate::ec2) fn version(&self, named: &str) -> Option<&Version> {
        let number = match named {
            "$Latest" => self.latest(),
            "$Default" => self.default,
            number => number.parse().ok()?,
        };
        self.versions.iter().find(|version| version.number == number)
    }
}
