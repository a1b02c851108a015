//! What has been done for a group.

use aws_model::Arn;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::autoscaling) struct Activity {
    pub(in crate::autoscaling) id: String,
    pub(in crate::autoscaling) group: Arn,
    /// What is done, without why it was not.
    pub(in crate::autoscaling) what: String,
    pub(in crate::autoscaling) cause: String,
    pub(in crate::autoscaling) begun: Timestamp,
    pub(in crate::autoscaling) ended: Option<Timestamp>,
    pub(in crate::autoscaling) status: Status,
    /// Why it was not done.
    pub(in crate::autoscaling) message: Option<String>,
    pub(in crate::autoscaling) subnet: Option<String>,
    pub(in crate::autoscaling) zone: Option<String>,
}

/// Source: Amazon EC2 Auto Scaling API Reference, "Activity" > `StatusCode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::autoscaling) enum Status {
    InProgress,
    Successful,
    /// It was not begun: EC2 refused.
    Failed,
    /// It was given up.
    Cancelled,
}

impl Status {
    pub(in crate::autoscaling) const fn name(self) -> &'static str {
        match self {
            Self::InProgress => "InProgress",
            Self::Successful => "Successful",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
        }
    }
}

impl Activity {
    pub(in crate::autoscaling) fn group_name(&self) -> &str {
        self.group.resource().split_once("autoScalingGroupName/").map_or("", |(_, name)| name)
    }

    /// Ends it.
    pub(in crate::autoscaling) fn end(&mut self, status: Status, message: Option<String>, now: Timestamp) {
        self.status = status;
        self.message = message;
        self.ended = Some(now);
    }
}
