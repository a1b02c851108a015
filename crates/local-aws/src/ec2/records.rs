//! What EC2 keeps, as rows have it.

mod fleet;
mod given;
mod image;
mod instance;
mod once;
mod spot;
mod template;
mod volume;

use std::collections::BTreeMap;

use aws_model::{AccountId, KeyArn, Region};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(super) use fleet::{Deletion, Fleet, FleetInstance, FleetKind, Target};
pub(super) use given::{Given, UserData};
pub(super) use image::{DeviceMapping, Image};
pub(super) use instance::{Instance, InstanceState, Profile, Reason, Stop, Termination};
pub(super) use once::Once;
pub(super) use spot::SpotRequest;
pub(super) use template::{LaunchTemplate, Version};
pub(super) use volume::{ATTACHING, Attachment, DataKey, GrantMade, Shared, Snapshot, Volume};

/// The tags that an account has put on something.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Tags {
    /// The account and the resource's id.
    pub(super) id: String,
    pub(super) owner: AccountId,
    pub(super) region: Region,
    pub(super) tags: BTreeMap<String, String>,
}

/// What an account has set for all of a region.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Settings {
    /// The account and the region.
    pub(super) id: String,
    pub(super) owner: AccountId,
    pub(super) region: Region,
    /// New volumes are encrypted, whoever makes them.
    pub(super) encrypts_by_default: bool,
    /// The key of encrypted volumes for which none is named, if not `aws/ebs`.
    pub(super) default_key: Option<KeyArn>,
}

impl Tags {
    pub(super) fn key(owner: AccountId, resource: &str) -> String {
        format!("{owner}/{resource}")
    }

    /// The id of what they are on.
    pub(super) fn resource(&self) -> &str {
        self.id.split_once('/').map_or(self.id.as_str(), |(_, resource)| resource)
    }
}

impl Settings {
    pub(super) fn key(owner: AccountId, region: &Region) -> String {
        format!("{owner}/{region}")
    }

    /// Those that nobody has changed.
    pub(super) fn of_new(owner: AccountId, region: &Region) -> Self {
        let id = Self::key(owner, region);
        Self { id, owner, region: region.clone(), encrypts_by_default: false, default_key: None }
    }
}

/// Tags as answers have them.
pub(super) fn tag_set(tags: &BTreeMap<String, String>) -> Value {
    tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect()
}
