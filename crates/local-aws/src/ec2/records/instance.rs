//! Instances.

use aws_model::{AccountId, Arn, Region};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Once, UserData};
use crate::{ec2::stopping::TAKES, sqs::StateChange};

/// How long an instance that was terminated is told of.
///
/// Source: Amazon EC2 User Guide, "Terminate Amazon EC2 instances": it stays visible for a short while. It was about an
/// hour in the guide's former editions.
const TOLD_FOR: SignedDuration = SignedDuration::from_hours(1);

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::ec2) struct Instance {
    pub(in crate::ec2) id: String,
    pub(in crate::ec2) owner: AccountId,
    pub(in crate::ec2) region: Region,
    pub(in crate::ec2) reservation: String,
    pub(in crate::ec2) launch_index: i64,
    pub(in crate::ec2) client_token: Option<String>,
    /// What it was asked for with, where that had a client's token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::ec2) once: Option<Once>,
    pub(in crate::ec2) image: String,
    pub(in crate::ec2) architecture: String,
    pub(in crate::ec2) root_device: String,
    pub(in crate::ec2) kind: String,
    pub(in crate::ec2) zone: String,
    pub(in crate::ec2) subnet: String,
    pub(in crate::ec2) address: String,
    pub(in crate::ec2) interface: String,
    pub(in crate::ec2) groups: Vec<String>,
    pub(in crate::ec2) profile: Option<Profile>,
    pub(in crate::ec2) key_name: Option<String>,
    pub(in crate::ec2) is_spot: bool,
    /// The fleet that launched it.
    pub(in crate::ec2) fleet: Option<String>,
    /// The request for a Spot Instance that it is of.
    pub(in crate::ec2) spot_request: Option<String>,
    /// As it was given, with what was not.
    pub(in crate::ec2) metadata_options: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::ec2) user_data: Option<UserData>,
    /// The ids of the volumes that it was launched with, and that were attached to it since.
    pub(in crate::ec2) volumes: Vec<String>,
    pub(in crate::ec2) launched: Timestamp,
    /// Until then it is pending.
    pub(in crate::ec2) settles: Timestamp,
    /// Why it does not come to run.
    pub(in crate::ec2) fails: Option<Reason>,
    /// That it is stopped, or stopping.
    pub(in crate::ec2) stop: Option<Stop>,
    /// When it was started last, if it was stopped before.
    pub(in crate::ec2) started: Option<Timestamp>,
    pub(in crate::ec2) termination: Option<Termination>,
}

/// The instance profile that it was launched with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::ec2) struct Profile {
    pub(in crate::ec2) arn: Arn,
    pub(in crate::ec2) id: String,
}

/// Why an instance is in its state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::ec2) struct Reason {
    pub(in crate::ec2) code: String,
    pub(in crate::ec2) message: String,
    pub(in crate::ec2) transition: String,
}

impl Reason {
    /// EC2 ends it, for a fleet.
    ///
    /// Source: Amazon EC2 API Reference, "StateReason" (`Server.SpotInstanceTermination` and its like are of Spot's own); that
    /// a fleet's are told so is assumed.
    pub(in crate::ec2) fn of_service(now: Timestamp) -> Self {
        let of_user = Self::of_user(now);
        Self { transition: format!("Service initiated ({} GMT)", now.strftime("%Y-%m-%d %H:%M:%S")), ..of_user }
    }

    /// Who asked for it is the user.
    pub(in crate::ec2) fn of_user(now: Timestamp) -> Self {
        Self {
            code: "Client.UserInitiatedShutdown".to_owned(),
            message: "Client.UserInitiatedShutdown: User initiated shutdown".to_owned(),
            transition: format!("User initiated ({} GMT)", now.strftime("%Y-%m-%d %H:%M:%S")),
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::ec2) struct Stop {
    /// Until then it is stopping.
    pub(in crate::ec2) done: Timestamp,
    pub(in crate::ec2) reason: Reason,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::ec2) struct Termination {
    pub(in crate::ec2) asked: Timestamp,
    /// Until then it is shutting down.
    pub(in crate::ec2) done: Timestamp,
    pub(in crate::ec2) reason: Reason,
}

/// Source: Amazon EC2 API Reference, "InstanceState".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ec2) enum InstanceState {
    Pending,
    Running,
    ShuttingDown,
    Terminated,
    Stopping,
    Stopped,
}

impl InstanceState {
    pub(in crate::ec2) const fn code(self) -> u32 {
        match self {
            Self::Pending => 0,
            Self::Running => 16,
            Self::ShuttingDown => 32,
            Self::Terminated => 48,
            Self::Stopping => 64,
            Self::Stopped => 80,
        }
    }

    pub(in crate::ec2) const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::ShuttingDown => "shutting-down",
            Self::Terminated => "terminated",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
        }
    }
}

impl Instance {
    pub(in crate::ec2) fn state(&self, now: Timestamp) -> InstanceState {
        match (&self.termination, &self.fails, &self.stop) {
            (Some(termination), ..) if now >= termination.done => InstanceState::Terminated,
            (Some(_), ..) => InstanceState::ShuttingDown,
            (None, ..) if now < self.settles => InstanceState::Pending,
            (None, Some(_), _) => InstanceState::Terminated,
            (None, None, Some(stop)) if now >= stop.done => InstanceState::Stopped,
            (None, None, Some(_)) => InstanceState::Stopping,
            (None, None, None) => InstanceState::Running,
        }
    }

    /// Why it is in its state.
    pub(in crate::ec2) fn reason(&self, now: Timestamp) -> Option<&Reason> {
        match &self.termination {
            Some(termination) => Some(&termination.reason),
            None => {
                let stopped = self.stop.as_ref().map(|stop| &stop.reason);
                self.fails.as_ref().or(stopped).filter(|_| now >= self.settles)
            }
        }
    }

    /// Each state that it comes into, with the time.
    ///
    /// Source: Amazon EC2 User Guide, "Amazon EC2 instance state changes": one that is ended passes through `shutting-down`.
    pub(in crate::ec2) fn to_come(&self) -> Vec<StateChange> {
        use InstanceState::{Pending, Running, ShuttingDown, Stopped, Stopping, Terminated};
        let begun = (self.started.unwrap_or(self.launched), Pending);
        let ended = self.termination.as_ref().map(|of| [(of.asked, ShuttingDown), (of.done, Terminated)]);
        let settled = match (&self.fails, &self.stop) {
            (Some(_), _) => vec![(self.settles, ShuttingDown), (self.settles, Terminated)],
            // It was started, and KMS refused a volume.
            (None, Some(stop)) if stop.done == self.settles => vec![(stop.done, Stopped)],
            (None, Some(stop)) => {
                let asked = stop.done.checked_sub(TAKES).unwrap_or(stop.done);
                vec![(self.settles, Running), (asked, Stopping), (stop.done, Stopped)]
            }
            (None, None) => vec![(self.settles, Running)],
        };
        let settled = settled.into_iter().filter(|(at, _)| self.termination.as_ref().is_none_or(|of| *at <= of.asked));
        let all = [begun].into_iter().chain(settled).chain(ended.into_iter().flatten());
        let change = |(at, state): (Timestamp, InstanceState)| StateChange {
            at,
            account: self.owner,
            region: self.region.clone(),
            instance: self.id.clone(),
            state: state.name(),
        };
        all.map(change).collect()
    }

    /// When it is not told of any more.
    pub(in crate::ec2) fn forgotten(&self) -> Option<Timestamp> {
        let failed = self.fails.as_ref().map(|_| self.settles);
        let ended = self.termination.as_ref().map(|termination| termination.done).or(failed)?;
        ended.checked_add(TOLD_FOR).ok()
    }
}
