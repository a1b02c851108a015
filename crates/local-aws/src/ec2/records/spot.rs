//! Requests for Spot Instances.

use aws_model::{AccountId, Region};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Given;

/// How long a request is told of that is over. Assumed: no document says for how long.
const TOLD_FOR: SignedDuration = SignedDuration::from_hours(48);

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::ec2) struct SpotRequest {
    pub(in crate::ec2) id: String,
    pub(in crate::ec2) owner: AccountId,
    pub(in crate::ec2) region: Region,
    pub(in crate::ec2) client_token: Option<String>,
    pub(in crate::ec2) created: Timestamp,
    /// As it was asked for.
    pub(in crate::ec2) asked: Given,
    pub(in crate::ec2) price: Option<String>,
    pub(in crate::ec2) zone: String,
    pub(in crate::ec2) instance: String,
    pub(in crate::ec2) cancelled: Option<Timestamp>,
    /// When its instance was ended.
    pub(in crate::ec2) closed: Option<Timestamp>,
}

impl SpotRequest {
    /// When it is not told of any more.
    pub(in crate::ec2) fn forgotten(&self) -> Option<Timestamp> {
        self.closed?.checked_add(TOLD_FOR).ok()
    }
}
