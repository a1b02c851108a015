//! Images.

use aws_model::{AccountId, Region};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Once, Shared};
use crate::ServiceError;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::ec2) struct Image {
    pub(in crate::ec2) id: String,
    pub(in crate::ec2) owner: AccountId,
    pub(in crate::ec2) region: Region,
    pub(in crate::ec2) name: String,
    pub(in crate::ec2) description: Option<String>,
    pub(in crate::ec2) architecture: String,
    pub(in crate::ec2) root_device: String,
    pub(in crate::ec2) devices: Vec<DeviceMapping>,
    pub(in crate::ec2) created: Timestamp,
    pub(in crate::ec2) shared: Shared,
    /// The region and the id of the image that it is a copy of.
    pub(in crate::ec2) source: Option<(String, String)>,
    /// Why it did not come to be available.
    pub(in crate::ec2) failed: Option<String>,
    /// What it was copied with, where that had a client's token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::ec2) once: Option<Once>,
}

/// A volume that an instance of an image has.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::ec2) struct DeviceMapping {
    pub(in crate::ec2) device: String,
    pub(in crate::ec2) snapshot: Option<String>,
    /// In GiB.
    pub(in crate::ec2) size: i64,
    pub(in crate::ec2) kind: String,
    pub(in crate::ec2) iops: Option<i64>,
    pub(in crate::ec2) throughput: Option<i64>,
    pub(in crate::ec2) delete_on_termination: bool,
}

impl Image {
    /// That it can be launched from, and copied.
    pub(in crate::ec2) fn available(&self) -> Result<(), ServiceError> {
        let message = || format!("The image ID '{}' is not available", self.id);
        self.failed.as_ref().map_or(Ok(()), |_| Err(ServiceError::new("InvalidAMIID.Unavailable", message())))
    }

    /// Whether an account may launch from it.
    pub(in crate::ec2) fn is_for(&self, account: AccountId) -> bool {
        self.owner == account || self.shared.with(account)
    }
}
