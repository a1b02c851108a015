//! Groups and their instances.

use aws_model::{AccountId, Arn, Region};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Tags, Template};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::autoscaling) struct Group {
    pub(in crate::autoscaling) arn: Arn,
    pub(in crate::autoscaling) account: AccountId,
    pub(in crate::autoscaling) region: Region,
    pub(in crate::autoscaling) created: Timestamp,
    pub(in crate::autoscaling) template: Template,
    pub(in crate::autoscaling) least: i64,
    pub(in crate::autoscaling) most: i64,
    pub(in crate::autoscaling) desired: i64,
    pub(in crate::autoscaling) zones: Vec<String>,
    /// Those that were named; where none were, each zone's default one.
    pub(in crate::autoscaling) subnets: Vec<String>,
    /// The service-linked role that launches.
    pub(in crate::autoscaling) role: Arn,
    pub(in crate::autoscaling) settings: Settings,
    pub(in crate::autoscaling) tags: Tags,
    pub(in crate::autoscaling) members: Vec<Member>,
    pub(in crate::autoscaling) is_going: bool,
    /// Why it is to have another size, until something is done about it.
    pub(in crate::autoscaling) why: Option<String>,
    /// How many instances have been asked for: each by a token of its own, so that one is not launched twice.
    pub(in crate::autoscaling) asked: u64,
    /// How many unhealthy instances are still to be replaced.
    pub(in crate::autoscaling) replaces: usize,
    /// How often in a row a launch came to nothing.
    pub(in crate::autoscaling) failures: u32,
    /// When the next launch is tried.
    pub(in crate::autoscaling) retry: Option<Timestamp>,
    /// When something may have to be done for it.
    pub(in crate::autoscaling) look: Option<Timestamp>,
}

/// What is told as it was given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::autoscaling) struct Settings {
    pub(in crate::autoscaling) cooldown: i64,
    pub(in crate::autoscaling) health_check: String,
    pub(in crate::autoscaling) grace: i64,
    pub(in crate::autoscaling) termination: Vec<String>,
    pub(in crate::autoscaling) protects_new: bool,
    pub(in crate::autoscaling) rebalances: Option<bool>,
    pub(in crate::autoscaling) max_lifetime: Option<i64>,
    pub(in crate::autoscaling) context: Option<String>,
    pub(in crate::autoscaling) capacity_type: Option<String>,
    pub(in crate::autoscaling) warmup: Option<i64>,
}

/// An instance of a group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::autoscaling) struct Member {
    pub(in crate::autoscaling) id: String,
    pub(in crate::autoscaling) kind: String,
    pub(in crate::autoscaling) zone: String,
    pub(in crate::autoscaling) subnet: String,
    /// The launch template, and the number of its version.
    pub(in crate::autoscaling) template: (String, String, u64),
    pub(in crate::autoscaling) is_spot: bool,
    pub(in crate::autoscaling) weight: Option<i64>,
    pub(in crate::autoscaling) is_protected: bool,
    /// It is terminated because it is not as it should be.
    pub(in crate::autoscaling) is_unhealthy: bool,
    pub(in crate::autoscaling) launched: Timestamp,
    /// When it is pending, or terminating, no longer.
    pub(in crate::autoscaling) settles: Timestamp,
    pub(in crate::autoscaling) state: Lifecycle,
    /// The key of the activity that launches or terminates it.
    pub(in crate::autoscaling) activity: String,
}

/// Source: Amazon EC2 Auto Scaling User Guide, "Amazon EC2 Auto Scaling instance lifecycle".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::autoscaling) enum Lifecycle {
    Pending,
    InService,
    Terminating,
}

impl Lifecycle {
    pub(in crate::autoscaling) const fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::InService => "InService",
            Self::Terminating => "Terminating",
        }
    }
}

impl Member {
    /// How many units of capacity it is.
    pub(in crate::autoscaling) fn units(&self) -> i64 {
        self.weight.unwrap_or(1)
    }

    /// Whether it counts for the group's size.
    pub(in crate::autoscaling) fn counts(&self) -> bool {
        self.state != Lifecycle::Terminating
    }
}

impl Group {
    pub(in crate::autoscaling) fn name(&self) -> &str {
        self.arn.resource().split_once("autoScalingGroupName/").map_or("", |(_, name)| name)
    }

    /// The id in its ARN.
    pub(in crate::autoscaling) fn id(&self) -> &str {
        self.arn.resource().split(':').nth(1).unwrap_or_default()
    }

    /// How many units of capacity it has.
    pub(in crate::autoscaling) fn size(&self) -> i64 {
        self.members.iter().filter(|member| member.counts()).map(Member::units).sum()
    }

    /// Something is done for it at once, whatever came before.
    pub(in crate::autoscaling) fn look_at(&mut self, now: Timestamp) {
        self.look = Some(now);
        self.retry = None;
    }
}
